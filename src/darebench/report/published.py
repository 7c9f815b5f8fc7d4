"""The scores that the paper published (arXiv 2602.24288): other tasks than any run's."""

from __future__ import annotations

from collections.abc import Sequence

from darebench.report.cells import number
from darebench.report.load import LoadedRun
from darebench.report.table import ReportTable
from darebench.types import Track

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
"""Rows of the paper's main table, in percent, by track."""


def published_table(runs: Sequence[LoadedRun]) -> ReportTable:
    """Return the published scores, whatever the runs are."""
    return ReportTable(
        title="Published scores, of other tasks",
        note="Percent, from the paper (arXiv 2602.24288), 5 turns of 200 s: other tasks and other "
        "references than those of the runs, for orientation only.",
        columns=("model", *Track),
        rows=tuple((name, *(number(score) for score in scores)) for name, *scores in PUBLISHED),
    )
