"""Does a series carry a signal at all? Prices of assets look like one and are a random walk."""

# pandas' indexing is typed as unions of everything that it can give.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false
# pyright: reportReturnType=false

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from darebench.audit.findings import Finding, Severity, TaskTables
from darebench.types import Family, Variant

MAX_SERIES = 20
MIN_LENGTH = 60
LONGEST_LAG = 370
STICKY = 0.97
"""Correlation of a level with the one before it, from which on a series may be a random walk."""
FORETOLD = 0.25
"""Correlation of changes that is a signal, however few they are."""


class Walk(NamedTuple):
    """What makes a series a random walk: levels that stick, changes that nothing foretells."""

    levels: float
    """Correlation of a level with the one before."""
    changes: float
    """Largest correlation of a change with one of the earlier ones."""
    chance: float
    """What the largest one would be for changes that are independent."""

    @property
    def is_random(self) -> bool:
        """Nothing but the last level is known of the next one."""
        return self.levels > STICKY and self.changes < min(self.chance, FORETOLD)


def low_signal(tables: TaskTables) -> list[Finding]:
    """Find forecasts of random walks, for which only timestamps are given."""
    if tables.family is not Family.TS or tables.variant is not Variant.CF:
        return []
    found = []
    for target in tables.targets:
        walks = [measure_walk(values) for values in _series(tables, target)]
        known = [walk for walk in walks if walk is not None]
        if known and np.mean([walk.is_random for walk in known]) > 0.5:
            changes = float(np.median([walk.changes for walk in known]))
            levels = float(np.median([walk.levels for walk in known]))
            message = (
                f"{target!r} moves like a random walk: a level goes with the one before it "
                f"({levels:.3f}), a change with none of the earlier ones ({changes:.2f} at most)"
            )
            found.append(
                Finding(
                    check="low_signal", severity=Severity.WARNING, figure=changes, message=message
                )
            )
    return found


def measure_walk(values: np.ndarray) -> Walk | None:
    """Measure one series in the order of time; None if it is too short or constant."""
    values = values[np.isfinite(values)]
    if len(values) < MIN_LENGTH or np.ptp(values) == 0:
        return None
    levels = np.log(values) if values.min() > 0 else values
    changes = np.diff(levels)
    if np.ptp(changes) == 0:
        return None
    # A few jumps would hide what the other changes have in common.
    low, high = np.quantile(changes, [0.01, 0.99])
    centred = np.clip(changes, low, high)
    centred = centred - centred.mean()
    n_lags = min(len(centred) // 4, LONGEST_LAG)
    size = 1 << (2 * len(centred) - 1).bit_length()
    power = np.abs(np.fft.rfft(centred, size)) ** 2
    correlations = np.fft.irfft(power, size)[1 : n_lags + 1]
    total = float(np.sum(centred**2))
    if total == 0:
        return None
    return Walk(
        levels=float(np.corrcoef(levels[:-1], levels[1:])[0, 1]),
        changes=float(np.abs(correlations / total).max()),
        chance=1.5 * float(np.sqrt(2 * np.log(2 * n_lags) / len(centred))),
    )


def _series(tables: TaskTables, target: str) -> list[np.ndarray]:
    """Cut the training rows into series, each in the order of time, the longest first."""
    rows, time = tables.train, tables.time_column
    if time is not None and time in rows:
        order = rows[time]
        if not pd.api.types.is_numeric_dtype(order):
            order = pd.to_datetime(
                order,
                errors="coerce",
                format=tables.time_format or "mixed",
                utc=True,
            )
        rows = rows.iloc[np.argsort(order.to_numpy(), kind="stable")]
    values = pd.to_numeric(rows[target], errors="coerce")
    if not tables.entities:
        return [values.to_numpy(float)]
    groups = values.groupby([rows[name] for name in tables.entities], sort=True, dropna=False)
    parts = [part.to_numpy(float) for _, part in groups]
    return sorted(parts, key=len, reverse=True)[:MAX_SERIES]
