"""Quick strong models, whose best score on a task is its reference: trees, a line, and their mean.

A leaf holds fewer rows where there are few, since boosting with twenty rows a leaf cannot split a
table of eighty. Classes are scored by macro F1, which the likeliest class of each row serves badly
where some are rare: the same probabilities also answer with classes weighted by their rarity.
"""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, RidgeCV

from darebench.audit.encode import standardised

ALPHAS = (0.1, 10.0)
STEPS = 200
"""Iterations of the logistic regression, converged or not."""
RARITY = (0.5, 1.0)
"""Powers of a class's share that its probability is divided by."""
TREES = 40
MAX_TREE_ROWS = 2_500
"""Rows that extra trees learn from: fully grown ones cost the most."""


def predict_classes(x_train: np.ndarray, y: np.ndarray, x_val: np.ndarray) -> list[np.ndarray]:
    """Predict classes with boosted trees, extra trees, their mean with a line, and the line last.

    Args:
        x_train: Array of shape (n_train, n_columns); NaN where a value is missing.
        y: Class numbers, shape (n_train,); two or more classes occur.
        x_val: Array of shape (n_val, n_columns).
    """
    classes, counts = np.unique(y, return_counts=True)
    boosted = HistGradientBoostingClassifier(
        max_iter=max(10, min(60, 240 // len(classes))),
        max_leaf_nodes=15,
        min_samples_leaf=_leaf(len(y)),
        early_stopping=False,  # pyright: ignore[reportArgumentType] -- typed by its default, "auto"
        random_state=0,
    )
    a, b = standardised(x_train, x_val)
    few = _few(len(y))
    extra = ExtraTreesClassifier(TREES, min_samples_leaf=1 if len(few) < 500 else 2, random_state=0)
    line = LogisticRegression(max_iter=STEPS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        straight = line.fit(a, y).predict_proba(b)
    trees = [boosted.fit(x_train, y).predict_proba(x_val), _all_classes(extra, a, y, few, b)]
    mean = (trees[0] + trees[1] + straight) / 3
    weighted = [
        shares / (counts / len(y)) ** power for power in RARITY for shares in (mean, straight)
    ]
    return [classes[shares.argmax(axis=1)] for shares in (*trees, mean, *weighted, straight)]


def _all_classes(
    model: ExtraTreesClassifier, x: np.ndarray, y: np.ndarray, few: np.ndarray, asked: np.ndarray
) -> np.ndarray:
    """Learn from few rows; return the probabilities of all classes, which these may lack."""
    classes = np.unique(y)
    found = np.zeros((len(asked), len(classes)))
    model.fit(x[few], y[few])
    found[:, np.searchsorted(classes, model.classes_)] = model.predict_proba(asked)
    return found


def predict_numbers(
    x_train: np.ndarray, y: np.ndarray, x_val: np.ndarray, *, series: bool
) -> list[np.ndarray]:
    """Predict numbers with boosted trees, extra trees, their mean with a line, and the line last.

    For series, trees also learn what a line leaves, because they cannot follow a trend. Elsewhere
    extra trees with larger leaves do as well: what is mostly noise wants them.

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
    else:
        extra.set_params(min_samples_leaf=int(np.clip(len(few) // 50, 3, 10)))
        smooth = extra.fit(a[few], y[few]).predict(b)
        guesses += [smooth, (smooth + straight) / 2]
    return [*guesses, np.mean([*guesses[:2], straight], axis=0), straight]


def _leaf(n_rows: int) -> int:
    """Return the fewest rows of a leaf of boosted trees."""
    return int(np.clip(n_rows // 40, 3, 20))


def _few(n_rows: int) -> np.ndarray:
    """Number the rows that extra trees learn from, spread evenly over all."""
    return np.unique(np.linspace(0, n_rows - 1, min(n_rows, MAX_TREE_ROWS)).astype(int))
