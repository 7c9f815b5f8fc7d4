"""True values that are missing."""

from __future__ import annotations

import numpy as np

from darebench.audit.findings import Finding, Severity
from darebench.audit.frames import numeric
from darebench.audit.task_tables import TaskTables
from darebench.types import Family


def labels_blank(tables: TaskTables) -> list[Finding]:
    """Find true values that are missing, or are not numbers: no prediction of them can be right."""
    found = []
    for target in tables.targets:
        values = tables.truth[target]
        if tables.family is not Family.CLASS:
            values = numeric(values).replace([np.inf, -np.inf], np.nan)
        share = float(values.isna().mean())
        if share:
            message = f"{share:.1%} of the true values of {target!r} are blank or no numbers"
            found.append((share, message))
    return [
        Finding(check="labels_blank", severity=Severity.DEFECT, figure=share, message=message)
        for share, message in found
    ]
