"""The documents of a store: a row for each task, the questions, and each task with its files.

They hold what an agent is given and what anybody may know of a task, and no true value.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from darebench.errors import DareError
from darebench.report.page.documents import Documents
from darebench.store import layout
from darebench.store.read import Store
from darebench.store.tables import count_rows, read_head
from darebench.types import Task

ROWS, COLUMNS, CELL = 5, 12, 40
"""How much of a table is shown: rows, columns, characters of a cell."""
METADATA = 6_000
"""Characters of the metadata that are shown."""
COUNTED = 20_000_000
"""Bytes of the largest csv file whose rows are counted: that reads it as a whole."""


def store_documents(number: int, store: Store) -> Documents:
    """Return the documents of the store with this number, by name."""
    name = f"store/{number}"
    found: dict[str, Callable[[], object]] = {
        name: partial(_rows, store),
        f"{name}/questions": lambda: [task.question for task in store.tasks],
    }
    for place, task in enumerate(store.tasks):
        found[f"{name}/{place}"] = partial(task_document, task)
    return found


def task_document(task: Task) -> dict[str, Any]:
    """Return a task as an agent sees it: the question, the metadata and the head of each file."""
    path = task.source / layout.METADATA_TEXT
    metadata = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    names = [name for name in task.files if name != layout.METADATA_TEXT]
    return {
        "question": task.question,
        "metadata": metadata[:METADATA] + ("\n…" if len(metadata) > METADATA else ""),
        "files": [_excerpt(task.source / name) for name in names],
    }


def _rows(store: Store) -> dict[str, Any]:
    return {
        "tasks": [
            {
                "id": task.id,
                "track": task.track,
                "targets": list(task.targets),
                "files": list(task.files),
                "source": task.cluster,
                "domain": task.domain,
                "licence": task.licence,
            }
            for task in store.tasks
        ],
        "problems": [[problem.dataset, problem.message] for problem in store.problems],
    }


def _excerpt(path: Path) -> dict[str, Any]:
    try:
        frame = read_head(path, ROWS)
        is_counted = path.suffix != ".csv" or path.stat().st_size <= COUNTED
        rows = f"{count_rows(path):,} rows, " if is_counted else ""
    except DareError as error:
        return {"name": path.name, "size": str(error), "columns": [], "rows": []}
    shown = frame.iloc[:, :COLUMNS]
    more = f", the first {COLUMNS} shown" if frame.shape[1] > COLUMNS else ""
    return {
        "name": path.name,
        "size": f"{rows}{frame.shape[1]} columns{more}; {_bytes(path.stat().st_size)}",
        "columns": [_short(str(column)) for column in shown.columns],
        "rows": [_cells(row) for row in shown.astype(object).to_numpy().tolist()],
    }


def _bytes(n: int) -> str:
    return f"{n / 1e6:.1f} MB" if n >= 1e6 else f"{n / 1e3:.0f} kB" if n >= 1e3 else f"{n} bytes"


def _cells(row: Sequence[object]) -> list[str]:
    return ["" if value is None or value != value else _short(_text(value)) for value in row]


def _text(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else " ".join(str(value).split())


def _short(text: str) -> str:
    return text if len(text) <= CELL else f"{text[: CELL - 1]}…"
