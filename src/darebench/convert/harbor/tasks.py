"""Write a store's tasks as task folders: each appears whole, and what is there already stays."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from darebench.convert.harbor.folder import TaskFolder, make_folder
from darebench.errors import ConfigError, DareError
from darebench.reference.answers import Answers, read_answers
from darebench.sandbox import LocalExecutor
from darebench.store.cache import cache_folder
from darebench.store.read import Store
from darebench.sync import run_sync
from darebench.types import Progress, Variant

CONFIG = "task.toml"
_PART = ".part"


@dataclass(frozen=True, slots=True, kw_only=True)
class HarborTasks:
    """What was made of a store."""

    tasks: tuple[str, ...]
    """Paths of the task folders, in the order of the store."""
    skipped: tuple[dict[str, str], ...]
    """Tasks without a folder: `task` (a dataset, where none of its tasks can be read), `reason`."""


def write_tasks(store: Store, out: Path, progress: Progress | None = None) -> HarborTasks:
    """Write `OUT/<dataset>__<variant>` for each task of a store.

    The same store, scorer and environment make the same bytes. A folder that is there with the same
    content is kept, one of another content is replaced, and other folders are left alone.

    Args:
        store: The tasks, with their answers.
        out: Folder of the task folders, made if needed.
        progress: Progress callback.

    Raises:
        ConfigError: No task could be written, or a folder of a task's name holds something else.
    """
    answers = _answers(store, progress)
    skipped = [{"task": p.dataset, "reason": p.message} for p in store.problems]
    written: dict[str, str] = {}
    for number, task in enumerate(store.tasks, 1):
        try:
            if task.id in answers.problems:
                raise answers.problems[task.id]
            made = make_folder(task, answers.truths[task.id], store.task_hashes[task.id])
        except DareError as error:
            skipped.append({"task": task.id, "reason": str(error)})
        else:
            if made.name in written.values():
                raise ConfigError(f"two tasks of the store would be the folder {made.name!r}")
            _write(made, out)
            written[task.id] = made.name
        if progress is not None:
            progress("task folders", number, len(store.tasks))
    if not written:
        raise ConfigError(
            f"no task of {store.root} could be converted; the first: "
            f"{skipped[0]['task']}: {skipped[0]['reason']}"
            if skipped
            else f"{store.root} holds no task"
        )
    return HarborTasks(
        tasks=tuple(str(out / name) for name in written.values()), skipped=tuple(skipped)
    )


def _answers(store: Store, progress: Progress | None) -> Answers:
    n_programs = sum(task.variant is Variant.IF for task in store.tasks)
    done: list[str] = []

    def note(task: str) -> None:
        done.append(task)
        if progress is not None:
            progress("references", len(done), n_programs)

    return run_sync(_read_answers(store, note))


async def _read_answers(store: Store, note: Callable[[str], None]) -> Answers:
    executor = LocalExecutor()
    try:
        return await read_answers(store.tasks, executor, cache_folder("references"), on_done=note)
    finally:
        await executor.close()


def _write(made: TaskFolder, out: Path) -> None:
    """Write a task folder whole; its `task.toml` vouches for the other files."""
    target = out / made.name
    config = target / CONFIG
    if config.is_file() and config.read_bytes() == made.config:
        return
    if target.exists() and not config.is_file():
        raise ConfigError(f"{target} is there and is not a task folder; give another --out")
    part = out / f".{made.name}{_PART}"
    shutil.rmtree(part, ignore_errors=True)
    for name, content in sorted({**made.files, CONFIG: made.config}.items()):
        path = part / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            shutil.copyfile(content, path)
        path.chmod(0o755 if path.suffix == ".sh" else 0o644)
    if target.exists():
        shutil.rmtree(target)
    part.replace(target)
