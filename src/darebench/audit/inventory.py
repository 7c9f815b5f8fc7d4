"""Measure what a store holds: families, domains, licences, sizes, difficulty."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from darebench.store import layout
from darebench.store.read import open_store
from darebench.store.tables import measure_files
from darebench.store.wire import read_entries
from darebench.types import Task, Track


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """The range of a figure over many tasks."""

    smallest: float
    median: float
    largest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """A store in figures; where nothing else is said, counts are of tasks."""

    n_tasks: int
    n_datasets: int
    n_clusters: int
    """Number of source tables; tasks of one are not independent."""
    by_column: dict[str, int]
    """Tasks by track."""
    by_domain: dict[str, int]
    by_licence: dict[str, int]
    by_split: dict[str, int]
    train_rows: Spread | None
    test_rows: Spread | None
    question_characters: Spread | None
    floors: dict[str, float]
    """Mean score of the best naive answer, where it is recorded, by track."""
    references: dict[str, float]
    """Mean score of the best quick model, where it is recorded, by track."""
    mb: float
    """Size on disk, in megabytes of a million bytes."""
    unreadable: tuple[str, ...]
    """What is wrong with datasets and files that cannot be read."""


def measure_store(ref: str | Path | None) -> Inventory:
    """Measure a store.

    Raises:
        StoreError: There is no store at `ref`.
    """
    store = open_store(ref)
    entries = read_entries(store.root / layout.QUESTIONS)
    splits = Counter(entries.get(t.dataset, {}).get("split", "unknown") for t in store.tasks)
    sizes = [measure_files(task) for task in store.tasks]
    unreadable = [f"{p.dataset}: {p.message}" for p in store.problems]
    unreadable += dict.fromkeys(problem for size in sizes for problem in size.problems)
    headroom = _headroom(store.tasks, entries)
    files = (path for path in store.root.rglob("*") if path.is_file())
    return Inventory(
        n_tasks=len(store.tasks),
        n_datasets=len({t.dataset for t in store.tasks}),
        n_clusters=len({t.cluster for t in store.tasks}),
        by_column={c: n for c in Track if (n := sum(t.track == c for t in store.tasks))},
        by_domain=_counted(t.domain or "unknown" for t in store.tasks),
        by_licence=_counted(t.licence or "unknown" for t in store.tasks),
        by_split=dict(sorted(splits.items())),
        train_rows=_spread([s.train for s in sizes if s.train is not None]),
        test_rows=_spread([s.test for s in sizes if s.test is not None]),
        question_characters=_spread([len(t.question) for t in store.tasks]),
        floors=_means(headroom, "floor"),
        references=_means(headroom, "reference"),
        mb=round(sum(path.stat().st_size for path in files) / 1e6, 3),
        unreadable=tuple(unreadable),
    )


def _counted(values: Iterable[str]) -> dict[str, int]:
    return dict(Counter(values).most_common())


def _headroom(tasks: Sequence[Task], entries: dict) -> list[tuple[str, dict[str, Any]]]:
    found = []
    for task in tasks:
        version = f"v{layout.version_of(task.family, task.variant)}"
        headroom = entries.get(task.dataset, {}).get("headroom")
        known = headroom.get(version) if isinstance(headroom, dict) else None
        if isinstance(known, dict):
            # Stores of earlier versions call the reference a ceiling.
            found.append((task.track, {"reference": known.get("ceiling"), **known}))
    return found


def _means(headroom: Sequence[tuple[str, dict[str, Any]]], key: str) -> dict[str, float]:
    by_column: dict[str, list[float]] = {}
    for column, known in headroom:
        if isinstance(known.get(key), int | float):
            by_column.setdefault(column, []).append(known[key])
    return {c: round(sum(v) / len(v), 4) for c in Track if (v := by_column.get(c))}


def _spread(values: Sequence[float]) -> Spread | None:
    if not values:
        return None
    return Spread(smallest=min(values), median=median(values), largest=max(values))
