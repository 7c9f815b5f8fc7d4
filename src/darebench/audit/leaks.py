"""Does one feature alone give the target: a copy, another unit, a code, a group that fixes it?"""

# pandas' indexing is typed as unions of everything that it can give.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false
# pyright: reportAssignmentType=false, reportGeneralTypeIssues=false, reportReturnType=false

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

ALMOST = 0.995
"""Share of the rows, or of the variance, from which on a feature gives the target away."""
EXACT = 1 - 1e-6
MAX_ROWS = 20_000
MAX_BINS = 64


class Sign(NamedTuple):
    """How a feature gives the target away, and how well."""

    figure: float
    how: str


def given_away(
    train_x: pd.Series,
    train_y: pd.Series,
    val_x: pd.Series,
    val_y: pd.Series,
    *,
    is_class: bool,
) -> Sign | None:
    """Tell how a feature gives the target away; None if it does not.

    A rule that is learned from the training rows is judged on the validation rows, so a key with
    a value of its own for each row is no sign.

    Args:
        train_x: The feature; `val_x` is its other rows.
        train_y: The target, of classes their numbers from 0; `val_y` is its other rows.
        val_x: See `train_x`.
        val_y: See `train_y`.
        is_class: The target is one of classes.
    """
    train_x, train_y = train_x.iloc[:MAX_ROWS], train_y.iloc[:MAX_ROWS]
    val_x, val_y = val_x.iloc[:MAX_ROWS], val_y.iloc[:MAX_ROWS]
    numeric = all(pd.api.types.is_numeric_dtype(x) for x in (train_x, val_x))
    if is_class:
        return _gives_class(train_x, train_y, val_x, val_y, numeric=numeric)
    train_y, val_y = (pd.to_numeric(y, errors="coerce") for y in (train_y, val_y))
    if numeric:
        sign = _gives_number(train_x, train_y, val_x, val_y)
        if sign is not None:
            return sign
    return _group_gives_number(train_x, train_y, val_x, val_y)


def _gives_class(
    train_x: pd.Series, train_y: pd.Series, val_x: pd.Series, val_y: pd.Series, *, numeric: bool
) -> Sign | None:
    known, asked = train_y.to_numpy(), val_y.to_numpy()
    share = _mapped_accuracy(train_x, known, val_x, asked)
    how = "has values that each stand for one class of"
    if numeric and share < ALMOST and train_x.nunique() > MAX_BINS:
        edges = np.unique(np.nanquantile(train_x.astype(float), np.linspace(0, 1, MAX_BINS + 1)))
        binned = [pd.Series(np.searchsorted(edges, x.astype(float))) for x in (train_x, val_x)]
        share = _mapped_accuracy(binned[0], known, binned[1], asked)
        how = "has ranges that each stand for one class of"
    if share <= 0.98:
        return None
    trivial = float((asked == np.bincount(known).argmax()).mean())
    # The errors that remain must be few beside those of the commonest class.
    if share >= ALMOST or 1 - share <= 0.02 * (1 - trivial):
        return Sign(share, how) if trivial < ALMOST else None
    return None


def _mapped_accuracy(
    train_x: pd.Series, train_y: np.ndarray, val_x: pd.Series, val_y: np.ndarray
) -> float:
    """Map each value to its commonest class in training; the share of rows that this gets right.

    Of equally common classes it is the last one.
    """
    codes, distinct = pd.factorize(pd.concat([train_x, val_x], ignore_index=True))
    codes, asked = codes[: len(train_x)], codes[len(train_x) :]
    told = codes >= 0
    if len(np.unique(codes[told])) > told.sum() / 2 or not told.any():
        return 0.0
    n_classes = int(train_y.max()) + 1
    pairs, counts = np.unique(codes[told] * n_classes + train_y[told], return_counts=True)
    values, classes = np.divmod(pairs, n_classes)
    order = np.lexsort((classes, counts))
    best = np.full(len(distinct) + 1, -1)  # the last one is for values that are missing
    best[values[order]] = classes[order]
    return float((best[asked] == val_y).mean())


def _gives_number(
    train_x: pd.Series, train_y: pd.Series, val_x: pd.Series, val_y: pd.Series
) -> Sign | None:
    x = pd.concat([train_x, val_x]).to_numpy(float)
    y = pd.concat([train_y, val_y]).to_numpy(float)
    known = np.isfinite(x) & np.isfinite(y)
    x, y = x[known], y[known]
    if len(x) < 5 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return None
    if np.mean(np.isclose(x, y, rtol=1e-9, atol=0)) >= ALMOST:
        return Sign(1.0, "equals")
    linear = float(np.corrcoef(x, y)[0, 1] ** 2)
    if linear >= ALMOST:
        how = "is another unit of" if linear >= EXACT else "is nearly an affine copy of"
        return Sign(linear, how)
    if len(np.unique(y)) > 20:
        ranks = float(pd.Series(x).corr(pd.Series(y), method="spearman") ** 2)
        if ranks >= 1 - 1e-4:
            return Sign(ranks, "is a monotone function of")
    return None


def _group_gives_number(
    train_x: pd.Series, train_y: pd.Series, val_x: pd.Series, val_y: pd.Series
) -> Sign | None:
    if train_x.nunique() > len(train_x) / 2:
        return None
    means = train_y.groupby(train_x.to_numpy()).mean()
    guessed = val_x.map(means).to_numpy(float)
    truth = val_y.to_numpy(float)
    known = np.isfinite(guessed) & np.isfinite(truth)
    if known.mean() < 0.9:
        return None
    total = np.sum((truth[known] - truth[known].mean()) ** 2)
    explained = 1 - np.sum((truth[known] - guessed[known]) ** 2) / total if total > 0 else 0.0
    if explained < ALMOST:
        return None
    return Sign(float(explained), "names groups that each have one value of")
