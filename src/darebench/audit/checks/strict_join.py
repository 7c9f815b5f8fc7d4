"""Forecasts whose spelling of times the release's rule cannot join."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd

from darebench.audit.findings import Finding, Severity
from darebench.audit.frames import is_numeric, read_times
from darebench.scoring.strict import strict_scores
from darebench.types import Truth


def strict_join(truth: Truth) -> list[Finding]:
    """Find forecasts whose perfect answer the release's rule loses once its dates are parsed."""
    column = truth.time_column
    if column is None:
        return []
    rows = pd.read_csv(io.BytesIO(truth.csv))
    times = _parsed(rows[column], truth.time_format)
    if times is None:
        return []
    written = rows.assign(**{column: times}).to_csv(index=False).encode()
    strict = strict_scores(written, truth)
    if strict is not None and min(strict.values()) > 0.999:
        return []
    spelling = str(rows[column].iloc[0])
    figure = 0.0 if strict is None else float(np.mean(list(strict.values())))
    result = "crashes on" if strict is None else f"gives {figure:.2f} to"
    message = (
        f"times are spelled like {spelling[:40]!r}: the release's rule {result} a perfect forecast "
        "whose dates were parsed and written back"
    )
    return [Finding(check="strict_join", severity=Severity.WARNING, figure=figure, message=message)]


def _parsed(values: pd.Series, hint: str | None) -> pd.Series | None:
    """Parse times as a reader would; None where they are numbers that nobody would parse."""
    if is_numeric(values):
        if not hint or hint == "%Y":
            return None
        values = values.astype(str)
    for spelling in (hint or "mixed", "mixed"):
        times = read_times(values, spelling)
        if times.notna().all():
            return times
    return None
