"""Proves a written dataset: its checks, its references, its answers; nothing unproven is kept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from darebench.audit.findings import Severity
from darebench.audit.task_audit import Written, check_written
from darebench.audit.task_tables import read_tables
from darebench.errors import CurationReject
from darebench.reference.coverage import Coverage
from darebench.store.read import open_store
from darebench.types import Task, Variant


class Undemanding(CurationReject):
    """The answer of an IF task would not show whether its steps were followed."""

    def __init__(self, message: str, coverage: Coverage) -> None:
        super().__init__(message)
        self.coverage = coverage
        """What each of its steps changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What the proof of a dataset showed."""

    flags: list[str]
    """What is worth knowing of its tasks."""
    coverage: Coverage | None
    """What each step of its IF workflow changes; None for a dataset without one."""


def verify(store: Path) -> Verified:
    """Prove the tasks of a store of one dataset.

    Raises:
        Undemanding: Too few steps of the IF workflow change its answer.
        CurationReject: A check finds more than a note; the reason names the task and the figure.
    """
    opened = open_store(store)
    if opened.problems:
        raise CurationReject(opened.problems[0].message)
    flags, coverage = [], None
    # The reference takes longest.
    for task in sorted(opened.tasks, key=lambda task: task.variant is Variant.IF):
        written = check_written(task, read_tables(task), rules=False)
        coverage = written.coverage or coverage
        _refuse(task, written)
        flags += [f"{task.variant}: {f.check}: {f.message}" for f in written.findings]
    return Verified(flags=sorted(flags), coverage=coverage)


def _refuse(task: Task, written: Written) -> None:
    for finding in written.findings:
        if finding.severity is Severity.NOTE:
            continue
        message = f"{finding.check}: {task.variant}: {finding.message}"
        if finding.check == "process_coverage" and written.coverage is not None:
            raise Undemanding(message, written.coverage)
        raise CurationReject(message)
