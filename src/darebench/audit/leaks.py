"""Measure whether features give a target away: one alone, or several that make it up.

One alone is a copy, another unit, a power or logarithm, a code, a group, a threshold of the target
or what the target is a threshold of; several are the terms of a sum, difference, product or ratio.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.tree import DecisionTreeClassifier

from darebench.audit.frames import factorized, is_numeric, numbers, numeric, rank_correlation
from darebench.audit.identities import find_identity
from darebench.audit.row_index import TELLS, neighbours_tell, numbers_rows
from darebench.audit.task_tables import TaskTables
from darebench.types import Family

ALMOST = 0.995
"""Share of the rows, or of the variance, from which on a feature gives the target away."""
EXACT = 1 - 1e-6
MAX_ROWS = 20_000
MAX_BINS = 64
MOST_CUT = 8
"""Classes, or levels of a feature, that are looked at as ranges of a number."""
FEWEST_CUT = 10
"""Rows beside the commonest class, of training and validation, that a threshold must tell."""
MOST_IDENTITIES = 4
MAX_EXPONENT = 300


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
    """Find features that give a target: copies, units, codes, groups, thresholds, terms of sums."""
    found = []
    is_class = tables.family is Family.CLASS
    for target in tables.targets:
        known, asked = tables.train[target], tables.truth[target]
        if is_class:
            known, asked = _numbered_classes(known, asked)
        alone = []
        for name in tables.features:
            relation = relate(tables.train[name], known, tables.val[name], asked, is_class=is_class)
            if relation is None and tables.family is not Family.TS:
                relation = _numbers_rows(tables, name, known, asked)
            if relation is not None:
                alone.append(Leak(name, target, relation))
        found += [*alone, *_terms(tables, target, {leak.feature for leak in alone})]
    return found


def _numbers_rows(
    tables: TaskTables, name: str, known: pd.Series, asked: pd.Series
) -> Relation | None:
    """Check whether a feature numbers rows whose neighbours tell the target."""
    if not (is_numeric(tables.train[name]) and is_numeric(tables.val[name])):
        return None
    x, x_val = numbers(tables.train[name]), numbers(tables.val[name])
    if not numbers_rows(np.concatenate([x, x_val])):
        return None
    y, truth = numbers(known), numbers(asked)
    rows, wanted = np.isfinite(y), np.isfinite(truth)
    is_class = tables.family is Family.CLASS
    figure = neighbours_tell(x[rows], y[rows], x_val[wanted], truth[wanted], is_class=is_class)
    return Relation(figure, "numbers rows whose neighbours tell") if figure >= TELLS else None


def _terms(tables: TaskTables, target: str, alone: set[str]) -> list[Leak]:
    """Find the terms of sums, differences, products and ratios that a number is."""
    if not is_numeric(tables.train[target]):
        return []
    known, asked = numbers(tables.train[target]), numbers(tables.truth[target])
    taken = {*alone, *tables.entities, tables.time_column}
    left = [name for name in tables.features if name not in taken]
    found: list[Leak] = []
    for _ in range(MOST_IDENTITIES):
        identity = find_identity(tables.train, known, tables.val, asked, left, ALMOST)
        if identity is None:
            break
        for name in identity.terms:
            others = [f"{other!r}" for other in identity.terms if other != name]
            beside = ", ".join(others[:3]) + (" ..." if others[3:] else "")
            how = f"with {beside} makes up" if beside else "makes up"
            found.append(Leak(name, target, Relation(identity.figure, how)))
        left = [name for name in left if name not in identity.terms]
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
        relation = _gives_class(train_x, train_y, val_x, val_y, of_numbers=of_numbers)
        if relation is None and of_numbers:
            share = _cut_accuracy(train_x, train_y.to_numpy(), val_x, val_y.to_numpy())
            relation = Relation(share, "has thresholds that tell") if share else None
        return relation
    train_y, val_y = numeric(train_y), numeric(val_y)
    if of_numbers:
        relation = _gives_number(train_x, train_y, val_x, val_y)
        if relation is not None:
            return relation
    return _group_gives_number(train_x, train_y, val_x, val_y) or _is_cut_of(
        train_x, train_y, val_x, val_y
    )


def _is_cut_of(
    train_x: pd.Series, train_y: pd.Series, val_x: pd.Series, val_y: pd.Series
) -> Relation | None:
    """Check whether a feature of few levels only says in which range a target lies."""
    if not 2 <= train_x.nunique() <= MOST_CUT:
        return None
    known, asked = train_x.notna().to_numpy(), val_x.notna().to_numpy()
    levels = _numbered_classes(train_x[known], val_x[asked])
    share = _cut_accuracy(train_y[known], levels[0].to_numpy(), val_y[asked], levels[1].to_numpy())
    return Relation(share, "is a range of") if share else None


def _cut_accuracy(
    train_x: pd.Series, train_y: np.ndarray, val_x: pd.Series, val_y: np.ndarray
) -> float:
    """Return the share of all rows that thresholds of one number get right; 0 for too few.

    There is one range for each class. They are learned from all rows: what a threshold is learned
    from may not come near it, and to part so many rows by chance is out of the question.
    """
    x, asked = numbers(train_x), numbers(val_x)
    known = np.isfinite(x)
    everywhere = np.concatenate([x[known], asked[np.isfinite(asked)]])[:, None]
    wanted = np.concatenate([train_y[known], val_y[np.isfinite(asked)]])
    classes, counts = np.unique(wanted, return_counts=True)
    rare = len(wanted) - counts.max(initial=0)
    if not 2 <= len(classes) <= MOST_CUT or rare < FEWEST_CUT or known.mean() < 0.9:
        return 0.0
    tree = DecisionTreeClassifier(max_leaf_nodes=len(classes), random_state=0)
    share = float((tree.fit(everywhere, wanted).predict(everywhere) == wanted).mean())
    trivial = float((wanted == classes[counts.argmax()]).mean())
    return share if share >= ALMOST and 1 - share <= 0.02 * (1 - trivial) else 0.0


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
    for how, shaped in _shapes(x):
        figure = float(np.corrcoef(shaped, y)[0, 1] ** 2)
        if figure >= ALMOST:
            return Relation(figure, f"gives by its {how}")
    if len(np.unique(y)) > 20:
        ranks = rank_correlation(x, y) ** 2
        if ranks >= 1 - 1e-4:
            return Relation(ranks, "is a monotone function of")
    return None


def _shapes(x: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Yield what people make of a number: its square, and of a positive one more."""
    shapes: dict[str, np.ufunc] = {"square": np.square}
    if x.max() < MAX_EXPONENT:
        shapes["exponential"] = np.exp
    if x.min() > 0:
        shapes |= {
            "logarithm": np.log,
            "root": np.sqrt,
            "reciprocal": np.reciprocal,
        }
    for how, shape in shapes.items():
        shaped = shape(x)
        if np.isfinite(shaped).all() and np.ptp(shaped) > 0:
            yield how, shaped


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
