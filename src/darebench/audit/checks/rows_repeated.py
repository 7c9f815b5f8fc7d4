"""Validation rows that are training rows too."""

from __future__ import annotations

import numpy as np
import pandas as pd

from darebench.audit.findings import Finding, Severity
from darebench.audit.frames import is_numeric, row_hashes
from darebench.audit.task_tables import TaskTables

REPEATED_SHARE = 0.05
"""Share of the validation rows from which on repeats are a defect."""


def rows_repeated(tables: TaskTables) -> list[Finding]:
    """Find validation rows, answer included, that are in training word for word."""
    if not tables.features:
        return []
    columns = [*tables.features, *tables.targets]
    asked = pd.concat(
        [tables.val[list(tables.features)], tables.truth[list(tables.targets)]], axis=1
    )
    known = set(_hashes(tables.train[columns]))
    share = float(np.mean([value in known for value in _hashes(asked[columns])]))
    if share == 0:
        return []
    severity = Severity.DEFECT if share > REPEATED_SHARE else Severity.NOTE
    message = f"{share:.1%} of the validation rows stand word for word in training"
    return [Finding(check="rows_repeated", severity=severity, figure=share, message=message)]


def _hashes(frame: pd.DataFrame) -> list[int]:
    """Hash rows so that 1 and 1.0 are the same."""
    columns = (frame.iloc[:, position] for position in range(frame.shape[1]))
    values = [c.astype(float) if is_numeric(c) else c.astype(str) for c in columns]
    return row_hashes(values)
