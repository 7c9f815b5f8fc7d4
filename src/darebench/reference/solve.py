"""Runs references of a whole store in the sandbox; keeps them by content and environment.

A reference's key is the hash of its input files, of every choice, of the workflow's text and of
the environment. A changed file, setting, workflow or library version is another key, so nothing
stale is ever read. Beside each answer lies a record of the environment that made it.

References of small tables share calls of the sandbox, a few each: a call costs as much as such a
reference does. They are of one store, whose author says what is right in all of them. One that
fails is run again alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from darebench.environment import Environment, current_environment, fingerprint
from darebench.errors import DareError, ReferenceMismatch, SandboxFault, TaskFormatError
from darebench.reference.execute import Ran, run_spec, run_specs
from darebench.reference.spec import PipelineSpec, reference_spec
from darebench.sandbox.executor import Executor
from darebench.store.truth import make_truth, read_settings, read_truth
from darebench.types import Family, Metric, Task, Truth, Variant

SCHEMA = 2
MOST_TOGETHER = 8
"""References in one call."""
SMALL_BYTES = 1 << 20
"""Of a table; a reference of a larger one has a call of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """One computed answer."""

    task: str
    path: Path
    environment: str
    """Hash of the environment that computed it."""
    answer: str
    """Hash of the file's content."""
    seconds: float
    """Of the computation, also when it was found in the cache."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsolved:
    """An IF task whose reference cannot be computed: a defect of the task or of us."""

    task: str
    message: str


async def solve(
    tasks: Sequence[Task],
    executor: Executor,
    cache: Path,
    *,
    on_done: Callable[[str], None] | None = None,
) -> dict[str, Reference | Unsolved]:
    """Compute the references of all IF tasks among `tasks`, or find them in `cache`.

    Args:
        tasks: Tasks of any kind; others than IF are passed over.
        executor: The sandbox; its places bound how many run at once.
        cache: Folder of computed references, made if needed.
        on_done: Called with each task's id when its reference is there.
    """
    cache.mkdir(parents=True, exist_ok=True)
    chosen = [task for task in tasks if task.variant is Variant.IF]
    results: dict[str, Reference | Unsolved] = {}

    def note(task: Task, result: Reference | Unsolved) -> None:
        results[task.id] = result
        if on_done is not None:
            on_done(task.id)

    # Enough calls for all processors to end at about the same time.
    size = max(1, min(MOST_TOGETHER, len(chosen) // (4 * (os.cpu_count() or 1))))
    groups = [chosen[start : start + size] for start in range(0, len(chosen), size)]
    await asyncio.gather(*(_solve_some(group, executor, cache, note) for group in groups))
    return {task.id: results[task.id] for task in chosen}


def reference_truth(task: Task, reference: Reference) -> Truth:
    """Wrap a reference as the truth that its task is scored against.

    Raises:
        ReferenceMismatch: it was computed in another environment than this one.
        TaskFormatError: its file cannot be read.
    """
    here = current_environment().hash
    if reference.environment != here:
        raise ReferenceMismatch(
            f"{task.id}: its reference was computed in environment {reference.environment}, and "
            f"this is {here}; compute it here with `darebench reference`"
        )
    metric = Metric.EXACT_LABELS if task.family is Family.CLASS else Metric.CLOSE_NUMBERS
    try:
        content = reference.path.read_bytes()
    except OSError as error:
        raise TaskFormatError(f"{reference.path} cannot be read: {error.strerror}") from None
    return make_truth(task, content, metric, reference.environment)


async def read_answers(
    tasks: Sequence[Task],
    executor: Executor,
    cache: Path,
    *,
    on_done: Callable[[str], None] | None = None,
) -> tuple[dict[str, Truth], dict[str, DareError]]:
    """Give the truth of every task, references included, and why the others have none."""
    solved = await solve(tasks, executor, cache, on_done=on_done)
    return _answers(tasks, lambda task: solved[task.id])


def import_answers(
    tasks: Sequence[Task], folder: Path
) -> tuple[dict[str, Truth], dict[str, DareError]]:
    """Do as `read_answers`, with the references that `export_reference` wrote to `folder`."""
    return _answers(tasks, lambda task: import_reference(task, folder))


def _answers(
    tasks: Sequence[Task], find: Callable[[Task], Reference | Unsolved]
) -> tuple[dict[str, Truth], dict[str, DareError]]:
    truths: dict[str, Truth] = {}
    problems: dict[str, DareError] = {}
    for task in tasks:
        try:
            found = find(task) if task.variant is Variant.IF else None
            truths[task.id] = _truth_of(task, found)
        except DareError as error:
            problems[task.id] = error
    return truths, problems


def import_reference(task: Task, folder: Path) -> Reference:
    """Find a task's reference in a folder that `export_reference` wrote.

    Raises:
        TaskFormatError: there is none, or it has no record of its environment.
    """
    path = folder / task.dataset / "reference.csv"
    record = path.with_suffix(".json")
    try:
        reference = _from_record(task, path, json.loads(record.read_text()))
        content = path.read_bytes()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TaskFormatError(
            f"{task.id}: no usable reference at {path} ({error}); write it with "
            "`darebench reference --out`"
        ) from None
    if reference.answer != _digest(content):
        raise TaskFormatError(f"{task.id}: {path} is not the answer that {record.name} describes")
    return reference


def export_reference(task: Task, reference: Reference, folder: Path) -> Path:
    """Copy a reference and its record to `folder/<dataset>/reference.csv`."""
    target = folder / task.dataset / "reference.csv"
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(reference.path, target)
    shutil.copyfile(reference.path.with_suffix(".json"), target.with_suffix(".json"))
    return target


@dataclass(frozen=True, slots=True, kw_only=True)
class _Missing:
    """A reference that is not in the cache."""

    task: Task
    spec: PipelineSpec
    environment: Environment
    path: Path
    """Where it belongs."""

    @property
    def is_small(self) -> bool:
        """Its tables are."""
        sizes = [(self.task.source / name).stat().st_size for name in self.spec.inputs]
        return max(sizes) <= SMALL_BYTES


async def _solve_some(
    tasks: Sequence[Task],
    executor: Executor,
    cache: Path,
    note: Callable[[Task, Reference | Unsolved], None],
) -> None:
    """Find references or compute them: those of small tables together, the others alone."""
    missing: list[_Missing] = []
    for task in tasks:
        try:
            found = _find(task, cache)
        except DareError as error:
            found = Unsolved(task=task.id, message=str(error))
        if isinstance(found, _Missing):
            missing.append(found)
        else:
            note(task, found)
    with tempfile.TemporaryDirectory(dir=cache) as scratch:
        ran = await _run_together([one for one in missing if one.is_small], executor, Path(scratch))
        for one in missing:
            if one.task.id in ran:
                note(one.task, _keep(one, ran[one.task.id]))

    async def alone(one: _Missing) -> None:
        try:
            with tempfile.TemporaryDirectory(dir=cache) as scratch:
                result = _keep(one, await run_spec(one.task, one.spec, executor, Path(scratch)))
        except DareError as error:
            result = Unsolved(task=one.task.id, message=str(error))
        note(one.task, result)

    await asyncio.gather(*(alone(one) for one in missing if one.task.id not in ran))


async def _run_together(
    missing: Sequence[_Missing], executor: Executor, folder: Path
) -> dict[str, Ran]:
    if len(missing) < 2:
        return {}
    try:
        return await run_specs([(one.task, one.spec) for one in missing], executor, folder)
    except SandboxFault:  # each is tried again alone, and says what is wrong
        return {}


def _find(task: Task, cache: Path) -> Reference | _Missing:
    spec = reference_spec(task, read_settings(task))
    environment = current_environment()
    path = cache / f"{_key(task, spec, environment)}.csv"
    record = path.with_suffix(".json")
    if path.is_file() and record.is_file():
        with contextlib.suppress(ValueError, KeyError, TypeError):  # cut off: it is made again
            kept = _from_record(task, path, json.loads(record.read_text()))
            if kept.answer == _digest(path.read_bytes()):
                return kept
    return _Missing(task=task, spec=spec, environment=environment, path=path)


def _keep(one: _Missing, ran: Ran) -> Reference:
    """Put a prediction and its record into the cache."""
    content = {
        "schema": SCHEMA,
        "task": one.task.id,
        "spec": one.spec.hash,
        "environment": one.environment.as_dict(),
        "answer": _digest(ran.prediction.read_bytes()),
        "seconds": round(ran.seconds, 3),
    }
    fresh = ran.prediction.with_name(f"{ran.prediction.name}.json")
    fresh.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n")
    ran.prediction.replace(one.path)
    fresh.replace(one.path.with_suffix(".json"))
    return _from_record(one.task, one.path, content)


def _from_record(task: Task, path: Path, record: dict) -> Reference:
    return Reference(
        task=task.id,
        path=path,
        environment=record["environment"]["hash"],
        answer=record["answer"],
        seconds=record["seconds"],
    )


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]


def _key(task: Task, spec: PipelineSpec, environment: Environment) -> str:
    contents = []
    for name in spec.inputs:
        file = task.source / name
        if not file.is_file():
            raise TaskFormatError(f"{task.id}: {file} is missing; fetch the store again")
        with file.open("rb") as stream:
            contents.append(hashlib.file_digest(stream, "sha256").hexdigest())
    return fingerprint([SCHEMA, contents, spec.hash, environment.hash])


def _truth_of(task: Task, solved: Reference | Unsolved | None) -> Truth:
    if isinstance(solved, Unsolved):
        raise TaskFormatError(solved.message)
    return read_truth(task) if solved is None else reference_truth(task, solved)
