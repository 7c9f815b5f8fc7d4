"""Audit any store in the layout: every check on every task, and one look over all of them.

What is asked of one task is what curation asks of its own tasks before it keeps them;
`docs/audit.md` lists the checks. A task that cannot be read is a finding too, and stops nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from joblib import delayed

from darebench.audit.checks import Need, find
from darebench.audit.checks.broken import broken
from darebench.audit.findings import Severity
from darebench.audit.near_duplicates import find_shared_rows
from darebench.audit.task_audit import TaskAudit, audit_task
from darebench.parallel import Cluster, Lost, run_all
from darebench.store.read import open_store, select
from darebench.types import Family, Progress, Variant


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What an audit found, in the store's order."""

    store: str
    """The store's folder."""
    hash: str
    """The store's hash."""
    tasks: tuple[TaskAudit, ...]
    """One for each task that was asked about, then one for each dataset that cannot be read."""

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
    report: Progress | None = None,
) -> Audit:
    """Audit the chosen tasks of a store, and every dataset of it that cannot be read.

    Args:
        ref: A folder, an archive or `hf://owner/name`; None for the starter store.
        patterns: Task ids, dataset names or globs; all tasks if there are none.
        family: Only tasks of this family.
        variant: Only tasks of this variant.
        limit: At most this many tasks.
        seed: Random seed for choosing which `limit` tasks; the first ones without it.
        jobs: Tasks at the same time.
        report: Called after each task.

    Raises:
        StoreError: There is no store at `ref`.
        ConfigError: A pattern matches nothing.
        SandboxFault: The sandbox does not work here.
    """
    store = open_store(ref)
    tasks = select(store.tasks, patterns, family=family, variant=variant, limit=limit, seed=seed)
    audits: dict[str, TaskAudit] = {}
    calls = [delayed(audit_task)(task) for task in tasks]
    for done in run_all(calls, Cluster.LOCAL, jobs):
        if isinstance(done, Lost):
            task = tasks[done.index]
            done = TaskAudit(
                id=task.id,
                track=task.track,
                findings=tuple(find(Need.WORKER, done.reason, task.variant)),
            )
        audits[done.id] = done
        if report is not None:
            report("tasks", len(audits), len(tasks))
    shared = find_shared_rows(store.root, store.tasks)
    for task in tasks:
        if task.id in shared:
            more = find(Need.STORE, shared[task.id], task.variant)
            audits[task.id] = audits[task.id].with_findings(*more)
    unreadable = [
        TaskAudit(id=problem.dataset, track=None, findings=tuple(broken(problem.message)))
        for problem in store.problems
    ]
    return Audit(
        store=str(store.root),
        hash=store.hash,
        tasks=(*(audits[task.id] for task in tasks), *unreadable),
    )
