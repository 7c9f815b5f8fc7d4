"""The truths of tasks, for everyone who scores: read from the store, or computed for IF tasks.

References travel between machines as files, which `export_reference` writes and `import_reference`
reads; a truth is only made of one that this environment would have computed itself.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from darebench.environment import current_environment
from darebench.errors import DareError, ReferenceMismatch, TaskFormatError
from darebench.reference.solve import Reference, Unsolved, digest, from_record, solve
from darebench.sandbox.executor import Executor
from darebench.store.truth import make_truth, read_truth
from darebench.types import Task, Truth, Variant


class Answers(NamedTuple):
    """The truths of some tasks, and why the others have none."""

    truths: dict[str, Truth]
    """Task id -> its truth."""
    problems: dict[str, DareError]
    """Task id -> why it cannot be scored."""


async def read_answers(
    tasks: Sequence[Task],
    executor: Executor,
    cache: Path,
    *,
    on_done: Callable[[str], None] | None = None,
) -> Answers:
    """Return the truth of every task, with the references of IF tasks computed where needed.

    Args:
        tasks: Tasks of any kind.
        executor: The sandbox that computes references.
        cache: Folder of computed references, made if needed.
        on_done: Called with each IF task's id when its reference is there.
    """
    solved = await solve(tasks, executor, cache, on_done=on_done)
    return _collect(tasks, lambda task: solved[task.id])


def import_answers(tasks: Sequence[Task], folder: Path) -> Answers:
    """Return the truth of every task, with the references that `export_reference` wrote."""
    return _collect(tasks, lambda task: import_reference(task, folder))


def reference_truth(task: Task, reference: Reference) -> Truth:
    """Return a reference as the truth that its task is scored against.

    Raises:
        ReferenceMismatch: The reference was computed in another environment than this one.
        TaskFormatError: The file of the reference cannot be read.
    """
    here = current_environment().hash
    if reference.environment != here:
        raise ReferenceMismatch(
            f"{task.id}: its reference was computed in environment {reference.environment}, and "
            f"this is {here}; compute it here with `darebench reference`"
        )
    try:
        content = reference.path.read_bytes()
    except OSError as error:
        raise TaskFormatError(f"{reference.path} cannot be read: {error.strerror}") from None
    return make_truth(task, content, reference.environment)


def import_reference(task: Task, folder: Path) -> Reference:
    """Find a task's reference in a folder that `export_reference` wrote.

    Raises:
        TaskFormatError: The folder has no reference of the task, or no record of its environment.
    """
    path = folder / task.dataset / "reference.csv"
    record = path.with_suffix(".json")
    try:
        reference = from_record(task, path, json.loads(record.read_text()))
        content = path.read_bytes()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TaskFormatError(
            f"{task.id}: no usable reference at {path} ({error}); write it with "
            "`darebench reference --out`"
        ) from None
    if reference.answer != digest(content):
        raise TaskFormatError(f"{task.id}: {path} is not the answer that {record.name} describes")
    return reference


def export_reference(task: Task, reference: Reference, folder: Path) -> Path:
    """Copy a reference and its record to `folder/<dataset>/reference.csv`."""
    target = folder / task.dataset / "reference.csv"
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(reference.path, target)
    shutil.copyfile(reference.path.with_suffix(".json"), target.with_suffix(".json"))
    return target


def _collect(tasks: Sequence[Task], find: Callable[[Task], Reference | Unsolved]) -> Answers:
    answers = Answers({}, {})
    for task in tasks:
        try:
            answers.truths[task.id] = _truth_of(task, find)
        except DareError as error:
            answers.problems[task.id] = error
    return answers


def _truth_of(task: Task, find: Callable[[Task], Reference | Unsolved]) -> Truth:
    if task.variant is not Variant.IF:
        return read_truth(task)
    found = find(task)
    if isinstance(found, Unsolved):
        raise TaskFormatError(found.message)
    return reference_truth(task, found)
