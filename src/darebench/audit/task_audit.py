"""Run the checks on one task: all of them, or those that curation asks before it keeps a task."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import Any

from threadpoolctl import threadpool_limits

from darebench.audit.checks import Need, find
from darebench.audit.checks.broken import broken
from darebench.audit.findings import Finding, Severity
from darebench.audit.headroom import Headroom, measure
from darebench.audit.readback import read_back
from darebench.audit.reference_run import executor, run_reference
from darebench.audit.task_tables import TaskTables, read_tables
from darebench.errors import ConfigError, DareError, SandboxFault
from darebench.store.truth import read_truth
from darebench.types import Task, Track, Variant

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskAudit:
    """What the checks say about one task."""

    id: str
    """The task's id; the dataset's name, if that cannot be read at all."""
    track: Track | None
    """None if the dataset cannot be read."""
    findings: tuple[Finding, ...]
    headroom: Headroom | None = None
    """What it leaves to be won; None for IF, and where it cannot be measured."""

    @property
    def worst(self) -> Severity | None:
        """The gravest finding's severity."""
        return max((f.severity for f in self.findings), key=list(Severity).index, default=None)

    def with_findings(self, *more: Finding) -> TaskAudit:
        """Return this audit with further findings at its end."""
        return replace(self, findings=(*self.findings, *more))

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        room = self.headroom
        return {
            "id": self.id,
            "findings": [
                {
                    "check": finding.check,
                    "severity": str(finding.severity),
                    "figure": round(finding.figure, 6),
                    "message": finding.message,
                }
                for finding in self.findings
            ],
            "floor": round(room.floor, 4) if room else None,
            "reference": round(room.reference, 4) if room else None,
            "band": str(room.band) if room else None,
        }


def check_tables(tables: TaskTables) -> list[Finding]:
    """Run the checks that need a task's tables alone; an empty list is a clean task."""
    return find(Need.TABLES, tables, tables.variant)


def check_written(task: Task, tables: TaskTables) -> list[Finding]:
    """Run what curation asks of a written task: every check but those that fit models or read.

    Raises:
        TaskFormatError: Its answer is missing or broken.
        SandboxFault: The sandbox does not work here.
    """
    findings = check_tables(tables)
    if task.variant is Variant.IF:
        return findings + find(Need.REFERENCE, run_reference(task), task.variant)
    return findings + find(Need.TRUTH, read_truth(task), task.variant)


def audit_task(task: Task) -> TaskAudit:
    """Run every check of one task; what cannot be read is a finding too.

    Raises:
        SandboxFault: The sandbox does not work here.
    """
    findings: list[Finding] = []
    headroom: Headroom | None = None
    try:
        with threadpool_limits(1):
            tables = read_tables(task)
            findings += check_written(task, tables)
            if task.variant is Variant.IF:
                readings = read_back(task, tables, executor())
                findings += find(Need.READINGS, readings, task.variant)
            else:
                headroom = measure(tables)
                findings += find(Need.MODELS, headroom, task.variant)
    except (ConfigError, SandboxFault):
        raise  # ours, not the task's
    except DareError as error:
        findings += broken(str(error))
    except Exception as error:  # whatever a store can break; the finding names it
        _log.warning("%s: unexpected failure", task.id, exc_info=True)
        text = " ".join(str(error).split())[:200]
        findings += broken(f"the checks end with {type(error).__name__}: {text}")
    return TaskAudit(
        id=task.id,
        track=task.track,
        findings=tuple(findings),
        headroom=headroom,
    )
