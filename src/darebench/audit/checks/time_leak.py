"""Training rows of a forecast from the time that is asked for."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from darebench.audit.findings import Finding, Severity
from darebench.audit.frames import factorized, is_numeric
from darebench.audit.task_tables import TaskTables
from darebench.scoring.instants import readable, readings


def time_leak(tables: TaskTables) -> list[Finding]:
    """Find training rows of a forecast that lie in the time that is asked for."""
    column = tables.time_column
    if column is None or column not in tables.val:
        return []
    instants = _instants(tables.train[column], tables.val[column], tables.time_format)
    if instants is None:
        return []
    past, asked = instants
    share = float((past >= asked.min()).mean())
    if share == 0:
        return []
    message = f"{share:.1%} of the training rows are not before the first time that is asked for"
    return [Finding(check="time_leak", severity=Severity.DEFECT, figure=share, message=message)]


def _instants(
    past: pd.Series, asked: pd.Series, hint: str | None
) -> tuple[np.ndarray, np.ndarray] | None:
    """Read both columns in the same way; None where they are not times."""
    if is_numeric(past) and is_numeric(asked):
        return past.to_numpy(float), asked.to_numpy(float)
    texts = pd.concat([past, asked]).astype(str).str.strip()
    codes, distinct = factorized(texts)
    reading = next(iter(readings(pa.array(distinct, pa.string()), hint)), None)
    if reading is None or readable(reading.wall).mean() < 0.9:
        return None
    instants = (reading.wall if reading.utc is None else reading.utc)[codes]
    return instants[: len(past)], instants[len(past) :]
