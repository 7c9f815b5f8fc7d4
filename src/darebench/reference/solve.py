"""Computes the references of a whole store in the sandbox, and keeps them by their content.

A reference's key is the hash of its input files, its settings, the workflow's text and the
environment. A changed file, setting, workflow or library version gives another key, so that nothing
stale is ever read. A record of the environment lies beside each answer.

Small tables share calls of the sandbox, because a call costs as much as such a reference does. The
workflows in a call can see each other's files; they come from one store, whose author decides the
answers of all of them. A reference that fails there is computed again alone, which the log tells.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from darebench.environment import Environment, current_environment, fingerprint
from darebench.errors import DareError, SandboxFault, TaskFormatError
from darebench.reference.execute import Ran, run_spec, run_specs
from darebench.reference.spec import PipelineSpec, reference_spec
from darebench.sandbox.executor import Executor
from darebench.store.truth import read_settings
from darebench.types import Task, Variant

log = logging.getLogger(__name__)
SCHEMA = 2
MOST_TOGETHER = 8
"""Most references in one call."""
SMALL_BYTES = 1 << 20
"""Largest table whose reference shares a call with others."""


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
    """Time of the computation, also when the answer was found in the cache."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsolved:
    """An IF task whose reference cannot be computed, because of the task or because of us."""

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
        tasks: Tasks of any kind; those that are not IF tasks are passed over.
        executor: The sandbox; its slots bound how many references are computed at a time.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Missing:
    """A reference that the cache does not hold."""

    task: Task
    spec: PipelineSpec
    environment: Environment
    path: Path
    """Where the answer belongs in the cache."""

    @property
    def is_small(self) -> bool:
        """Whether its tables are small enough to share a call."""
        sizes = [(self.task.source / name).stat().st_size for name in self.spec.inputs]
        return max(sizes) <= SMALL_BYTES


async def _solve_some(
    tasks: Sequence[Task],
    executor: Executor,
    cache: Path,
    note: Callable[[Task, Reference | Unsolved], None],
) -> None:
    """Find references or compute them: small tables together, the others alone."""
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
    except SandboxFault as fault:  # each is computed alone, and then says what is wrong
        log.warning("%d references of a shared call are computed alone: %s", len(missing), fault)
        return {}


def _find(task: Task, cache: Path) -> Reference | _Missing:
    spec = reference_spec(task, read_settings(task))
    environment = current_environment()
    path = cache / f"{_key(task, spec, environment)}.csv"
    record = path.with_suffix(".json")
    if path.is_file() and record.is_file():
        with contextlib.suppress(
            ValueError, KeyError, TypeError
        ):  # a record that was cut off: it is computed again
            kept = from_record(task, path, json.loads(record.read_text()))
            if kept.answer == digest(path.read_bytes()):
                return kept
    return _Missing(task=task, spec=spec, environment=environment, path=path)


def _keep(one: _Missing, ran: Ran) -> Reference:
    """Move a prediction into the cache, with its record."""
    content = {
        "schema": SCHEMA,
        "task": one.task.id,
        "spec": one.spec.hash,
        "environment": one.environment.as_dict(),
        "answer": digest(ran.prediction.read_bytes()),
        "seconds": round(ran.seconds, 3),
    }
    fresh = ran.prediction.with_name(f"{ran.prediction.name}.json")
    fresh.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n")
    ran.prediction.replace(one.path)
    fresh.replace(one.path.with_suffix(".json"))
    return from_record(one.task, one.path, content)


def from_record(task: Task, path: Path, record: Mapping[str, Any]) -> Reference:
    """Return the reference at `path` as its record describes it.

    Raises:
        KeyError: A field of the record is missing.
    """
    return Reference(
        task=task.id,
        path=path,
        environment=record["environment"]["hash"],
        answer=record["answer"],
        seconds=record["seconds"],
    )


def digest(content: bytes) -> str:
    """Return twelve hex digits of the hash of an answer file."""
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
