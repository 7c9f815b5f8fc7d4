"""Audits any store in the layout: every check on every task, and one look over all of them.

What is checked of one task is what curation asks of its own tasks before it keeps them;
`docs/audit.md` lists the checks. A task that cannot be read is a finding too, and stops nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from joblib import delayed
from threadpoolctl import threadpool_limits

from darebench.audit.findings import Finding, Severity
from darebench.audit.headroom import Headroom, find_headroom, measure
from darebench.audit.near_duplicates import twin_findings
from darebench.audit.readback import settings_lost
from darebench.audit.written import executor, find_all, read_tables
from darebench.errors import ConfigError, DareError, SandboxFault
from darebench.parallel import Cluster, run_all
from darebench.store.read import open_store, select
from darebench.types import Family, Task, Track, Variant

Report = Callable[[str, int, int], None]
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskAudit:
    """What the checks say of one task."""

    id: str
    """Of the task; of the dataset, if that cannot be read at all."""
    track: Track | None
    """None if the dataset cannot be read."""
    findings: tuple[Finding, ...]
    floor: float | None = None
    """Score of the best constant; None for IF, and where it cannot be measured."""
    ceiling: float | None = None
    """Score of a quick strong model."""

    @property
    def worst(self) -> Severity | None:
        """The gravest finding's severity."""
        return max((f.severity for f in self.findings), key=list(Severity).index, default=None)

    def as_dict(self) -> dict[str, Any]:
        """Form for JSON."""
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
            "floor": None if self.floor is None else round(self.floor, 4),
            "ceiling": None if self.ceiling is None else round(self.ceiling, 4),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What an audit found, in the store's order."""

    store: str
    hash: str
    tasks: tuple[TaskAudit, ...]

    def count(self, severity: Severity) -> int:
        """Count the tasks that have a finding of this severity."""
        return sum(any(f.severity is severity for f in t.findings) for t in self.tasks)


def audit_store(
    ref: str | Path | None,
    patterns: Sequence[str] = (),
    *,
    family: Family | None = None,
    variant: Variant | None = None,
    limit: int | None = None,
    seed: int | None = None,
    jobs: int = 1,
    report: Report | None = None,
) -> Audit:
    """Audit the chosen tasks of a store, and every dataset of it that cannot be read.

    Raises:
        StoreError: there is no store at `ref`.
        ConfigError: a pattern matches nothing.
        SandboxFault: the sandbox does not work here.
    """
    store = open_store(ref)
    tasks = select(store.tasks, patterns, family=family, variant=variant, limit=limit, seed=seed)
    audits: dict[str, TaskAudit] = {}
    calls = [delayed(audit_task)(task) for task in tasks]
    for done in run_all(calls, Cluster.LOCAL, jobs):
        audits[done.id] = done
        if report is not None:
            report("tasks", len(audits), len(tasks))
    twins = twin_findings(store.root, store.tasks)
    broken = [
        TaskAudit(id=p.dataset, track=None, findings=(_broken(p.message),)) for p in store.problems
    ]
    found = [_with(audits[task.id], twins.get(task.id)) for task in tasks]
    return Audit(store=str(store.root), hash=store.hash, tasks=(*found, *broken))


def audit_task(task: Task) -> TaskAudit:
    """Run every check of one task.

    Raises:
        SandboxFault: the sandbox does not work here.
    """
    findings: list[Finding] = []
    headroom: Headroom | None = None
    try:
        with threadpool_limits(1):
            tables = read_tables(task)
            findings += find_all(task, tables)
            if task.variant is Variant.IF:
                findings += settings_lost(task, tables, executor())
            else:
                headroom = measure(tables)
                findings += find_headroom(headroom)
    except (ConfigError, SandboxFault):
        raise  # ours, not the task's
    except DareError as error:
        findings.append(_broken(str(error)))
    except Exception as error:  # whatever a store can break; the finding names it
        _log.warning("%s: unexpected failure", task.id, exc_info=True)
        text = " ".join(str(error).split())[:200]
        findings.append(_broken(f"the checks end with {type(error).__name__}: {text}"))
    return TaskAudit(
        id=task.id,
        track=task.track,
        findings=tuple(findings),
        floor=headroom.floor if headroom else None,
        ceiling=headroom.ceiling if headroom else None,
    )


def _broken(message: str) -> Finding:
    return Finding(check="broken", severity=Severity.DEFECT, figure=1.0, message=message)


def _with(audit: TaskAudit, twin: Finding | None) -> TaskAudit:
    if twin is None:
        return audit
    return TaskAudit(
        id=audit.id,
        track=audit.track,
        findings=(*audit.findings, twin),
        floor=audit.floor,
        ceiling=audit.ceiling,
    )
