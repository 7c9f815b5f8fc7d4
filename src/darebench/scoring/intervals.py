"""How far a mean over tasks can be trusted, where the tasks of one source dataset go together.

Three answers for the same mean: a standard error, an interval from it, and a bootstrap beside it.
The formulas and where they come from are in docs/scoring.md.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

LEVEL = 0.95
"""Share of intervals that hold the true mean."""
MIN_CLUSTERS = 3
"""Fewest clusters that an error is given for: the spread of two says nothing."""
MIN_BOOTSTRAP = 10
"""Fewest clusters that are resampled: of less there are too few different resamples."""
RESAMPLES = 2_000
_BATCH = 1 << 22
"""Most values of resamples that are held at a time."""
_NOTHING = 1e-12
"""Errors of scores below this are rounding, so that the clusters do not differ."""

Bounds = tuple[float, float]
"""The lower and the upper end of an interval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """The errors of one mean; what cannot be said from so few or such equal clusters is None."""

    clusters: int
    stderr: float | None = None
    """Cluster-robust standard error."""
    interval: Bounds | None = None
    """95 % interval: t with clusters - 1 degrees of freedom, or exact where all scores are 0 or all
    are 1."""
    bootstrap: Bounds | None = None
    """95 % interval of the cluster bootstrap, from ten clusters on."""
    note: str | None = None
    """Why something is missing, or is not the usual one."""


def spread(values: Sequence[float], clusters: Sequence[str], *, bounded: bool = True) -> Spread:
    """Return the errors of the mean of some tasks' values.

    Args:
        values: One value for each task.
        clusters: The source dataset of each task.
        bounded: Whether the values are scores, which lie in [0, 1], and so does their mean.
    """
    n = len(set(clusters))
    if n < MIN_CLUSTERS:
        return Spread(
            clusters=n, note=f"no error: it takes {MIN_CLUSTERS} source datasets (here: {n})"
        )
    error = clustered_error(values, clusters)
    if error is None or error <= _NOTHING:
        return _without_spread(values, n, bounded=bounded)
    from scipy.special import stdtrit

    width = float(stdtrit(n - 1, (1 + LEVEL) / 2)) * error
    centre = math.fsum(values) / len(values)
    low, high = centre - width, centre + width
    return Spread(
        clusters=n,
        stderr=error,
        interval=(max(0.0, low), min(1.0, high)) if bounded else (low, high),
        bootstrap=_bootstrap(tuple(sorted(_totals(values, clusters))))
        if n >= MIN_BOOTSTRAP
        else None,
    )


def clustered_error(values: Sequence[float], clusters: Sequence[str]) -> float | None:
    """Return the cluster-robust standard error of the mean.

    Args:
        values: One value for each task.
        clusters: The source dataset of each task.

    Returns:
        The error, in the unit of the values; None with fewer than two clusters.
    """
    totals = _totals(values, clusters)
    if len(totals) < 2:
        return None
    centre = math.fsum(values) / len(values)
    squares = math.fsum((total - n * centre) ** 2 for total, n in totals)
    return math.sqrt(len(totals) / (len(totals) - 1) * squares) / len(values)


def _without_spread(values: Sequence[float], n: int, *, bounded: bool) -> Spread:
    """Return what is known where no cluster differs from another.

    If all of n clusters score 1, each does so with a probability of at least p, where p^n is
    (1 - LEVEL) / 2; the mean is at least p, since no score is negative.
    """
    if bounded and set(values) in ({0.0}, {1.0}):
        least = ((1 - LEVEL) / 2) ** (1 / n)
        full = values[0] == 1.0
        return Spread(
            clusters=n,
            interval=(least, 1.0) if full else (0.0, 1.0 - least),
            note=f"every task scored {values[0]:g}: the interval is the exact one for "
            f"{n if full else 0} successes among {n} source datasets",
        )
    return Spread(clusters=n, note=f"no error: the means of {n} source datasets are all alike")


@lru_cache(maxsize=256)
def _bootstrap(totals: tuple[tuple[float, int], ...]) -> Bounds:
    """Return the percentile interval of the mean over resampled clusters; always the same one."""
    from scipy.stats import bootstrap

    sums, sizes = np.array(totals).T

    def mean(total: np.ndarray, n: np.ndarray, axis: int) -> np.ndarray:
        return total.sum(axis=axis) / n.sum(axis=axis)

    found = bootstrap(
        (sums, sizes),
        mean,
        paired=True,
        vectorized=True,
        n_resamples=RESAMPLES,
        batch=max(1, _BATCH // len(totals)),
        confidence_level=LEVEL,
        method="percentile",
        rng=np.random.default_rng(0),
    ).confidence_interval
    return float(found.low), float(found.high)


def _totals(values: Sequence[float], clusters: Sequence[str]) -> list[tuple[float, int]]:
    """Return the sum of each cluster's values and how many it has."""
    members: dict[str, list[float]] = defaultdict(list)
    for value, cluster in zip(values, clusters, strict=True):
        members[cluster].append(value)
    return [(math.fsum(group), len(group)) for group in members.values()]
