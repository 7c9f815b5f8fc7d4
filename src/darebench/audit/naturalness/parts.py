"""Find columns that are parts of a total which stands beside them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from darebench.audit.frames import is_numeric

MAX_COLUMNS = 40
MAX_ROWS = 500
EXACT = 1e-6
"""Error of an identity, as a share of the target's deviation."""


def is_part(frame: pd.DataFrame, name: str) -> bool:
    """Check whether a column is a total of other columns less the other parts.

    A total itself, whose parts all count once, is not one.
    """
    if not is_numeric(frame[name]):
        return False
    others = [c for c in frame.columns if c != name and is_numeric(frame[c])][:MAX_COLUMNS]
    rows = frame[[name, *others]].iloc[:MAX_ROWS].astype(float)
    rows = rows.replace([np.inf, -np.inf], np.nan).dropna()
    if len(others) < 2 or len(rows) < 2 * len(others) + 10:
        return False
    y, x = rows[name].to_numpy(), rows[others].to_numpy()
    x = np.column_stack([x, np.ones(len(x))])
    deviation = float(y.std())
    if deviation == 0:
        return False
    scale = np.maximum(np.abs(x).max(axis=0), 1e-12)
    weights, _, rank, _ = np.linalg.lstsq(x / scale, y, rcond=None)
    if rank < x.shape[1] or np.abs(x / scale @ weights - y).max() > EXACT * deviation:
        return False
    weights = (weights / scale)[:-1]
    used = weights[np.abs(weights) > EXACT]
    is_unit = bool(np.allclose(np.abs(used), 1.0, atol=1e-4))
    return is_unit and len(used) > 1 and bool((used < 0).any())
