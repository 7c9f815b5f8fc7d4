"""Measure how alike the targets of one table are, and how many distinct tasks a store has.

Two targets are compared row by row, in a dataset that holds both, else on the rows that two
datasets have in common. The measure follows what they hold: Spearman's correlation of two numbers,
Cramer's V of two sets of classes (with the correction of Bergsma 2013), the correlation ratio of a
number by classes; 1 for the same column.

The effective number of tasks is Kish's effective sample size for clusters (Survey Sampling, 1965,
section 5.4): n datasets of one table whose targets have a mean similarity r count n / (1 + (n-1)
r).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd

from darebench.audit.frames import (
    factorized,
    is_numeric,
    numbers,
    rank_correlation,
    row_hashes,
)
from darebench.audit.task_tables import read_tables
from darebench.errors import TaskFormatError
from darebench.store import layout
from darebench.types import Family, Progress, Task, Variant

ALIKE = 0.9
"""Similarity from which on two targets ask nearly the same."""
FEWEST_ROWS = 20
MAX_ROWS = 20_000
MOST_CLASSES = 50


class AlikeTarget(NamedTuple):
    """A target that is nearly another one of the same table."""

    target: str
    other: str
    dataset: str
    """The earlier dataset, of which `other` is a target."""
    measure: str
    similarity: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Distinctness:
    """How alike the targets of a store are."""

    n_datasets: int
    n_tables: int
    n_pairs: int
    """Pairs of datasets of one table."""
    n_unknown: int
    """Pairs without a row in common, which count as not alike."""
    n_alike: int
    """Pairs whose targets are alike from `ALIKE` on, the same target included."""
    effective: float
    """Effective number of datasets."""
    by_task: Mapping[str, AlikeTarget]
    """Task id -> the earlier target that its own one nearly repeats."""


class _Dataset(NamedTuple):
    tasks: list[Task]
    frame: pd.DataFrame
    classes: bool


def measure_distinctness(
    tasks: Sequence[Task], shared: Mapping[str, float], report: Progress | None = None
) -> Distinctness:
    """Compare the targets of each table.

    Args:
        tasks: All tasks of a store, in its order.
        shared: Cluster -> share of its rows that an earlier table has, which count for less.
        report: Called after each table, with the stage `targets`.
    """
    clusters: dict[str, dict[str, list[Task]]] = {}
    for task in tasks:
        clusters.setdefault(task.cluster, {}).setdefault(task.dataset, []).append(task)
    found: dict[str, AlikeTarget] = {}
    n_pairs = n_unknown = n_alike = 0
    effective = 0.0
    for done, (cluster, datasets) in enumerate(clusters.items(), 1):
        similarities = []
        read = list(_read(datasets)) if len(datasets) > 1 else []
        for earlier, later in combinations(read, 2):
            alike = compare(earlier, later)
            similarities.append(alike.similarity if alike else 0.0)
            n_unknown += alike is None
            if alike is not None and alike.similarity >= ALIKE:
                n_alike += 1
                _note(found, alike, later)
        n_pairs += len(similarities)
        mean = float(np.mean(similarities)) if similarities else 0.0
        n = len(datasets)
        effective += n / (1 + (n - 1) * mean) * (1 - shared.get(cluster, 0.0))
        if report is not None:
            report("targets", done, len(clusters))
    return Distinctness(
        n_datasets=sum(map(len, clusters.values())),
        n_tables=len(clusters),
        n_pairs=n_pairs,
        n_unknown=n_unknown,
        n_alike=n_alike,
        effective=effective,
        by_task=found,
    )


def _note(found: dict[str, AlikeTarget], alike: AlikeTarget, later: _Dataset) -> None:
    """Note an alike target; another workflow for the same target is a task of its own."""
    for task in later.tasks:
        if task.variant is not Variant.IF or alike.target != alike.other:
            found.setdefault(task.id, alike)


def _read(datasets: Mapping[str, list[Task]]) -> Iterator[_Dataset]:
    """Read the rows of each dataset, true values included; unreadable ones are left out."""
    for tasks in datasets.values():
        fullest = max(tasks, key=lambda t: (t.variant in (Variant.MM, Variant.XF), t.variant))
        try:
            tables = read_tables(fullest)
        except TaskFormatError:
            continue  # it has a finding of its own
        asked = pd.concat([tables.val.reset_index(drop=True), tables.truth], axis=1)
        names = [c for c in tables.train.columns if c in asked.columns and c != layout.ROW_ID]
        frame = pd.concat([tables.train[names], asked[names]], ignore_index=True)
        yield _Dataset(tasks, frame.iloc[:MAX_ROWS], fullest.family is Family.CLASS)


def compare(earlier: _Dataset, later: _Dataset) -> AlikeTarget | None:
    """Return the two targets of two datasets that are most alike; None if nothing tells."""
    best: AlikeTarget | None = None
    name = earlier.tasks[0].dataset
    for other in earlier.tasks[0].targets:
        for target in later.tasks[0].targets:
            found = ("the same column", 1.0)
            if other != target:
                pair = _together(earlier.frame, other, later.frame, target)
                if pair is None:
                    continue
                found = similarity(*pair, classes=(earlier.classes, later.classes))
            if best is None or found[1] > best.similarity:
                best = AlikeTarget(target, other, name, *found)
    return best


def _together(
    a: pd.DataFrame, target_a: str, b: pd.DataFrame, target_b: str
) -> tuple[pd.Series, pd.Series] | None:
    """Return two targets row by row; None if too few rows are known of both."""
    for frame in (a, b):
        if target_a in frame and target_b in frame:
            known = frame[[target_a, target_b]].dropna()
            if len(known) >= FEWEST_ROWS:
                return known[target_a], known[target_b]
    common = [c for c in a.columns if c in b.columns and c not in (target_a, target_b)]
    if not common or target_a not in a or target_b not in b:
        return None
    sides = []
    for frame, target in ((a, target_a), (b, target_b)):
        texts = [_comparable(frame[name]) for name in common]
        keyed = pd.DataFrame({"key": row_hashes(texts), target: frame[target].to_numpy()})
        sides.append(keyed.drop_duplicates("key", keep=False))
    joined = sides[0].merge(sides[1], on="key", suffixes=("", "_later")).dropna()
    if len(joined) < FEWEST_ROWS:
        return None
    return joined[target_a], joined[target_b]


def _comparable(values: pd.Series) -> pd.Series:
    numeric = values.astype(float).round(9) if is_numeric(values) else values.astype(str)
    return numeric.reset_index(drop=True)


def similarity(a: pd.Series, b: pd.Series, *, classes: tuple[bool, bool]) -> tuple[str, float]:
    """Return the name and the value, in [0, 1], of the measure that fits two columns.

    Args:
        a: A column without missing values.
        b: Another one, row by row beside it.
        classes: Whether each of them is a target of classification.
    """
    nominal = [
        (c or not is_numeric(x)) and x.nunique() > (2 if is_numeric(x) else 0)
        for x, c in zip((a, b), classes, strict=True)
    ]
    if nominal == [False, False]:
        x, y = numbers(a), numbers(b)
        if np.ptp(x) == 0 or np.ptp(y) == 0:
            return "Spearman", 0.0
        return "Spearman", abs(rank_correlation(x, y))
    if nominal == [True, True]:
        return "Cramer's V", _cramers_v(a, b)
    numeric, labels = (a, b) if nominal[1] else (b, a)
    return "correlation ratio", _correlation_ratio(numbers(numeric), labels)


def _cramers_v(a: pd.Series, b: pd.Series) -> float:
    counts = pd.crosstab(a.to_numpy(), b.to_numpy()).to_numpy(float)
    n, (rows, columns) = counts.sum(), counts.shape
    if min(rows, columns) < 2 or max(rows, columns) > MOST_CLASSES:
        return 0.0
    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0) / n
    phi = float(((counts - expected) ** 2 / expected).sum() / n)
    phi = max(0.0, phi - (rows - 1) * (columns - 1) / (n - 1))
    least = min(rows - (rows - 1) ** 2 / (n - 1), columns - (columns - 1) ** 2 / (n - 1)) - 1
    return float(min(1.0, np.sqrt(phi / least))) if least > 0 else 0.0


def _correlation_ratio(values: np.ndarray, labels: pd.Series) -> float:
    ranks = pd.Series(values).rank().to_numpy()
    codes, distinct = factorized(labels.reset_index(drop=True))
    total = float(((ranks - ranks.mean()) ** 2).sum())
    if total == 0 or len(distinct) > MOST_CLASSES:
        return 0.0
    sizes = np.bincount(codes)
    means = np.bincount(codes, ranks) / sizes
    return float(np.sqrt((sizes * (means - ranks.mean()) ** 2).sum() / total))
