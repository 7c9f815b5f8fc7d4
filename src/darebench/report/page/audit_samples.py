"""Draw tasks of an audited store and read what an agent is given of them, for reading on a page."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

from darebench.audit.store_audit import Audit
from darebench.audit.task_audit import TaskAudit
from darebench.errors import DareError
from darebench.store import layout
from darebench.store.read import open_store
from darebench.store.tables import read_table
from darebench.types import Task

SAMPLES = 20
SEED = 0
ROWS, COLUMNS, CELL = 5, 12, 40
"""How much of a table is shown: rows, columns, characters of a cell."""
METADATA = 6_000
"""Characters of the metadata that are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """The first rows of a file."""

    name: str
    size: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One task as an agent sees it, and its audit. Holds no true value."""

    audit: TaskAudit
    targets: str
    paragraphs: tuple[str, ...]
    """The question."""
    metadata: str
    excerpts: tuple[Excerpt, ...]
    """Of the files that the agent gets."""


def draw_samples(audit: Audit, n: int = SAMPLES, seed: int = SEED) -> list[Sample]:
    """Draw tasks at random, the same ones of the same audit, in the store's order."""
    audits = {task.id: task for task in audit.tasks if task.track is not None}
    if not audits:
        return []
    tasks = [task for task in open_store(audit.store).tasks if task.id in audits]
    chosen = sorted(random.Random(seed).sample(range(len(tasks)), min(n, len(tasks))))
    return [_sample(tasks[k], audits[tasks[k].id]) for k in chosen]


def _sample(task: Task, audit: TaskAudit) -> Sample:
    path = task.source / layout.METADATA_TEXT
    metadata = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    names = [name for name in task.files if name != layout.METADATA_TEXT]
    return Sample(
        audit=audit,
        targets=", ".join(task.targets),
        paragraphs=tuple(p for p in re.split(r"\n\s*\n", task.question) if p.strip()),
        metadata=metadata[:METADATA] + ("\n…" if len(metadata) > METADATA else ""),
        excerpts=tuple(_excerpt(task, name) for name in names),
    )


def _excerpt(task: Task, name: str) -> Excerpt:
    try:
        frame = read_table(task.source / name)
    except DareError as error:
        return Excerpt(name=name, size=str(error), columns=(), rows=())
    shown = frame.iloc[:ROWS, :COLUMNS]
    more = f", the first {COLUMNS} shown" if frame.shape[1] > COLUMNS else ""
    return Excerpt(
        name=name,
        size=f"{len(frame):,} rows, {frame.shape[1]} columns{more}",
        columns=tuple(_short(str(column)) for column in shown.columns),
        rows=tuple(_cells(row) for row in shown.astype(object).to_numpy().tolist()),
    )


def _cells(row: Sequence[object]) -> tuple[str, ...]:
    return tuple("" if value is None or value != value else _short(_text(value)) for value in row)


def _text(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else " ".join(str(value).split())


def _short(text: str) -> str:
    return text if len(text) <= CELL else f"{text[: CELL - 1]}…"
