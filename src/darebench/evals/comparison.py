"""Compare runs task by task: paired differences with clustered errors, flips, what is not alike.

Repeats of a task are averaged first, and only tasks count that both runs have scored. A difference
is the first run's score minus the second's, in [0, 1].
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from darebench.errors import ConfigError
from darebench.evals.comparison_frame import columns_frame, comparison_html, tasks_frame
from darebench.evals.summary import observations
from darebench.scoring.aggregate import compare, task_means
from darebench.scoring.intervals import Bounds
from darebench.types import Track, Trajectory, Variant

if TYPE_CHECKING:
    import pandas as pd

ALL = "all"
"""The column of all tasks together."""
APART = 0.05
"""Adjusted p-value up to which two runs are told apart."""
SAME = 1e-9
"""Scores that differ by less are a tie."""
SETTINGS = {
    "turns": ("budgets", "turns"),
    "seconds": ("budgets", "seconds a call"),
    "token_limit": ("budgets", "tokens an attempt"),
    "time_limit": ("budgets", "seconds an attempt"),
    "epochs": ("epochs", "attempts a task"),
}
"""Setting of a run -> what differs where runs have different ones, and its unit."""


class Compared(Protocol):
    """What is read of a run."""

    @property
    def name(self) -> str:
        """What the run is called."""
        ...

    @property
    def model(self) -> str:
        """The model that was run."""
        ...

    @property
    def folder(self) -> Path | None:
        """Where the run is kept."""
        ...

    @property
    def config(self) -> Mapping[str, Any]:
        """The record of what is run, `config.json`."""
        ...

    @property
    def environment(self) -> Mapping[str, Any]:
        """The record of what it is run with, `env.json`."""
        ...

    @property
    def trajectories(self) -> tuple[Trajectory, ...]:
        """The attempts that have ended."""
        ...

    @property
    def missing(self) -> int:
        """Attempts that have not ended yet."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """Two runs on the shared tasks of one track, or on all."""

    a: float
    """Mean score of the first run."""
    b: float
    difference: float
    stderr: float | None
    """Standard error of the difference, clustered by source dataset; None below three clusters."""
    interval: Bounds | None
    """95 % interval, t with clusters - 1 degrees of freedom."""
    bootstrap: Bounds | None
    """95 % interval of the cluster bootstrap, from ten clusters on."""
    p_value: float | None
    n_tasks: int
    n_clusters: int
    wins: int
    """Tasks on which the first run is better."""
    losses: int
    ties: int
    note: str | None
    """Why there is no error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPair:
    """One task that both runs have scored, each score the mean over its attempts."""

    id: str
    track: Track
    a: float
    b: float
    difference: float
    flipped: bool
    """Whether one run solves it and the other does not."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RunComparison:
    """The first run beside the second."""

    names: tuple[str, str]
    """What the two are called."""
    columns: Mapping[str, Column]
    """Track, or `ALL` -> its figures; tracks without a shared task are left out."""
    tasks: tuple[TaskPair, ...]
    """Flipped ones first, then by the size of the difference."""
    only_a: tuple[str, ...]
    """Tasks that only the first run has scored."""
    only_b: tuple[str, ...]
    warnings: tuple[str, ...]
    """What keeps the runs from being alike but for what is compared."""

    def to_frame(self) -> pd.DataFrame:
        """Return the figures as a table, a row for each track and one for all."""
        return columns_frame(self.columns)

    def tasks_frame(self) -> pd.DataFrame:
        """Return the shared tasks as a table, flipped ones first."""
        return tasks_frame(self.tasks)

    def __repr__(self) -> str:
        a, b = self.names
        flips = sum(task.flipped for task in self.tasks)
        column = self.columns[ALL]
        ends = "" if column.interval is None else " [{:+.3f}, {:+.3f}]".format(*column.interval)
        return (
            f"<RunComparison {a} - {b}: {column.difference:+.3f}{ends} on {column.n_tasks} tasks, "
            f"{flips} flipped>"
        )

    def _repr_html_(self) -> str:
        return comparison_html(repr(self), self.warnings, self.columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two of several runs on the tasks that all have scored."""

    a: str
    b: str
    column: Column
    p_adjusted: float | None
    """By Holm's method, over all pairs of runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """Several runs on the tasks that all of them have scored."""

    means: Mapping[str, float]
    """Run -> mean score, the best one first."""
    ranks: Mapping[str, float]
    """Run -> mean rank over the source datasets; 1 is the best."""
    groups: tuple[tuple[str, ...], ...]
    """Runs next to each other in the order of `means` that no adjusted test tells apart."""
    pairs: tuple[Pair, ...]
    tasks: Mapping[str, Mapping[str, float]]
    """Task -> run -> score."""
    warnings: tuple[str, ...]


def compare_runs(a: Compared, b: Compared) -> RunComparison:
    """Compare two runs on the tasks that both have scored.

    Raises:
        ConfigError: They have no scored task in common.
    """
    first, second = _scores(a), _scores(b)
    shared = [task for task in first if task in second]
    if not shared:
        raise ConfigError(f"{a.name} and {b.name} have no scored task in common")
    solved = _solved(a), _solved(b)
    tracks = {t.task: t.track for t in a.trajectories}
    pairs = [
        TaskPair(
            id=task,
            track=tracks[task],
            a=first[task],
            b=second[task],
            difference=first[task] - second[task],
            flipped=solved[0][task] is not solved[1][task],
        )
        for task in shared
    ]
    only_a = tuple(task for task in first if task not in second)
    only_b = tuple(task for task in second if task not in first)
    columns = {}
    for name in (*Track, ALL):
        if chosen := [p for p in pairs if name in (p.track, ALL)]:
            columns[str(name)] = _column(a, b, {p.id: (p.a, p.b) for p in chosen})
    return RunComparison(
        names=(a.name, b.name),
        columns=columns,
        tasks=tuple(sorted(pairs, key=lambda p: (not p.flipped, -abs(p.difference), p.id))),
        only_a=only_a,
        only_b=only_b,
        warnings=tuple(_warnings((a, b))),
    )


def rank_runs(runs: Sequence[Compared]) -> Ranking:
    """Rank several runs, and test every pair of them with Holm's adjustment.

    Raises:
        ConfigError: No task is scored by all of them.
    """
    scores = {run.name: _scores(run) for run in runs}
    shared = set.intersection(*({*of_run} for of_run in scores.values()))
    if not shared:
        raise ConfigError("no task is scored by all of these runs; compare fewer of them")
    means = {name: fmean(of_run[t] for t in shared) for name, of_run in scores.items()}
    order = sorted(means, key=lambda name: (-means[name], name))
    by_name = {run.name: run for run in runs}
    columns = {
        (a, b): _column(by_name[a], by_name[b], {t: (scores[a][t], scores[b][t]) for t in shared})
        for a, b in combinations(order, 2)
    }
    adjusted = _adjusted({pair: column.p_value for pair, column in columns.items()})
    tasks = {t: {n: scores[n][t] for n in order} for t in scores[order[0]] if t in shared}
    return Ranking(
        means={name: means[name] for name in order},
        ranks=_mean_ranks(runs[0], {name: scores[name] for name in order}, shared),
        groups=tuple(_together(order, adjusted)),
        pairs=tuple(
            Pair(a=pair[0], b=pair[1], column=column, p_adjusted=adjusted[pair])
            for pair, column in columns.items()
        ),
        tasks=tasks,
        warnings=tuple(_warnings(runs)),
    )


def _scores(run: Compared) -> dict[str, float]:
    """Return the mean score of each task that has one, in the run's order."""
    return task_means(observations(run.trajectories))


