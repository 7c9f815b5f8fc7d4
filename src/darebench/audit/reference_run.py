"""Run the reference of an IF task once, for the checks that judge it."""

from __future__ import annotations

import atexit
from dataclasses import dataclass
from functools import cache

from darebench.environment import current_environment
from darebench.errors import TaskFormatError
from darebench.reference.coverage import Coverage
from darebench.reference.prove import prove
from darebench.sandbox.local import LocalExecutor
from darebench.store import layout
from darebench.store.wire import AllMetadata, check, read_json
from darebench.sync import run_sync
from darebench.types import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceRun:
    """What a run of an IF task's reference showed."""

    answer: bytes | None
    """The reference's prediction file; None if it does not run."""
    failure: str
    """Why it does not run; empty if it does."""
    difference: str
    """Which path gives another answer; empty if none does."""
    coverage: Coverage | None
    """What near misses change; None if it does not run."""
    recorded: str | None
    """Hash of the versions that the reference was made with, where the store records it."""
    environment: str
    """Hash of the versions here."""


def run_reference(task: Task, *, rules: bool = True) -> ReferenceRun:
    """Run the reference, the literal path, the reference with two threads, and near misses.

    Args:
        task: The task.
        rules: Whether each single rule of the filter is left out once, which are the most runs.

    Raises:
        TaskFormatError: The settings cannot be read.
        SandboxFault: The sandbox does not work here.
    """
    path = layout.settings_file(task.source.parent)
    recorded = check(AllMetadata, read_json(path), str(path)).question.environment.get("hash")
    answer, failure, difference, coverage = None, "", "", None
    try:
        proof = run_sync(prove(task, executor(), rules=rules))
    except TaskFormatError as error:
        failure = str(error)
    else:
        answer, difference, coverage = proof.answer, proof.problem, proof.coverage
    return ReferenceRun(
        answer=answer,
        failure=failure,
        difference=difference,
        coverage=coverage,
        recorded=recorded,
        environment=current_environment().hash,
    )


@cache
def executor() -> LocalExecutor:
    """Return the sandbox of this worker process, which lives as long as the process."""
    executor = LocalExecutor(1)
    atexit.register(executor.close_now)
    return executor
