"""Every figure of a run, once: what all formats of a report show.

A figure is about all attempts of a run, about those at one track, or about those at one task.
`csv` has a row for each figure; `json` has an object for each of these groups; tables take from
them what they show. Percent are in [0, 100]; means of seconds, calls and tokens are per attempt.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from darebench.evals.effort import effort
from darebench.evals.summary import observations
from darebench.report.load import LoadedRun
from darebench.scoring.aggregate import Summary, performance, summary
from darebench.types import Failure, Track, Trajectory

ALL = "all"
"""What stands for a track where all of a run's attempts are meant."""
_DIGITS = 6
"""Decimals of a figure; what is beyond them is rounding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number of one group of attempts."""

    metric: str
    value: float | int | None
    """None where there is nothing to make it of."""
    unit: str
    """`percent`, `attempts`, `calls`, `seconds`, `tokens`."""
    low: float | None = None
    """Lower end of the 95 % interval, in the unit of the value."""
    high: float | None = None
    """Its upper end."""
    bootstrap_low: float | None = None
    """Lower end of the interval of the cluster bootstrap."""
    bootstrap_high: float | None = None
    note: str | None = None
    """Why there is no interval, or what it is if it is not the usual one."""

    @property
    def name(self) -> str:
        """The metric, with its unit where the metric does not say it."""
        return f"{self.metric}_percent" if self.unit == "percent" else self.metric


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Some attempts of a run, with their figures by metric."""

    run: str
    model: str
    track: str
    """A `Track`, or `ALL`."""
    task: str | None
    """The task, for the attempts at one task."""
    n_tasks: int
    """How many tasks are scored: what the mean score is a mean of."""
    n_clusters: int
    """How many source datasets these come from."""
    figures: dict[str, Figure]


def groups(run: LoadedRun) -> list[Group]:
    """Return the groups of a run: all attempts, then each track, then each task.

    A run without attempts has the first group alone.
    """
    tasks: dict[str, list[Trajectory]] = {}
    for t in run.trajectories:
        tasks.setdefault(t.task, []).append(t)
    of_tasks = (_group(run, ts[0].track, task, ts) for task, ts in tasks.items())
    *tracks, everything = by_track(run).values()
    return [everything, *tracks, *of_tasks]


def overall(run: LoadedRun) -> Group:
    """Return the figures of all attempts of a run."""
    return by_track(run)[ALL]


def by_track(run: LoadedRun) -> dict[str, Group]:
    """Return the figures of the tracks that a run has attempts at, and of all attempts, by name."""
    if not run.figures:
        everything = _group(run, ALL, None, run.trajectories)
        run.figures.update({group.track: group for group in (*_tracks(run), everything)})
    return run.figures


def _tracks(run: LoadedRun) -> Iterator[Group]:
    for track in Track:
        if chosen := [t for t in run.trajectories if t.track is track]:
            yield _group(run, track, None, chosen)


def score_figure(
    mean: float | None,
    interval: Sequence[float] | None,
    bootstrap: Sequence[float] | None,
    note: str | None,
) -> Figure:
    """Return a mean score, in [0, 1], as a figure in percent, with its two intervals."""
    low, high = interval or (None, None)
    bootstrap_low, bootstrap_high = bootstrap or (None, None)
    return Figure(
        metric="score",
        value=_percent(mean),
        unit="percent",
        low=_percent(low),
        high=_percent(high),
        bootstrap_low=_percent(bootstrap_low),
        bootstrap_high=_percent(bootstrap_high),
        note=note,
    )


def _group(run: LoadedRun, track: str, task: str | None, made: Sequence[Trajectory]) -> Group:
    seen = summary(observations(made))
    figures = [*_scores(made, seen), *_counts(run, track, made), *_failures(made), *_effort(made)]
    return Group(
        run=run.name,
        model=run.model,
        track=track,
        task=task,
        n_tasks=seen.n,
        n_clusters=seen.clusters,
        figures={figure.metric: figure for figure in figures},
    )


def _scores(made: Sequence[Trajectory], seen: Summary) -> Iterator[Figure]:
    yield score_figure(seen.mean, seen.interval, seen.bootstrap, seen.note)
    strict = [t.strict_score or 0.0 for t in made if t.score is not None]
    mean = sum(strict) / len(strict) if strict else None
    yield Figure(metric="strict_score", value=_percent(mean), unit="percent")
    yield Figure(
        metric="performance", value=_percent(performance(observations(made))), unit="percent"
    )
    yield Figure(metric="run_to_run", value=_percent(seen.run_to_run), unit="percent")


def _counts(run: LoadedRun, track: str, made: Sequence[Trajectory]) -> Iterator[Figure]:
    scored = [t for t in made if t.score is not None]
    counts = {
        "attempts": len(made),
        "answered": sum(t.answered for t in made),
        "unscored": len(made) - len(scored),
        "strict_no_answer": sum(t.strict_score is None for t in scored),
    }
    if track == ALL:
        counts |= {"expected": run.expected, "missing": run.missing}
    for metric, count in counts.items():
        yield Figure(metric=metric, value=count, unit="attempts")


def _failures(made: Sequence[Trajectory]) -> Iterator[Figure]:
    counts = Counter(t.failure for t in made if t.score is not None)
    for failure in (*Failure, None):
        yield Figure(metric=failure_metric(failure), value=counts[failure], unit="attempts")


def failure_metric(failure: Failure | None) -> str:
    """Return the name of the count of scored attempts with a class of failure, or with none."""
    return f"failed_{failure}" if failure else "not_failed"


def _effort(made: Sequence[Trajectory]) -> Iterator[Figure]:
    used = effort(made)
    timing = used.timing
    means = {
        "calls_per_attempt": (used.calls, "calls"),
        "seconds_per_attempt": (used.seconds, "seconds"),
        "model_seconds_per_attempt": (timing and timing.model, "seconds"),
        "tool_seconds_per_attempt": (timing and timing.tool, "seconds"),
        "queue_seconds_per_attempt": (timing and timing.queue, "seconds"),
        "input_tokens_per_attempt": (used.input_tokens, "tokens"),
        "output_tokens_per_attempt": (used.output_tokens, "tokens"),
    }
    for metric, (value, unit) in means.items():
        shown = None if value is None or not made else round(value, _DIGITS)
        yield Figure(metric=metric, value=shown, unit=unit)
    for status, share in used.statuses.items():
        shown = _percent(share) if used.calls else None
        yield Figure(metric=f"calls_{status}", value=shown, unit="percent")
    failed, recovered = used.with_failed_call, used.recovered
    yield Figure(metric="with_failed_call", value=failed, unit="attempts")
    yield Figure(metric="recovered", value=recovered, unit="attempts")


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100.0 * share, _DIGITS)