def _solved(run: Compared) -> dict[str, bool]:
    """Return whether at least half of a task's attempts are right: exact for IF, else above 0."""
    found: dict[str, list[bool]] = {}
    for t in run.trajectories:
        if t.score is not None:
            is_right = t.score == 1.0 if t.track.variant is Variant.IF else t.score > 0.0
            found.setdefault(t.task, []).append(is_right)
    return {task: fmean(values) >= 0.5 for task, values in found.items()}


def _column(a: Compared, b: Compared, scores: Mapping[str, tuple[float, float]]) -> Column:
    """Compare two runs on some tasks, of which both scores are given."""
    made = [observations(t for t in run.trajectories if t.task in scores) for run in (a, b)]
    found = compare(*made)
    differences = [first - second for first, second in scores.values()]
    return Column(
        a=fmean(first for first, _ in scores.values()),
        b=fmean(second for _, second in scores.values()),
        difference=found.difference,
        stderr=found.stderr,
        interval=None if found.low is None or found.high is None else (found.low, found.high),
        bootstrap=found.bootstrap,
        p_value=found.p_value,
        n_tasks=found.n,
        n_clusters=found.clusters,
        wins=sum(d > SAME for d in differences),
        losses=sum(d < -SAME for d in differences),
        ties=sum(abs(d) <= SAME for d in differences),
        note=found.note,
    )


