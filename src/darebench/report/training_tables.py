"""Tables of models before and after training: the first run is what the others are measured by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from darebench.evals.summary import observations
from darebench.report.cells import UNKNOWN, Number, count, number, percent
from darebench.report.load import LoadedRun
from darebench.report.table import ReportTable
from darebench.scoring.aggregate import performance, summary
from darebench.types import Variant

HALVES = {
    "instructions (IF)": (Variant.IF,),
    "modelling (MM)": (Variant.MM,),
    "forecasts (XF, CF)": (Variant.XF, Variant.CF),
}
"""Column -> the variants that it is a mean of."""


def training_table(runs: Sequence[LoadedRun]) -> ReportTable:
    """Return each run's total score beside the first one's, and how well its models predict."""
    rows = []
    first = _mean(runs[0]) if runs else None
    for run in runs if len(runs) > 1 else ():
        total, skill = _mean(run), performance(observations(run.trajectories))
        times = _times(total / first if total is not None and first else None)
        rows.append((run.name, run.model, percent(total), times, percent(skill), _unscored(run)))
    return ReportTable(
        title="Before and after training",
        note="Percent. Score: the mean over all tasks of a run; times: as a multiple of the first "
        "run's. Performance: the mean score of modelling attempts whose prediction could be "
        "compared.",
        columns=("run", "model", "score", "times", "performance", "unscored"),
        rows=tuple(rows),
    )


def halves_table(runs: Sequence[LoadedRun]) -> ReportTable:
    """Return which kinds of tasks each run gained or lost on, against the first one."""
    rows = []
    for run in runs if len(runs) > 1 else ():
        cells = []
        for variants in HALVES.values():
            mean, first = _mean(run, variants), _mean(runs[0], variants)
            cells += [percent(mean), UNKNOWN if run is runs[0] else _change(mean, first)]
        rows.append((run.name, *cells, _unscored(run)))
    columns = [name for half in HALVES for name in (half, f"change of {half}")]
    return ReportTable(
        title="What training on some kinds of tasks does to the others",
        note="Percent: mean scores by kind of task, and their change from the first run.",
        columns=("run", *columns, "unscored"),
        rows=tuple(rows),
    )


def _mean(run: LoadedRun, variants: Sequence[Variant] = tuple(Variant)) -> float | None:
    return summary(observations(t for t in run.trajectories if t.variant in variants)).mean


def _change(mean: float | None, first: float | None) -> Number:
    return percent(None if mean is None or first is None else mean - first, "+.1f")


def _unscored(run: LoadedRun) -> Number:
    return count(sum(t.score is None for t in run.trajectories))


def _times(ratio: float | None) -> Number:
    shown = number(ratio, ".2f")
    return shown if ratio is None else replace(shown, text=f"{shown}x")
