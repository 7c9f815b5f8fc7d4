"""Forecasts of series that nothing foretells."""

from __future__ import annotations

import numpy as np

from darebench.audit.findings import Finding, Severity
from darebench.audit.random_walk import measure_walk, series_of
from darebench.audit.task_tables import TaskTables


def low_signal(tables: TaskTables) -> list[Finding]:
    """Find forecasts of random walks, for which only timestamps are given."""
    found = []
    for target in tables.targets:
        walks = [measure_walk(values) for values in series_of(tables, target)]
        known = [walk for walk in walks if walk is not None]
        if known and np.mean([walk.is_random for walk in known]) > 0.5:
            changes = float(np.median([walk.changes for walk in known]))
            levels = float(np.median([walk.levels for walk in known]))
            message = (
                f"{target!r} moves like a random walk: a level goes with the one before it "
                f"({levels:.3f}), a change with none of the earlier ones ({changes:.2f} at most)"
            )
            found.append((changes, message))
    return [
        Finding(check="low_signal", severity=Severity.WARNING, figure=figure, message=message)
        for figure, message in found
    ]
