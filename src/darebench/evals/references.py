"""`darebench reference`: the answers of a store's IF tasks, computed and, if asked, proven."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from darebench.environment import current_environment
from darebench.errors import ConfigError
from darebench.reference.answers import export_reference
from darebench.reference.checking import check as check_tasks
from darebench.reference.solve import Reference, Unsolved, solve
from darebench.sandbox import LocalExecutor
from darebench.store.cache import cache_folder
from darebench.store.read import open_store, select
from darebench.sync import run_sync
from darebench.types import Progress, Task, Variant


def compute(
    store: str | None,
    patterns: Sequence[str],
    *,
    check: bool = False,
    out: Path | None = None,
    slots: int | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Compute the references of the selected IF tasks, and return the documented JSON.

    Args:
        store: A folder, an archive or `hf://owner/name`; the starter store without it.
        patterns: Task ids, dataset names or globs; all tasks without one.
        check: Prove that each task can be solved as written.
        out: Folder to copy the references to.
        slots: Programs that run at the same time; as many as there are cores without it.
        progress: Progress callback.

    Raises:
        ConfigError: No IF task is selected.
    """
    opened = open_store(store)
    tasks = [t for t in select(opened.tasks, patterns) if t.variant is Variant.IF]
    if not tasks:
        raise ConfigError("no IF task is selected; only these have references")
    done: list[str] = []

    def one_done(task_id: str) -> None:
        done.append(task_id)
        if progress is not None:
            progress("checks" if check else "references", len(done), len(tasks))

    rows = run_sync(_rows(tasks, one_done, check=check, out=out, slots=slots))
    return {
        "tasks": rows,
        "errors": [asdict(problem) for problem in opened.problems],
        "environment": current_environment().as_dict(),
    }


async def _rows(
    tasks: Sequence[Task],
    on_done: Callable[[str], None],
    *,
    check: bool,
    out: Path | None,
    slots: int | None,
) -> list[dict[str, Any]]:
    cache = cache_folder("references")
    executor = LocalExecutor(slots)
    try:
        solved = await solve(tasks, executor, cache, on_done=None if check else on_done)
        checks = await check_tasks(tasks, solved, executor, on_done=on_done) if check else []
    finally:
        await executor.close()
    rows = [_row(task, solved[task.id], out) for task in tasks]
    for row, found in zip(rows, checks, strict=False):  # none, unless they were asked for
        row |= {
            "literal_equal": found.literal_equal,
            "repeatable": found.repeatable,
            "detail": found.detail,
            "ok": found.literal_equal and found.repeatable,
        }
    return rows


def _row(task: Task, solved: Reference | Unsolved, out: Path | None) -> dict[str, Any]:
    if isinstance(solved, Unsolved):
        return {
            "id": task.id,
            "reference": None,
            "seconds": 0.0,
            "detail": solved.message,
            "ok": False,
        }
    path = export_reference(task, solved, out) if out is not None else solved.path
    return {
        "id": task.id,
        "reference": str(path),
        "seconds": solved.seconds,
        "detail": "",
        "ok": True,
    }
