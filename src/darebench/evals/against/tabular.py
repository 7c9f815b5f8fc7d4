"""Labels and numbers of one target, predicted against true."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from darebench.evals.against.shape import (
    MOST_CLASSES,
    MOST_POINTS,
    MOST_ROWS,
    OTHERS,
    Labels,
    Numbers,
    Row,
)
from darebench.scoring.labels import Labels as Coded

Floats = NDArray[np.float64]
SEED = 0
"""Seed of the points that are sampled."""

_LARGEST = float(np.finfo(np.float64).max) / 2


def labels_against(coded: Coded, ids: list[str]) -> Labels:
    """Return the confusion matrix, and the rows that differ.

    Args:
        coded: The labels of both sides, shape (n,) each.
        ids: The keys of the rows, in the same order.
    """
    n_codes = len(coded.names)
    counts = np.bincount(coded.true, minlength=n_codes)
    order = sorted(range(n_codes), key=lambda code: (-counts[code], coded.names[code]))
    kept = order if len(order) <= MOST_CLASSES else order[: MOST_CLASSES - 1]
    place = np.full(n_codes, len(kept))
    place[kept] = np.arange(len(kept))
    size = len(kept) + (len(kept) < len(order))
    cells = np.bincount(place[coded.true] * size + place[coded.given], minlength=size * size)
    differing = np.flatnonzero(coded.true != coded.given)
    return Labels(
        classes=(*(coded.names[code] for code in kept), *[OTHERS][: size - len(kept)]),
        confusion=tuple(tuple(row) for row in cells.reshape(size, size).tolist()),
        n_grouped=len(order) - len(kept),
        differing=tuple(
            Row(
                id=ids[row],
                truth=coded.names[int(coded.true[row])],
                prediction=coded.names[int(coded.given[row])],
            )
            for row in differing[:MOST_ROWS]
        ),
    )


def numbers_against(truth: Floats, given: Floats, ids: list[str], *, exact: bool) -> Numbers:
    """Return predicted and true numbers with their residuals, sampled where they are many.

    Args:
        truth: The known true values, shape (n,).
        given: The values predicted for them.
        ids: The keys of the rows, in the same order.
        exact: Whether equal numbers are asked for, so that only others count as differing.
    """
    residual = given / 2 - truth / 2  # neither this nor the means overflow, whatever is predicted
    scale = float(np.abs(residual).max(initial=0.0)) or 1.0
    shares = residual / scale
    residual = np.clip(residual, -_LARGEST, _LARGEST) * 2
    absolute = np.abs(residual)
    n, rows = len(truth), np.arange(len(truth))
    if n > MOST_POINTS:
        rows = np.sort(np.random.default_rng(SEED).choice(n, MOST_POINTS, replace=False))
    counted = np.flatnonzero(~np.isclose(given, truth) if exact else absolute > 0)
    worst = counted[np.argsort(-absolute[counted], kind="stable")][:MOST_ROWS]
    return Numbers(
        ids=tuple(ids[row] for row in rows),
        truth=tuple(truth[rows].tolist()),
        prediction=tuple(given[rows].tolist()),
        residual=tuple(residual[rows].tolist()),
        seed=SEED if n > MOST_POINTS else None,
        mean_error=_doubled(float(np.mean(shares)) * scale),
        mean_absolute_error=_doubled(float(np.mean(np.abs(shares))) * scale),
        root_mean_square_error=_doubled(float(np.mean(shares**2)) ** 0.5 * scale),
        worst=tuple(
            Row(id=ids[row], truth=float(truth[row]), prediction=float(given[row])) for row in worst
        ),
    )


def _doubled(value: float) -> float:
    return 2 * min(max(value, -_LARGEST), _LARGEST)
