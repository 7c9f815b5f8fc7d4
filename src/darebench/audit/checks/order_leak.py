"""Targets that follow the order of the rows."""

from __future__ import annotations

import numpy as np
import pandas as pd

from darebench.audit.findings import Finding, Severity
from darebench.audit.frames import correlation, factorized, numeric
from darebench.audit.task_tables import TaskTables
from darebench.types import Family

FEWEST_ROWS = 20


def order_leak(tables: TaskTables) -> list[Finding]:
    """Find targets that follow the order of the validation rows, which a split should shuffle."""
    if len(tables.truth) < FEWEST_ROWS:
        return []
    found = []
    for target in tables.targets:
        values = tables.truth[target]
        codes = (
            pd.Series(factorized(values, sort=True)[0])
            if tables.family is Family.CLASS
            else numeric(values).rank().reset_index(drop=True)
        )
        if codes.nunique() < 2:
            continue
        trend = correlation(codes, pd.Series(range(len(codes))))
        runs = correlation(codes.iloc[1:].reset_index(drop=True), codes.iloc[:-1])
        figure = max(abs(trend), abs(runs))
        if figure > 0.3 and figure * np.sqrt(len(codes)) > 5:
            message = f"target {target!r} follows the order of the rows (correlation {figure:.2f})"
            found.append((figure, message))
    return [
        Finding(check="order_leak", severity=Severity.DEFECT, figure=figure, message=message)
        for figure, message in found
    ]
