"""Validation sets in which a row or two decide the score."""

from __future__ import annotations

import numpy as np
import pandas as pd

from darebench.audit.findings import Finding, Severity
from darebench.audit.frames import numbers
from darebench.audit.task_tables import TaskTables
from darebench.types import Family

SMALL_STEP = 0.01
"""How much of the score one row may decide."""
FEWEST_ROWS = 30
"""Validation rows under which a score says little; from there to 100 the task is flagged."""


def validation_size(tables: TaskTables) -> list[Finding]:
    """Find validation sets so small that one row moves the score by more than a point."""
    n_rows = len(tables.truth)
    if n_rows == 0:
        return [_finding(1.0, "there is no validation row", Severity.DEFECT)]
    step = 1 / n_rows
    message = f"{n_rows} validation rows: one row moves the score by {100 * step:.1f} points"
    found = []
    if step > SMALL_STEP:
        severity = Severity.NOTE if n_rows >= FEWEST_ROWS else Severity.DEFECT
        found.append(_finding(step, message, severity))
    look = _rare_class if tables.family is Family.CLASS else _dominant_row
    return found + [finding for target in tables.targets for finding in look(tables.truth[target])]


def _rare_class(truth: pd.Series) -> list[Finding]:
    """Find a class of few rows: macro-F1 gives it the weight of any other class."""
    counts = truth.value_counts()
    n_rows = int(counts.iloc[-1])
    step = 1 / (len(counts) * n_rows)
    if step <= 5 * SMALL_STEP:
        return []
    message = (
        f"class {str(counts.index[-1])[:40]!r} of {truth.name!r} has {n_rows} validation "
        f"rows: one of them moves macro-F1 by {100 * step:.1f} points"
    )
    return [_finding(step, message, Severity.WARNING)]


def _dominant_row(truth: pd.Series) -> list[Finding]:
    """Find one far value that decides R2, which weighs squares."""
    values = numbers(truth)
    spread = (values - np.nanmean(values)) ** 2
    total = np.nansum(spread)
    share = float(np.nanmax(spread) / total) if total > 0 else 1.0
    if share <= 0.5:
        return []
    message = f"one validation row holds {share:.0%} of the variance of {truth.name!r}"
    severity = Severity.DEFECT if share > 0.9 else Severity.WARNING
    return [_finding(share, message, severity)]


def _finding(figure: float, message: str, severity: Severity) -> Finding:
    return Finding(check="validation_size", severity=severity, figure=figure, message=message)
