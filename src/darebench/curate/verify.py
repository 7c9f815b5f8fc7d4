"""Proves a written dataset: its checks, its references, its answers; nothing unproven is kept."""

from __future__ import annotations

from pathlib import Path

from darebench.audit.findings import Severity
from darebench.audit.task_audit import check_written
from darebench.audit.task_tables import read_tables
from darebench.errors import CurationReject
from darebench.store.read import open_store
from darebench.types import Variant


def verify(store: Path) -> list[str]:
    """Prove both tasks of a store of one dataset; return what is worth knowing of them.

    Raises:
        CurationReject: A check finds more than a note; the reason names the task and the figure.
    """
    opened = open_store(store)
    if opened.problems:
        raise CurationReject(opened.problems[0].message)
    flags = []
    # The reference takes longest.
    for task in sorted(opened.tasks, key=lambda task: task.variant is Variant.IF):
        for finding in check_written(task, read_tables(task)):
            if finding.severity is not Severity.NOTE:
                raise CurationReject(f"{finding.check}: {task.variant}: {finding.message}")
            flags.append(f"{task.variant}: {finding.check}: {finding.message}")
    return sorted(flags)
