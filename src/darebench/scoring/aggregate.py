"""Means over repeats and tasks, clustered errors, paired comparisons, pass@k.

A task's score is the mean over its scored attempts; a track's is the mean over its tasks. The
standard error of a track's mean treats the tasks of one source dataset as one cluster:
sqrt(G / (G - 1) * sum over clusters of (sum of residuals)^2) / n, the usual cluster-robust error
with its small-sample factor (arXiv 2411.00640). Attempts that failed through our fault have no
score: they are left out of the mean and counted.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from darebench.types import Track, Variant


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What statistics need to know of one attempt."""

    task: str
    track: Track
    cluster: str
    score: float | None
    """In [0, 1]; None for an attempt that is unscored through our fault."""
    answered: bool = True
    """Whether it left a prediction that could be scored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The figures of a group of attempts."""

    mean: float | None
    """In [0, 1]; None if no task is scored."""
    stderr: float | None
    """Standard error of the mean, clustered; None with fewer than two clusters."""
    n: int
    """Tasks with a score."""
    answered: int
    """Attempts with a prediction that could be scored."""
    attempts: int
    """All attempts, unscored ones included."""
    unscored: int
    """Attempts without a score, through our fault."""
    run_to_run: float | None = None
    """Mean over tasks of the standard deviation between repeats; None without repeats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two runs on the tasks that both have scored: the first minus the second."""

    difference: float
    stderr: float | None
    low: float | None
    """Lower end of the 95 % interval."""
    high: float | None
    """Upper end of the 95 % interval."""
    p_value: float | None
    n: int
    """Number of tasks that both have scored."""


def summarise(observations: Iterable[Observation]) -> dict[Track, Summary]:
    """Summarise attempts by track, in the order of the main table; absent tracks are left out."""
    groups: dict[Track, list[Observation]] = defaultdict(list)
    for observation in observations:
        groups[observation.track].append(observation)
    return {name: summary(groups[name]) for name in Track if name in groups}


def summary(observations: Sequence[Observation]) -> Summary:
    """Summarise one group of attempts."""
    scores = _by_task(observations)
    means = {task: _mean(values) for task, values in scores.items()}
    cluster_of = {o.task: o.cluster for o in observations}
    repeated = [_deviation(values) for values in scores.values() if len(values) > 1]
    return Summary(
        mean=_mean(list(means.values())) if means else None,
        stderr=clustered_error(list(means.values()), [cluster_of[t] for t in means]),
        n=len(means),
        answered=sum(o.answered and o.score is not None for o in observations),
        attempts=len(observations),
        unscored=sum(o.score is None for o in observations),
        run_to_run=_mean(repeated) if repeated else None,
    )


def clustered_error(values: Sequence[float], clusters: Sequence[str]) -> float | None:
    """Return the cluster-robust standard error of the mean.

    Args:
        values: One value for each task.
        clusters: The source dataset of each task.

    Returns:
        The error, in the unit of the values; None with fewer than two clusters.
    """
    n_clusters = len(set(clusters))
    if n_clusters < 2:
        return None
    centre = _mean(values)
    residuals: dict[str, float] = defaultdict(float)
    for value, cluster in zip(values, clusters, strict=True):
        residuals[cluster] += value - centre
    squares = math.fsum(r * r for r in residuals.values())
    return math.sqrt(n_clusters / (n_clusters - 1) * squares) / len(values)


def compare(first: Sequence[Observation], second: Sequence[Observation]) -> Comparison:
    """Compare two runs task by task; repeats are averaged first.

    Raises:
        ValueError: The runs have no scored task in common.
    """
    a, b = _by_task(first), _by_task(second)
    shared = [task for task in a if task in b]
    if not shared:
        raise ValueError("the two runs have no scored task in common")
    differences = [_mean(a[task]) - _mean(b[task]) for task in shared]
    cluster_of = {o.task: o.cluster for o in first}
    clusters = [cluster_of[task] for task in shared]
    error = clustered_error(differences, clusters)
    difference = _mean(differences)
    low, high, p_value = _interval(difference, error, len(set(clusters)))
    return Comparison(
        difference=difference, stderr=error, low=low, high=high, p_value=p_value, n=len(shared)
    )


def pass_at_k(n: int, correct: int, k: int) -> float:
    """Estimate without bias the probability that at least one of `k` attempts is right.

    Args:
        n: Number of attempts that were made.
        correct: How many of them were right.
        k: Number of attempts to estimate for, at most `n`.

    Raises:
        ValueError: The estimate is not defined for these numbers.

    >>> pass_at_k(4, 2, 1)
    0.5
    >>> pass_at_k(4, 2, 3)
    1.0
    """
    if not 0 <= correct <= n or not 1 <= k <= n:
        raise ValueError(f"pass@{k} of {n} attempts with {correct} right ones is not defined")
    return 1.0 - math.comb(n - correct, k) / math.comb(n, k)


def performance(observations: Sequence[Observation]) -> float | None:
    """Return the mean score of modelling attempts with a usable prediction (paper section 6)."""
    scores = [
        o.score
        for o in observations
        if o.score is not None and o.answered and o.track.variant is not Variant.IF
    ]
    return _mean(scores) if scores else None


def as_json(summaries: Mapping[Track, Summary]) -> dict[str, dict[str, float | int | None]]:
    """Return the documented JSON form: `mean` and `stderr` are in [0, 1]."""
    return {
        name: {
            "mean": s.mean,
            "stderr": s.stderr,
            "n": s.n,
            "answered": s.answered,
            "attempts": s.attempts,
            "unscored": s.unscored,
        }
        for name, s in summaries.items()
    }


def _by_task(observations: Sequence[Observation]) -> dict[str, list[float]]:
    scores: dict[str, list[float]] = defaultdict(list)
    for o in observations:
        if o.score is not None:
            scores[o.task].append(o.score)
    return scores


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _deviation(values: Sequence[float]) -> float:
    centre = _mean(values)
    return math.sqrt(math.fsum((v - centre) ** 2 for v in values) / (len(values) - 1))


def _interval(
    difference: float, error: float | None, n_clusters: int
) -> tuple[float | None, float | None, float | None]:
    if not error:
        return None, None, None
    from scipy.special import stdtr, stdtrit

    freedom = n_clusters - 1
    width = float(stdtrit(freedom, 0.975)) * error
    p_value = 2.0 * float(stdtr(freedom, -abs(difference) / error))
    return difference - width, difference + width, p_value
