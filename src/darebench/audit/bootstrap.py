"""Scores of answers in [0, 1], and how much they would vary if other rows had been drawn."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

DRAWS = 100
"""Bootstrap draws of a deviation."""


class Scored(NamedTuple):
    """A score, and the standard deviation of it over bootstrap draws of the rows."""

    score: float
    deviation: float


NOTHING = Scored(0.0, 0.0)


def score_numbers(truth: np.ndarray, guess: np.ndarray, *, in_order: bool = False) -> Scored:
    """Return the clipped R2 of a guess, and its deviation.

    Args:
        truth: Array of shape (n,), without missing values.
        guess: Array of shape (n,).
        in_order: Whether the rows follow each other in time: then blocks of them are drawn.
    """
    missed = (truth - guess) ** 2
    rows = _draw(len(truth), in_order=in_order)
    score = _clipped_r2(missed[None], truth[None])[0]
    return Scored(float(score), float(_clipped_r2(missed[rows], truth[rows]).std()))


def r2(truth: np.ndarray, guess: np.ndarray) -> float:
    """Return the clipped R2 of a guess, arrays of shape (n,)."""
    return float(_clipped_r2(((truth - guess) ** 2)[None], truth[None])[0])


def score_classes(truth: np.ndarray, guess: np.ndarray) -> Scored:
    """Return the macro F1 of a guess, and its deviation.

    Args:
        truth: Class numbers from 0, shape (n,).
        guess: Class numbers, shape (n,).
    """
    n_classes = int(max(truth.max(initial=0), guess.max(initial=0))) + 1
    cells, counts = np.unique(truth * n_classes + guess, return_counts=True)
    draws = np.random.default_rng(0).multinomial(len(truth), counts / counts.sum(), size=DRAWS)
    tables = np.zeros((DRAWS + 1, n_classes * n_classes))
    tables[0, cells] = counts
    tables[1:, cells] = draws
    scores = _macro_f1(tables.reshape(-1, n_classes, n_classes))
    return Scored(float(scores[0]), float(scores[1:].std()))


def gain_deviation(
    truth: np.ndarray, better: np.ndarray, worse: np.ndarray, *, is_class: bool, in_order: bool
) -> float:
    """Return the deviation of what one answer scores over another on the same drawn rows.

    Args:
        truth: Array of shape (n,): numbers, or class numbers from 0.
        better: An answer, shape (n,).
        worse: Another one, shape (n,).
        is_class: Whether macro F1 scores them, and not R2.
        in_order: Whether the rows follow each other in time: then blocks of them are drawn.
    """
    if not is_class:
        rows = _draw(len(truth), in_order=in_order)
        scores = [_clipped_r2(((truth - g) ** 2)[rows], truth[rows]) for g in (better, worse)]
        return float((scores[0] - scores[1]).std())
    n_classes = 1 + int(max(values.max(initial=0) for values in (truth, better, worse)))
    cells, counts = np.unique(np.stack([truth, better, worse]), axis=1, return_counts=True)
    draws = np.random.default_rng(0).multinomial(len(truth), counts / counts.sum(), size=DRAWS)
    scores = []
    for guess in cells[1:]:
        tables = np.zeros((n_classes * n_classes, DRAWS))
        np.add.at(tables, cells[0] * n_classes + guess, draws.T)
        scores.append(_macro_f1(tables.T.reshape(-1, n_classes, n_classes)))
    return float((scores[0] - scores[1]).std())


def number_classes(*parts: pd.Series) -> list[np.ndarray]:
    """Number the classes of several columns alike, from 0 in the order of their text."""
    texts = [part.astype(str).to_numpy() for part in parts]
    _, codes = np.unique(np.concatenate(texts), return_inverse=True)
    return np.split(codes, np.cumsum([len(text) for text in texts])[:-1])


def _macro_f1(tables: np.ndarray) -> np.ndarray:
    """Average the F1 of the classes that occur, as scikit-learn does; (k, c, c) gives (k,)."""
    hits = np.diagonal(tables, axis1=1, axis2=2)
    either = tables.sum(axis=1) + tables.sum(axis=2)
    present = either > 0
    f1 = np.divide(2 * hits, either, out=np.zeros_like(hits), where=present)
    return f1.sum(axis=1) / np.maximum(present.sum(axis=1), 1)


def _clipped_r2(missed: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return R2 in [0, 1] of each row of squared errors and true values, shape (k, n) each."""
    spread = ((truth - truth.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
    ratio = np.divide(missed.sum(axis=1), spread, out=np.ones(len(spread)), where=spread > 0)
    return np.clip(1 - ratio, 0.0, 1.0)


def _draw(n_rows: int, *, in_order: bool) -> np.ndarray:
    """Draw row numbers with replacement, of shape (DRAWS, n_rows): singly, or in blocks."""
    rng = np.random.default_rng(0)
    if not in_order:
        return rng.integers(0, n_rows, (DRAWS, n_rows))
    length = max(1, round(n_rows**0.5))
    starts = rng.integers(0, n_rows, (DRAWS, -(-n_rows // length)))
    rows = (starts[:, :, None] + np.arange(length)) % n_rows
    return rows.reshape(DRAWS, -1)[:, :n_rows]