def _warnings(runs: Sequence[Compared]) -> Iterator[str]:
    """Yield what runs do not share, by name: who has which value."""
    asked = [run.config.get("config", {}) for run in runs]
    for key, (what, unit) in SETTINGS.items():
        shown = [f"{one[key]} {unit}" if one.get(key) is not None else "no limit" for one in asked]
        yield from _unlike(what, runs, shown)
    stores = [run.config.get("store", {}) for run in runs]
    hashes = [str(store.get("hash")) for store in stores]
    for said in _unlike("stores", runs, hashes):
        others = [store for store in stores if store.get("hash") != stores[0].get("hash")]
        yield f"{said}; {_differing(stores[0], others)}"
    yield from _unlike("scorers", runs, [str(run.environment.get("scorer")) for run in runs])
    for run in runs:
        unscored = sum(t.score is None for t in run.trajectories)
        if unscored or run.missing:
            counts = f"{unscored} unscored, {run.missing} missing"
            yield f"{run.name}: attempts without a score: {counts}"


def _unlike(what: str, runs: Sequence[Compared], values: Sequence[str]) -> Iterator[str]:
    """Yield one sentence if runs have different values: each value with those that have it."""
    names: dict[str, list[str]] = {}
    for run, value in zip(runs, values, strict=True):
        names.setdefault(value, []).append(run.name)
    if len(names) > 1:
        told = "; ".join(f"{value} ({', '.join(of)})" for value, of in names.items())
        yield f"{what} differ: {told}"


def _differing(one: Mapping[str, Any], others: Sequence[Mapping[str, Any]]) -> str:
    """Return how many of the tasks that stores share with the first have another content."""
    known: list[Mapping[str, Any]] = [
        tasks for s in (one, *others) if isinstance(tasks := s.get("tasks"), Mapping)
    ]
    first, *rest = known if len(known) == len(others) + 1 else [{}]
    shared = [task for task in first if all(task in other for other in rest)]
    changed = sum(any(first[task] != other[task] for other in rest) for task in shared)
    return f"{changed} of the {len(shared)} tasks that all have are not the same"


def _adjusted(
    p_values: Mapping[tuple[str, str], float | None],
) -> dict[tuple[str, str], float | None]:
    """Adjust p-values by Holm's method; a pair without one stays without."""
    from statsmodels.stats.multitest import multipletests

    known = {pair: p for pair, p in p_values.items() if p is not None}
    adjusted = np.asarray(multipletests([*known.values()], method="holm")[1]) if known else []
    found = dict(zip(known, map(float, adjusted), strict=True))
    return {pair: found.get(pair) for pair in p_values}


def _mean_ranks(
    run: Compared, scores: Mapping[str, Mapping[str, float]], tasks: set[str]
) -> dict[str, float]:
    """Return each run's mean rank over source datasets, by its mean score on their tasks."""
    from scipy.stats import rankdata

    clusters: dict[str, list[str]] = {}
    for task, cluster in {t.task: t.cluster for t in run.trajectories if t.task in tasks}.items():
        clusters.setdefault(cluster, []).append(task)
    means = [
        [-fmean(of_run[t] for t in own) for of_run in scores.values()] for own in clusters.values()
    ]
    ranks = rankdata(means, axis=1).mean(axis=0)
    return dict(zip(scores, map(float, ranks), strict=True))


def _together(
    order: Sequence[str], adjusted: Mapping[tuple[str, str], float | None]
) -> Iterator[tuple[str, ...]]:
    """Yield the longest stretches of the order in which no two runs are told apart."""

    def is_apart(a: str, b: str) -> bool:
        p_value = adjusted[a, b]
        return p_value is not None and p_value <= APART

    reached = 0
    for start in range(len(order)):
        end = start + 1
        while end < len(order) and not any(is_apart(a, order[end]) for a in order[start:end]):
            end += 1
        if end > max(reached, start + 1):
            yield tuple(order[start:end])
            reached = end
