"""Quick strong models, whose best score on a task is its reference: trees of two kinds, and a line.

A leaf holds fewer rows where there are few, since boosting with twenty rows a leaf cannot split a
table of eighty.
"""

from __future__ import annotations

import numpy as np
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.linear_model import RidgeClassifier, RidgeCV

from darebench.audit.encode import standardised

ALPHAS = (0.1, 10.0)
TREES = 40
MAX_TREE_ROWS = 2_500
"""Rows that extra trees learn from: fully grown ones cost the most."""


def predict_classes(x_train: np.ndarray, y: np.ndarray, x_val: np.ndarray) -> list[np.ndarray]:
    """Predict classes with a boosted-tree, an extra-trees and a linear model, the line last.

    Args:
        x_train: Array of shape (n_train, n_columns); NaN where a value is missing.
        y: Class numbers, shape (n_train,); two or more classes occur.
        x_val: Array of shape (n_val, n_columns).
    """
    rounds = max(10, min(60, 240 // len(np.unique(y))))
    boosted = HistGradientBoostingClassifier(
        max_iter=rounds,
        max_leaf_nodes=15,
        min_samples_leaf=_leaf(len(y)),
        early_stopping=False,  # pyright: ignore[reportArgumentType] -- typed by its default, "auto"
        random_state=0,
    )
    a, b = standardised(x_train, x_val)
    few = _few(len(y))
    extra = ExtraTreesClassifier(TREES, min_samples_leaf=1 if len(few) < 500 else 2, random_state=0)
    return [
        np.asarray(boosted.fit(x_train, y).predict(x_val)),
        np.asarray(extra.fit(a[few], y[few]).predict(b)),
        np.asarray(RidgeClassifier().fit(a, y).predict(b)),
    ]


def predict_numbers(
    x_train: np.ndarray, y: np.ndarray, x_val: np.ndarray, *, series: bool
) -> list[np.ndarray]:
    """Predict numbers with a boosted-tree, an extra-trees and a linear model, the line last.

    For series, trees also learn what a line leaves, because they cannot follow a trend.

    Args:
        x_train: Array of shape (n_train, n_columns); NaN where a value is missing.
        y: Array of shape (n_train,).
        x_val: Array of shape (n_val, n_columns).
        series: Whether the validation rows are later than the training rows.
    """
    if x_train.shape[1] == 0:
        return []
    boosted = HistGradientBoostingRegressor(
        max_iter=60,
        max_leaf_nodes=15,
        min_samples_leaf=_leaf(len(y)),
        early_stopping=False,  # pyright: ignore[reportArgumentType] -- typed by its default, "auto"
        random_state=0,
    )
    a, b = standardised(x_train, x_val)
    few = _few(len(y))
    extra = ExtraTreesRegressor(
        TREES, min_samples_leaf=1 if len(few) < 500 else 2, max_features=0.6, random_state=0
    )
    line = RidgeCV(alphas=ALPHAS).fit(a, y)
    straight = line.predict(b)
    guesses = [boosted.fit(x_train, y).predict(x_val), extra.fit(a[few], y[few]).predict(b)]
    if series:
        rest = y - line.predict(a)
        guesses.append(straight + boosted.fit(x_train, rest).predict(x_val))
        guesses.append(straight + extra.fit(a[few], rest[few]).predict(b))
    return [*guesses, straight]


def _leaf(n_rows: int) -> int:
    """Return the fewest rows of a leaf of boosted trees."""
    return int(np.clip(n_rows // 40, 3, 20))


def _few(n_rows: int) -> np.ndarray:
    """Number the rows that extra trees learn from, spread evenly over all."""
    return np.unique(np.linspace(0, n_rows - 1, min(n_rows, MAX_TREE_ROWS)).astype(int))
