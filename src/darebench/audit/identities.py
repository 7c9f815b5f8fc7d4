"""Find features that together are a target: sums, differences, products and ratios.

Least squares on the numbers, and on their logarithms, is learned on training rows and judged on
validation rows; of features that determine a target only those are named that it cannot do without.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from darebench.audit.frames import is_numeric, numbers

MAX_ROWS = 4_000
MAX_TERMS = 100
MAX_MISSING = (0.0, 0.05, 0.3, 0.6)
"""Shares of missing cells up to which columns are tried together, one after the other."""
MIN_ROWS = 30


class Identity(NamedTuple):
    """Features that together give a target."""

    terms: tuple[str, ...]
    figure: float
    """R2 on the validation rows."""


def find_identity(
    train: pd.DataFrame,
    known: np.ndarray,
    val: pd.DataFrame,
    asked: np.ndarray,
    names: Sequence[str],
    least: float,
) -> Identity | None:
    """Find the features whose linear model gives a target; None if there are none.

    Args:
        train: Training rows.
        known: Their targets, shape (n_train,).
        val: Validation rows.
        asked: Their targets, shape (n_val,).
        names: Features; those that are not numbers are passed over.
        least: R2 on the validation rows from which on it is given.
    """
    able = [n for n in names if is_numeric(train[n]) and is_numeric(val[n])][:MAX_TERMS]
    if not able:
        return None
    a, b = (
        np.column_stack([numbers(rows[name]) for name in able])[:MAX_ROWS] for rows in (train, val)
    )
    for (x, y), (x_val, y_val) in _scales((a, known[:MAX_ROWS]), (b, asked[:MAX_ROWS])):
        for kept in _complete(x, x_val):
            found = _explain(x[:, kept], y, x_val[:, kept], y_val, least)
            if found is not None:
                terms, figure = found
                chosen = np.flatnonzero(kept)[terms]
                return Identity(tuple(able[n] for n in chosen), figure)
    return None


Side = tuple[np.ndarray, np.ndarray]


def _scales(past: Side, asked: Side) -> Iterator[tuple[Side, Side]]:
    """Yield features and target as they are and as logarithms, each beside each."""
    positive = np.nanmin(np.where(np.isfinite(past[0]), past[0], np.inf), axis=0) > 0
    features = [past[0], asked[0]]
    logs = [np.where(positive, _log(x), x) for x in features]
    yield past, asked
    if positive.any():
        yield (logs[0], past[1]), (logs[1], asked[1])
    if np.nanmin(np.append(past[1], 1.0)) > 0:
        targets = _log(past[1]), _log(asked[1])
        yield (features[0], targets[0]), (features[1], targets[1])
        if positive.any():
            yield (logs[0], targets[0]), (logs[1], targets[1])


def _log(values: np.ndarray) -> np.ndarray:
    return np.log(values, out=np.full(values.shape, np.nan), where=values > 0)


def _complete(x: np.ndarray, x_val: np.ndarray) -> Iterator[np.ndarray]:
    """Yield ever larger sets of columns, of which ever more cells are missing."""
    missing = np.maximum((~np.isfinite(x)).mean(axis=0), (~np.isfinite(x_val)).mean(axis=0))
    before = -1
    for most in MAX_MISSING:
        kept = missing <= most
        if kept.sum() > max(before, 0):
            before = int(kept.sum())
            yield kept


def _explain(
    x: np.ndarray, y: np.ndarray, x_val: np.ndarray, y_val: np.ndarray, least: float
) -> tuple[np.ndarray, float] | None:
    """Return the fewest columns of an identity, found by leaving out one at a time, and its R2."""
    rows = np.isfinite(x).all(axis=1) & np.isfinite(y)
    asked = np.isfinite(x_val).all(axis=1) & np.isfinite(y_val)
    x, y, x_val, y_val = x[rows], y[rows], x_val[asked], y_val[asked]
    if len(y) < MIN_ROWS or len(y_val) < MIN_ROWS // 2 or np.ptp(y) == 0:
        return None
    middle, scale = x.mean(axis=0), x.std(axis=0)
    varied = scale > 1e-12 * np.maximum(np.abs(middle), 1e-300)
    terms = np.flatnonzero(varied)
    x, x_val = ((part - middle)[:, varied] / scale[varied] for part in (x, x_val))
    fit = _Fit(x, y - y.mean(), x_val, y_val - y.mean())
    left = np.arange(len(terms))
    if len(left) > len(y) / 1.2:  # more columns than rows explain anything
        left = _pursue(x, y - y.mean(), len(y) // 3)
    figure, weights = fit.judge(left)
    if figure < least:
        return None
    # The weakest half goes as long as the rest is an identity; then the weakest one.
    for share in (0.5, 0.0):
        while len(left) > 1:
            order = np.argsort(np.abs(weights))
            fewer = np.sort(left[order[max(1, int(share * len(left))) :]])
            rest, their_weights = fit.judge(fewer)
            if rest < max(least, figure - (1 - least) / 2):
                break
            left, figure, weights = fewer, rest, their_weights
    return terms[left], figure


def _pursue(x: np.ndarray, y: np.ndarray, most: int) -> np.ndarray:
    """Choose columns one after the other, each the one that goes most with what is left of `y`."""
    chosen: list[int] = []
    rest = y
    while len(chosen) < most and (rest**2).sum() > 1e-9 * (y**2).sum():
        closeness = np.abs(x.T @ rest)
        closeness[chosen] = 0.0
        chosen.append(int(closeness.argmax()))
        weights, *_ = np.linalg.lstsq(x[:, chosen], y, rcond=None)
        rest = y - x[:, chosen] @ weights
    return np.sort(chosen)


class _Fit:
    """Least squares on any of some standardised columns, by their products, which are made once."""

    def __init__(self, x: np.ndarray, y: np.ndarray, x_val: np.ndarray, y_val: np.ndarray) -> None:
        self._products, self._sums = x.T @ x, x.T @ y
        self._x_val, self._y_val = x_val, y_val

    def judge(self, columns: np.ndarray) -> tuple[float, np.ndarray]:
        """Return R2 on the validation rows, and the weight of each column."""
        products = self._products[np.ix_(columns, columns)]
        weights, *_ = np.linalg.lstsq(products, self._sums[columns], rcond=1e-12)
        missed = ((self._y_val - self._x_val[:, columns] @ weights) ** 2).sum()
        spread = ((self._y_val - self._y_val.mean()) ** 2).sum()
        return (float(1 - missed / spread) if spread > 0 else 0.0), weights
