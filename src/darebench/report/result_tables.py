"""The tables of the paper, for any set of runs: pure functions from attempts to rows of text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from darebench.evals.summary import observations
from darebench.report.load import LoadedRun
from darebench.scoring.aggregate import Summary, performance, summarise, summary
from darebench.types import Failure, Track


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTable:
    """A table of texts, ready to be rendered in any format."""

    title: str
    note: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


PUBLISHED = (
    ("gpt-4o", 32.88, 40.45, 20.28, 40.60, 35.54, 4.77),
    ("gpt-4.1", 55.82, 57.83, 52.17, 58.62, 40.78, 6.60),
    ("gpt-5", 69.81, 43.40, 57.24, 56.29, 36.83, 10.13),
    ("o4-mini", 67.56, 57.89, 53.62, 57.60, 42.29, 9.67),
    ("Claude Sonnet 3.7", 61.48, 61.03, 46.37, 63.20, 49.88, 13.70),
    ("Claude Sonnet 4", 16.21, 18.27, 15.21, 11.33, 4.80, 0.01),
    ("Qwen3-32B", 17.11, 30.71, 15.21, 35.86, 26.96, 0.00),
    ("Qwen3-4B", 3.60, 5.23, 0.72, 3.29, 6.97, 0.00),
)
"""Rows of the paper's main table (arXiv 2602.24288), in percent, for tasks other than a run's."""


def all_tables(runs: Sequence[LoadedRun]) -> list[ReportTable]:
    """Return every table of the given runs."""
    return [main_table(runs), failure_table(runs), effort_table(runs), strict_table(runs)]


def main_table(runs: Sequence[LoadedRun]) -> ReportTable:
    """Return the main table: the mean score of each track with its error, in percent."""
    rows = []
    for run in runs:
        columns = summarise(observations(run.trajectories))
        overall = summary(observations(run.trajectories))
        cells = [_percent(columns.get(name)) for name in Track]
        rows.append((run.name, *cells, _percent(overall), *_counts(run)))
    return ReportTable(
        title="Scores",
        note="Percent, with the standard error clustered by source dataset. Unscored attempts "
        "failed through no fault of the agent and are not in the means; missing ones have not "
        "been made.",
        columns=("run", *Track, "all", *_COUNTS),
        rows=tuple(rows),
    )


def track_table(run: LoadedRun) -> ReportTable:
    """Return the main table of one run, a row for each track."""
    seen = observations(run.trajectories)
    summaries = {**summarise(seen), "all": summary(seen)}
    rows = [
        (name, _percent(s), str(s.n), str(s.attempts), str(s.answered), str(s.unscored))
        for name, s in summaries.items()
    ]
    return ReportTable(
        title=run.name,
        note="Percent, with the standard error clustered by source dataset. Unscored attempts "
        "failed through no fault of the agent and are not in the means.",
        columns=("column", "score", "tasks", "attempts", "answered", "unscored"),
        rows=tuple(rows),
    )


def failure_table(runs: Sequence[LoadedRun]) -> ReportTable:
    """Return how many scored attempts failed in which way."""
    rows = []
    for run in runs:
        counts = Counter(t.failure for t in run.trajectories if t.score is not None)
        rows.append(
            (run.name, *(str(counts[f]) for f in Failure), str(counts[None]), *_counts(run))
        )
    return ReportTable(
        title="Failures",
        note="Scored attempts by what went wrong first.",
        columns=("run", *(f.replace("_", " ") for f in Failure), "none", *_COUNTS),
        rows=tuple(rows),
    )


def effort_table(runs: Sequence[LoadedRun]) -> ReportTable:
    """Return what an attempt used on average: calls, seconds and tokens."""
    rows = []
    for run in runs:
        n = max(1, len(run.trajectories))
        score = performance(observations(run.trajectories))
        rows.append(
            (
                run.name,
                f"{sum(len(t.calls) for t in run.trajectories) / n:.2f}",
                f"{sum(t.seconds for t in run.trajectories) / n:.1f}",
                f"{sum(t.tokens.input for t in run.trajectories) / n:.0f}",
                f"{sum(t.tokens.output for t in run.trajectories) / n:.0f}",
                "-" if score is None else f"{100 * score:.2f}",
                *_counts(run),
            )
        )
    return ReportTable(
        title="Effort",
        note="Means per attempt; performance is the mean score of modelling attempts with a usable "
        "prediction, in percent.",
        columns=(
            "run",
            "calls",
            "seconds",
            "input tokens",
            "output tokens",
            "performance",
            *_COUNTS,
        ),
        rows=tuple(rows),
    )


def strict_table(runs: Sequence[LoadedRun]) -> ReportTable:
    """Return the scores by the public release's rule."""
    rows = []
    for run in runs:
        scored = [t for t in run.trajectories if t.score is not None]
        cells = []
        for name in Track:
            strict = [t.strict_score or 0.0 for t in scored if t.track == name]
            cells.append(f"{100 * sum(strict) / len(strict):.2f}" if strict else "-")
        crashed = sum(t.strict_score is None for t in scored)
        rows.append((run.name, *cells, str(crashed), *_counts(run)))
    return ReportTable(
        title="By the public release's rule",
        note="Percent; attempts for which that rule has no answer count 0.",
        columns=("run", *Track, "no answer", *_COUNTS),
        rows=tuple(rows),
    )


_COUNTS = ("attempts", "unscored", "missing")


def _counts(run: LoadedRun) -> tuple[str, str, str]:
    unscored = sum(t.score is None for t in run.trajectories)
    return (
        str(len(run.trajectories)),
        str(unscored),
        str(run.expected - len(run.trajectories)),
    )


def _percent(of: Summary | None) -> str:
    if of is None or of.mean is None:
        return "-"
    error = f" ± {100 * of.stderr:.2f}" if of.stderr is not None else ""
    return f"{100 * of.mean:.2f}{error}"
