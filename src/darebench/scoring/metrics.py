"""The four metrics, with their edge cases (paper section 3).

Labels arrive as integer codes, numbers as finite floats; whoever calls has aligned the rows.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.int64]
Floats = NDArray[np.float64]


def exact_labels(y_true: Codes, y_pred: Codes) -> float:
    """Give 1.0 if every label is the reference's, else 0.0.

    >>> exact_labels(np.array([0, 1]), np.array([0, 1]))
    1.0
    >>> exact_labels(np.array([0, 1]), np.array([0, 0]))
    0.0
    """
    return float(np.array_equal(y_true, y_pred))


def close_numbers(y_true: Floats, y_pred: Floats) -> float:
    """Give 1.0 if |pred - true| <= 1e-8 + 1e-5 * |true| in every row, else 0.0.

    >>> close_numbers(np.array([1.0, 100.0]), np.array([1.0, 100.0005]))
    1.0
    >>> close_numbers(np.array([0.0]), np.array([1e-7]))
    0.0
    """
    return float(np.allclose(y_pred, y_true))


def f1_per_class(y_true: Codes, y_pred: Codes) -> dict[int, float]:
    """Give the F1 of every class that stands in either array: 2 TP / (2 TP + FP + FN).

    A class that is never predicted, or never true, has F1 0 and counts in the mean.

    >>> f1_per_class(np.array([0, 0, 1]), np.array([0, 2, 1]))
    {0: 0.6666666666666666, 1: 1.0, 2: 0.0}
    """
    size = int(max(y_true.max(), y_pred.max())) + 1
    true = np.bincount(y_true, minlength=size)
    predicted = np.bincount(y_pred, minlength=size)
    hits = np.bincount(y_true[y_true == y_pred], minlength=size)
    present = np.flatnonzero(true + predicted)
    return {int(c): float(2 * hits[c] / (true[c] + predicted[c])) for c in present}


def macro_f1(y_true: Codes, y_pred: Codes) -> float:
    """Average the classes' F1 without weights.

    >>> macro_f1(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 1]))
    1.0
    >>> macro_f1(np.array([0, 0, 0, 1]), np.array([0, 0, 0, 0])).__round__(4)
    0.4286
    """
    return float(np.mean(list(f1_per_class(y_true, y_pred).values())))


def r2(y_true: Floats, y_pred: Floats) -> float:
    """Give 1 - SS_res / SS_tot, negative when the mean would do better.

    A constant truth (one row is constant too) gives 1.0 for an exact prediction and 0.0 for any
    other one. A sum that overflows gives minus infinity.

    >>> r2(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 3.0]))
    1.0
    >>> r2(np.array([1.0, 2.0, 3.0]), np.array([2.0, 2.0, 2.0]))
    0.0
    >>> r2(np.array([5.0, 5.0]), np.array([5.0, 6.0]))
    0.0
    """
    with np.errstate(over="ignore", invalid="ignore"):
        residual = float(np.sum((y_true - y_pred) ** 2))
        total = float(np.sum((y_true - y_true.mean()) ** 2))
    if total == 0.0 or not np.isfinite(total):
        return 1.0 if residual == 0.0 else 0.0
    return 1.0 - residual / total if np.isfinite(residual) else -np.inf


def clipped_r2(y_true: Floats, y_pred: Floats) -> float:
    """Clip R2 to [0, 1].

    >>> clipped_r2(np.array([1.0, 2.0]), np.array([9.0, -9.0]))
    0.0
    """
    return min(1.0, max(0.0, r2(y_true, y_pred)))
