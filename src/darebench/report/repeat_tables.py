"""Tables of repeated attempts: pass@k, and how often a task is solved again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import fmean, stdev

from darebench.report.cells import Number, count, percent
from darebench.report.figures import ALL
from darebench.report.load import LoadedRun
from darebench.report.table import ReportTable
from darebench.rollouts.select import Thresholds, limits_of
from darebench.scoring.aggregate import pass_at_k
from darebench.types import Track, Trajectory

SOLVED = (
    "An attempt solves a task that is exact (IF), or scores at least 0.8 (class-MM), 0.7 (reg-MM), "
    "0.6 (XF), 0.3 (CF): the thresholds of rejection sampling."
)


def pass_at_k_table(runs: Sequence[LoadedRun]) -> ReportTable:
    """Return pass@k of each track, where tasks have several scored attempts."""
    most = max((len(s) for run in runs for s in _by_task(run.trajectories).values()), default=0)
    ks = [*dict.fromkeys([*(2**n for n in range(most.bit_length()) if 2**n < most), most])]
    rows = []
    for run in runs if most > 1 else ():
        for track, made in _by_track(run):
            scores = _by_task(made)
            cells = [_pass_at(k, scores) for k in ks]
            rows.append((run.name, track, count(len(scores)), *cells, _unscored(made)))
    return ReportTable(
        title="pass@k",
        note="Percent: the mean over tasks of the unbiased estimate of the chance that one of k "
        f"attempts solves the task, over tasks with k scored attempts or more. {SOLVED}",
        columns=("run", "track", "tasks", *(f"pass@{k}" for k in ks), "unscored"),
        rows=tuple(rows),
    )


def reliability_table(runs: Sequence[LoadedRun]) -> ReportTable:
    """Return how often tasks with several scored attempts are solved every time."""
    rows = []
    for run in runs:
        for track, made in _by_track(run):
            tasks = [s for s in _by_task(made).values() if len(s) > 1]
            if not tasks:
                continue
            shares = [fmean(solved for _, solved in scores) for scores in tasks]
            groups = [sum(s == 1.0 for s in shares), 0, sum(s == 0.0 for s in shares)]
            groups[1] = len(shares) - sum(groups)
            deviation = fmean(stdev(score for score, _ in scores) for scores in tasks)
            cells = (percent(n / len(shares)) for n in groups)
            rows.append(
                (run.name, track, count(len(tasks)), *cells, percent(deviation), _unscored(made))
            )
    return ReportTable(
        title="Reliability",
        note="Percent of the tasks with two scored attempts or more that are solved every time, "
        "some of the times, and never; and the mean over them of the standard deviation of the "
        f"scores of a task. {SOLVED}",
        columns=("run", "track", "tasks", "always", "sometimes", "never", "deviation", "unscored"),
        rows=tuple(rows),
    )


def _by_track(run: LoadedRun) -> Iterator[tuple[str, list[Trajectory]]]:
    for track in (*Track, ALL):
        if made := [t for t in run.trajectories if track in (t.track, ALL)]:
            yield str(track), made


def _by_task(made: Sequence[Trajectory]) -> dict[str, list[tuple[float, bool]]]:
    """Return for each task the score of each scored attempt, and whether it solves it."""
    found: dict[str, list[tuple[float, bool]]] = {}
    for t in made:
        if t.score is not None:
            limit, _ = limits_of(t.task, Thresholds())
            found.setdefault(t.task, []).append((t.score, t.score >= limit))
    return found


def _pass_at(k: int, scores: dict[str, list[tuple[float, bool]]]) -> Number:
    estimates = [
        pass_at_k(len(s), sum(solved for _, solved in s), k) for s in scores.values() if len(s) >= k
    ]
    return percent(fmean(estimates) if estimates else None)


def _unscored(made: Sequence[Trajectory]) -> Number:
    return count(sum(t.score is None for t in made))
