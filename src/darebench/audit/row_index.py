"""Measure what the neighbours of a row tell, where a feature only numbers the rows.

In a table that was sorted, or written down in time, such a number leads to the rows beside.
"""

from __future__ import annotations

import numpy as np

MOSTLY = 0.95
"""Share of the rows that must have a number of their own."""
FULL = 0.5
"""Share of the whole numbers between the lowest and the highest that must occur."""
TELLS = 0.3
"""What neighbours may tell of a target: R2, or the share of the trivial answer's errors."""
FEWEST_ROWS = 30


def numbers_rows(values: np.ndarray) -> bool:
    """Check whether an array of shape (n,) numbers rows: whole numbers, all different, few gaps."""
    if len(values) < FEWEST_ROWS or not np.isfinite(values).all():
        return False
    distinct = np.unique(values)
    span = float(distinct[-1] - distinct[0]) + 1
    is_whole = bool((distinct == np.round(distinct)).all())
    return is_whole and len(distinct) >= MOSTLY * len(values) and len(distinct) >= FULL * span


def neighbours_tell(
    x: np.ndarray, y: np.ndarray, asked: np.ndarray, truth: np.ndarray, *, is_class: bool
) -> float:
    """Return how well the training rows on both sides give a target: R2, or errors saved.

    Args:
        x: The numbers of the training rows, shape (n_train,).
        y: Their targets; classes as numbers from 0.
        asked: The numbers of the validation rows, shape (n_val,).
        truth: Their targets.
        is_class: Whether the target is a class.
    """
    order = np.argsort(x, kind="stable")
    x, y = x[order], y[order]
    after = np.searchsorted(x, asked).clip(0, len(x) - 1)
    before = (after - 1).clip(0, len(x) - 1)
    if is_class:
        nearer = np.where(np.abs(x[before] - asked) <= np.abs(x[after] - asked), before, after)
        missed = float((y[nearer] != truth).mean())
        trivial = float((truth != np.bincount(y.astype(int)).argmax()).mean())
    else:
        missed = float(((0.5 * (y[before] + y[after]) - truth) ** 2).mean())
        trivial = float(((y.mean() - truth) ** 2).mean())
    return 1 - missed / trivial if trivial > 0 else 0.0
