"""Means over repeats and tasks with their errors, paired comparisons, pass@k.

A task's score is the mean over its scored attempts; a track's is the mean over its tasks. Errors
treat the tasks of one source dataset as one cluster (`intervals`). Attempts that failed through our
fault have no score: they are left out of the mean and counted.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from darebench.scoring.intervals import Bounds, spread
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
    """Standard error of the mean, clustered; None below three clusters, and where all are alike."""
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
    clusters: int = 0
    """Source datasets of the tasks with a score."""
    interval: Bounds | None = None
    """95 % interval of the mean, in [0, 1]; None where `stderr` is, unless every task scored 0 or
    every task scored 1."""
    bootstrap: Bounds | None = None
    """95 % interval of the cluster bootstrap, from ten clusters on."""
    note: str | None = None
    """Why there is no error, or what the interval is if it is not the usual one."""


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
    clusters: int
    """Source datasets of these tasks."""
    bootstrap: Bounds | None
    """95 % interval of the cluster bootstrap, from ten clusters on."""
    note: str | None
    """Why there is no error."""


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
    errors = spread(list(means.values()), [cluster_of[t] for t in means])
    return Summary(
        mean=_mean(list(means.values())) if means else None,
        stderr=errors.stderr,
        n=len(means),
        answered=sum(o.answered and o.score is not None for o in observations),
        attempts=len(observations),
        unscored=sum(o.score is None for o in observations),
        run_to_run=_mean(repeated) if repeated else None,
        clusters=errors.clusters,
        interval=errors.interval,
        bootstrap=errors.bootstrap,
        note=errors.note,
    )


def compare(first: Sequence[Observation], second: Sequence[Observation]) -> Comparison:
    """Compare two runs task by task; repeats are averaged first.

    Raises:
        ValueError: The runs have no scored task in common.
    """
    a, b = task_means(first), task_means(second)
    shared = [task for task in a if task in b]
    if not shared:
        raise ValueError("the two runs have no scored task in common")
    differences = [a[task] - b[task] for task in shared]
    cluster_of = {o.task: o.cluster for o in first}
    clusters = [cluster_of[task] for task in shared]
    errors = spread(differences, clusters, bounded=False)
    difference = _mean(differences)
    low, high = errors.interval or (None, None)
    return Comparison(
        difference=difference,
        stderr=errors.stderr,
        low=low,
        high=high,
        p_value=_p_value(difference, errors.stderr, errors.clusters),
        n=len(shared),
        clusters=errors.clusters,
        bootstrap=errors.bootstrap,
        note=errors.note,
    )


def task_means(observations: Sequence[Observation]) -> dict[str, float]:
    """Return the mean score of each task that has one, in the order of the attempts."""
    return {task: _mean(scores) for task, scores in _by_task(observations).items()}


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


def as_json(summaries: Mapping[Track, Summary]) -> dict[str, dict[str, Any]]:
    """Return the documented JSON form: means, errors and ends of intervals are in [0, 1]."""
    return {
        name: {
            "mean": s.mean,
            "stderr": s.stderr,
            "n": s.n,
            "answered": s.answered,
            "attempts": s.attempts,
            "unscored": s.unscored,
            "clusters": s.clusters,
            "interval": s.interval and list(s.interval),
            "bootstrap": s.bootstrap and list(s.bootstrap),
            "note": s.note,
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


def _p_value(difference: float, error: float | None, n_clusters: int) -> float | None:
    if error is None:
        return None
    from scipy.special import stdtr

    return 2.0 * float(stdtr(n_clusters - 1, -abs(difference) / error))
