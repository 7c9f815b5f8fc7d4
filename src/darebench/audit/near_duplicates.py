"""Find the same table under other names: by what its rows hold, not by what anything is called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from darebench.audit.frames import factorized, is_numeric, text_hashes
from darebench.audit.task_tables import read_tables
from darebench.errors import TaskFormatError
from darebench.store import layout
from darebench.store.wire import read_entries
from darebench.types import Progress, Task, Variant

MIN_VALUES = 20
"""Distinct values from which on a column tells tables apart."""
SKETCH = 64
ALIKE = 0.4
"""Share of two sketches from which on two columns may be one."""
SHARED_ROWS = 0.3
"""Share of the smaller table's rows from which on two tables are one."""
CHANCE = 0.02
"""Share of rows that two tables of small numbers may have in common for no reason."""
MAX_ROWS = 50_000


class _Known(NamedTuple):
    task: Task
    sketches: dict[str, np.ndarray]


class NearDuplicate(NamedTuple):
    """A table that shares rows with an earlier one."""

    task: Task
    """One of its tasks."""
    earlier: Task
    """One of the earlier table's."""
    share: float
    """Share of the smaller table's distinct rows that both have."""
    n_columns: int
    """Columns that both have, which the share is over."""

    @property
    def message(self) -> str:
        """What the tables share, as a sentence without its full stop."""
        return (
            f"{self.share:.0%} of the rows, over {self.n_columns} columns, are those of "
            f"{self.earlier.dataset}"
        )


class SharedRows(NamedTuple):
    """A near-duplicate, and on which side of a split both tables are."""

    duplicate: NearDuplicate
    splits: tuple[str, str]
    """The `split` of the earlier and of the later table in the question list; empty without one."""


def find_shared_rows(
    root: Path, tasks: Sequence[Task], report: Progress | None = None
) -> dict[str, SharedRows]:
    """Find tasks whose table is another source's too, by id; the earlier table's are left out.

    Args:
        root: The store's folder.
        tasks: All of its tasks.
        report: Called before each table, with the stage `tables`.
    """
    splits = _splits(root)
    shared = {
        cluster: SharedRows(
            found, (splits.get(found.earlier.dataset, ""), splits.get(found.task.dataset, ""))
        )
        for cluster, found in find_near_duplicates(tasks, report=report).items()
    }
    return {task.id: shared[task.cluster] for task in tasks if task.cluster in shared}


def find_near_duplicates(
    tasks: Sequence[Task], *, forget: bool = False, report: Progress | None = None
) -> dict[str, NearDuplicate]:
    """Find tables that share rows with an earlier one, by the cluster of their tasks.

    Tables of one source are one cluster, whose tasks are known to belong together.

    Args:
        tasks: All tasks of a store, in its order.
        forget: Compare no table with a near-duplicate, which will be left out.
        report: Called before each table, with the stage `tables`.
    """
    holders: dict[int, list[str]] = {}
    known: dict[str, _Known] = {}
    found: dict[str, NearDuplicate] = {}
    chosen = _representatives(tasks)
    for done, (cluster, task) in enumerate(chosen.items()):
        if report is not None:
            report("tables", done, len(chosen))
        try:
            frame = _whole(task)
        except TaskFormatError:
            continue  # it has a finding of its own
        sketches = _sketches(frame)
        shared = Counter(
            other
            for sketch in sketches.values()
            for h in sketch
            for other in holders.get(int(h), ())
        )
        for other, _ in shared.most_common(3):
            share, n_columns = _shared_rows(frame, sketches, known[other])
            if share >= SHARED_ROWS:
                found[cluster] = NearDuplicate(task, known[other].task, share, n_columns)
                break
        if forget and cluster in found:
            continue
        known[cluster] = _Known(task, sketches)
        for h in {int(h) for sketch in sketches.values() for h in sketch[:16]}:
            holders.setdefault(h, []).append(cluster)
    if report is not None:
        report("tables", len(chosen), len(chosen))
    return found


def _splits(root: Path) -> dict[str, str]:
    entries = read_entries(root / layout.QUESTIONS)
    return {name: str(entry["split"]) for name, entry in entries.items() if "split" in entry}


def _representatives(tasks: Sequence[Task]) -> dict[str, Task]:
    """Choose one task of every source, with its true rows on both sides."""
    # An IF task has some of the columns, a CF task the target's and the keys alone.
    poorer = (Variant.IF, Variant.CF)
    chosen: dict[str, Task] = {}
    for task in sorted(
        tasks, key=lambda t: 1 + poorer.index(t.variant) if t.variant in poorer else 0
    ):
        chosen.setdefault(task.cluster, task)
    return {cluster: chosen[cluster] for cluster in dict.fromkeys(t.cluster for t in tasks)}


def _whole(task: Task) -> pd.DataFrame:
    """Join the two parts of a table."""
    tables = read_tables(task)
    asked = pd.concat([tables.val.reset_index(drop=True), tables.truth], axis=1)
    names = [c for c in tables.train.columns if c in asked.columns and c != layout.ROW_ID]
    return pd.concat([tables.train[names], asked[names]], ignore_index=True).iloc[:MAX_ROWS]


def _hashes(values: pd.Series) -> np.ndarray:
    """Hash values as text, numbers to six digits, so that formats make no difference."""
    codes, distinct = factorized(values)
    if is_numeric(values):
        texts = [f"{float(value):.6g}" for value in distinct]
    else:
        texts = [str(value).strip().casefold() for value in distinct]
    return np.append(text_hashes(texts), np.uint64(0))[codes]


def _sketches(frame: pd.DataFrame) -> dict[str, np.ndarray]:
    """Keep the smallest hashes of every column that has many values."""
    found: dict[str, np.ndarray] = {}
    for name in frame.columns:
        hashes = np.unique(_hashes(frame[name]))
        if len(hashes) >= MIN_VALUES:
            found[name] = hashes[:SKETCH]
    return found


def _shared_rows(
    frame: pd.DataFrame, sketches: dict[str, np.ndarray], other: _Known
) -> tuple[float, int]:
    """Match columns by their sketches, then count the rows that are in both tables."""
    pairs = []
    free = dict(other.sketches)
    for name, sketch in sketches.items():
        rates = {
            o: len(np.intersect1d(sketch, s)) / min(len(sketch), len(s)) for o, s in free.items()
        }
        best = max(rates, key=lambda o: rates[o], default=None)
        if best is not None and rates[best] >= ALIKE:
            pairs.append((name, best))
            del free[best]
    if len(pairs) < 2:
        return 0.0, 0
    theirs = _whole(other.task)
    ours = np.unique(_row_hashes(frame, [a for a, _ in pairs]))
    others = np.unique(_row_hashes(theirs, [b for _, b in pairs]))
    least = min(len(ours), len(others))
    if least < MIN_VALUES or _by_chance(theirs, [b for _, b in pairs]) > CHANCE:
        return 0.0, 0
    return len(np.intersect1d(ours, others)) / least, len(pairs)


def _by_chance(frame: pd.DataFrame, names: Sequence[str]) -> float:
    """Return the share of rows of such values that a table this large would hold by chance."""
    cells = float(np.prod([float(frame[name].nunique()) for name in names]))
    return len(frame.drop_duplicates(list(names))) / cells


def _row_hashes(frame: pd.DataFrame, names: Sequence[str]) -> np.ndarray:
    total = np.zeros(len(frame), np.uint64)
    for name in names:
        total = total * np.uint64(1_000_003) + _hashes(frame[name])
    return total
