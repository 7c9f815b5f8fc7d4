"""Measure whether one feature alone gives a target: a copy, another unit, a code, a group."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from darebench.audit.frames import factorized, is_numeric, numeric, rank_correlation
from darebench.audit.task_tables import TaskTables
from darebench.types import Family

ALMOST = 0.995
"""Share of the rows, or of the variance, from which on a feature gives the target away."""
EXACT = 1 - 1e-6
MAX_ROWS = 20_000
MAX_BINS = 64


class Relation(NamedTuple):
    """How a feature gives a target away, and how well."""

    figure: float
    """Share of the rows, or of the variance, that the feature accounts for."""
    how: str
    """A verb phrase between the feature's name and the target's."""


class Leak(NamedTuple):
    """A feature that alone gives a target away."""

    feature: str
    target: str
    relation: Relation


def find_leaks(tables: TaskTables) -> list[Leak]:
    """Find features that alone give a target: copies, unit changes, codes, group identities."""
    found = []
    is_class = tables.family is Family.CLASS
    for target in tables.targets:
        known, asked = tables.train[target], tables.truth[target]
        if is_class:
            known, asked = _numbered_classes(known, asked)
        for name in tables.features:
            relation = relate(tables.train[name], known, tables.val[name], asked, is_class=is_class)
            if relation is not None:
                found.append(Leak(name, target, relation))
    return found


def _numbered_classes(*parts: pd.Series) -> list[pd.Series]:
    """Number classes from 0 in the order of their text."""
    codes, _ = factorized(pd.concat(parts, ignore_index=True).astype(str), sort=True)
    return [pd.Series(p) for p in np.split(codes, np.cumsum([len(part) for part in parts])[:-1])]


def relate(
    train_x: pd.Series,
    train_y: pd.Series,
    val_x: pd.Series,
    val_y: pd.Series,
    *,
    is_class: bool,
) -> Relation | None:
    """Return how a feature gives the target away; None if it does not.

    A rule that is learned from the training rows is judged on the validation rows, so a key with
    a value of its own for each row is not a leak.

    Args:
        train_x: The feature in the training rows.
        train_y: The target in the training rows; classes as numbers from 0.
        val_x: The feature in the validation rows.
        val_y: The target in the validation rows, numbered as in `train_y`.
        is_class: Whether the target is a class.
    """
    train_x, train_y = train_x.iloc[:MAX_ROWS], train_y.iloc[:MAX_ROWS]
    val_x, val_y = val_x.iloc[:MAX_ROWS], val_y.iloc[:MAX_ROWS]
    of_numbers = is_numeric(train_x) and is_numeric(val_x)
    if is_class:
        return _gives_class(train_x, train_y, val_x, val_y, of_numbers=of_numbers)
    train_y, val_y = numeric(train_y), numeric(val_y)
    if of_numbers:
        relation = _gives_number(train_x, train_y, val_x, val_y)
        if relation is not None:
            return relation
    return _group_gives_number(train_x, train_y, val_x, val_y)


def _gives_class(
    train_x: pd.Series, train_y: pd.Series, val_x: pd.Series, val_y: pd.Series, *, of_numbers: bool
) -> Relation | None:
    known, asked = train_y.to_numpy(), val_y.to_numpy()
    share = _mapped_accuracy(train_x, known, val_x, asked)
    how = "has values that each stand for one class of"
    if of_numbers and share < ALMOST and train_x.nunique() > MAX_BINS:
        edges = np.unique(np.nanquantile(train_x.astype(float), np.linspace(0, 1, MAX_BINS + 1)))
        binned = [pd.Series(np.searchsorted(edges, x.astype(float))) for x in (train_x, val_x)]
        share = _mapped_accuracy(binned[0], known, binned[1], asked)
        how = "has ranges that each stand for one class of"
    if share <= 0.98:
        return None
    trivial = float((asked == np.bincount(known).argmax()).mean())
    # The errors that remain must be few beside those of the commonest class.
    if share >= ALMOST or 1 - share <= 0.02 * (1 - trivial):
        return Relation(share, how) if trivial < ALMOST else None
    return None


def _mapped_accuracy(
    train_x: pd.Series, train_y: np.ndarray, val_x: pd.Series, val_y: np.ndarray
) -> float:
    """Return the share of rows that a map of each value to its commonest class gets right.

    The map is learned in training; of equally common classes it takes the last one.
    """
    codes, distinct = factorized(pd.concat([train_x, val_x], ignore_index=True))
    codes, asked = codes[: len(train_x)], codes[len(train_x) :]
    known = codes >= 0
    if len(np.unique(codes[known])) > known.sum() / 2 or not known.any():
        return 0.0
    n_classes = int(train_y.max()) + 1
    pairs, counts = np.unique(codes[known] * n_classes + train_y[known], return_counts=True)
    values, classes = np.divmod(pairs, n_classes)
    order = np.lexsort((classes, counts))
    best = np.full(len(distinct) + 1, -1)  # the last one is for values that are missing
    best[values[order]] = classes[order]
    return float((best[asked] == val_y).mean())


def _gives_number(
    train_x: pd.Series, train_y: pd.Series, val_x: pd.Series, val_y: pd.Series
) -> Relation | None:
    x = pd.concat([train_x, val_x]).to_numpy(float)
    y = pd.concat([train_y, val_y]).to_numpy(float)
    known = np.isfinite(x) & np.isfinite(y)
    x, y = x[known], y[known]
    if len(x) < 5 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return None
    if np.mean(np.isclose(x, y, rtol=1e-9, atol=0)) >= ALMOST:
        return Relation(1.0, "equals")
    linear = float(np.corrcoef(x, y)[0, 1] ** 2)
    if linear >= ALMOST:
        how = "is another unit of" if linear >= EXACT else "is nearly an affine copy of"
        return Relation(linear, how)
    if len(np.unique(y)) > 20:
        ranks = rank_correlation(x, y) ** 2
        if ranks >= 1 - 1e-4:
            return Relation(ranks, "is a monotone function of")
    return None


def _group_gives_number(
    train_x: pd.Series, train_y: pd.Series, val_x: pd.Series, val_y: pd.Series
) -> Relation | None:
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
    return Relation(float(explained), "names groups that each have one value of")
