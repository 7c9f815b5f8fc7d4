"""Measure whether a series carries a signal at all: prices of assets are random walks."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from darebench.audit.frames import is_numeric, numeric, read_times
from darebench.audit.task_tables import TaskTables

MAX_SERIES = 20
MIN_LENGTH = 60
LONGEST_LAG = 370
STICKY = 0.97
"""Correlation of a level with the one before it, from which on a series may be a random walk."""
FORETOLD = 0.25
"""Correlation of changes from which on there is a signal, however few changes there are."""

TELLS = 2.0
"""Standard deviations of a walk at the horizon, from which on its drift foretells it."""


class Autocorrelation(NamedTuple):
    """What makes a series a random walk: levels that stick, changes that nothing foretells."""

    levels: float
    """Correlation of a level with the one before."""
    changes: float
    """Largest correlation of a change with one of the earlier ones."""
    chance: float
    """What the largest one would be for changes that are independent."""
    drift: float
    """Mean change, in standard deviations of the changes."""

    @property
    def is_random(self) -> bool:
        """Whether the last level is all that is known of the next one."""
        return self.levels > STICKY and self.changes < min(self.chance, FORETOLD)


def measure_walk(values: np.ndarray) -> Autocorrelation | None:
    """Measure one series, an array of shape (n,) in the order of time.

    Returns:
        What its levels and changes have in common; None if it is too short or constant.
    """
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
    return Autocorrelation(
        levels=float(np.corrcoef(levels[:-1], levels[1:])[0, 1]),
        changes=float(np.abs(correlations / total).max()),
        chance=1.5 * float(np.sqrt(2 * np.log(2 * n_lags) / len(centred))),
        drift=float(changes.mean() / changes.std()),
    )


def series_of(tables: TaskTables, target: str) -> list[np.ndarray]:
    """Cut the training rows into series, each in the order of time, the longest first."""
    rows, time = tables.train, tables.time_column
    if time is not None and time in rows:
        order = rows[time]
        if not is_numeric(order):
            order = read_times(order, tables.time_format or "mixed", utc=True)
        rows = rows.iloc[np.argsort(order.to_numpy(), kind="stable")]
    values = numeric(rows[target])
    if not tables.entities:
        return [values.to_numpy(float)]
    groups = values.groupby([rows[name] for name in tables.entities], sort=True, dropna=False)
    parts = [part.to_numpy(float) for _, part in groups]
    return sorted(parts, key=len, reverse=True)[:MAX_SERIES]


def is_random_walk(tables: TaskTables, target: str) -> bool:
    """Check whether most series of a target move like random walks whose drift tells nothing.

    Over the horizon the drift of a walk that can be forecast goes further than its noise does.
    """
    horizon = pd.Index(tables.val.get(tables.time_column, tables.val.index)).nunique()
    walks = [measure_walk(values) for values in series_of(tables, target)]
    known = [w.is_random and abs(w.drift) * horizon**0.5 < TELLS for w in walks if w is not None]
    return bool(known) and float(np.mean(known)) > 0.5
