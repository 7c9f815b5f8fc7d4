"""Audit any store in the layout: every check on every task, and one look over all of them.

`docs/audit.md` lists the checks: what curation asks of its own tasks before it keeps them, and what
it does not, so that an audit can disagree. A task that cannot be read is a finding too, and stops
nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from joblib import delayed

from darebench.audit.alike_targets import Distinctness, measure_distinctness
from darebench.audit.checks import Need, find
from darebench.audit.checks.broken import broken
from darebench.audit.findings import Finding, Severity
from darebench.audit.near_duplicates import SharedRows, find_shared_rows
from darebench.audit.refused import read_refused
from darebench.audit.store_figures import StoreFigures, measure_figures
from darebench.audit.task_audit import TaskAudit, audit_task
from darebench.parallel import Cluster, Lost, run_all
from darebench.store.read import open_store, select
from darebench.types import Family, Progress, Task, Variant


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What an audit found, in the store's order."""

    store: str
    """The store's folder."""
    hash: str
    """The store's hash."""
    tasks: tuple[TaskAudit, ...]
    """One for each task that was asked about, then one for each dataset that cannot be read."""
    figures: StoreFigures
    """What the tasks that were asked about are like together."""

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
    agents: bool = False,
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
        agents: Play the agents without a language model on each task, which takes up to minutes.
        report: Called at the start, after each task, and after each table of the whole store.

    Raises:
        StoreError: There is no store at `ref`.
            Or the ledger beside it cannot be read.
        ConfigError: A pattern matches nothing.
        SandboxFault: The sandbox does not work here.
    """
    store = open_store(ref)
    tasks = select(store.tasks, patterns, family=family, variant=variant, limit=limit, seed=seed)
    if report is not None:
        report("tasks", 0, len(tasks))
    audits = _audit_tasks(tasks, jobs, agents=agents, report=report)
    shared = find_shared_rows(store.root, store.tasks, report)
    distinctness = _compare_targets(tasks, shared, report)
    for task in tasks:
        more: list[Finding] = []
        if task.id in distinctness.by_task:
            more += find(Need.TARGETS, distinctness.by_task[task.id], task.variant)
        if task.id in shared:
            more += find(Need.STORE, shared[task.id], task.variant)
        audits[task.id] = audits[task.id].with_findings(*more)
    unreadable = [
        TaskAudit(id=problem.dataset, track=None, findings=tuple(broken(problem.message)))
        for problem in store.problems
    ]
    found = [audits[task.id] for task in tasks]
    refused = read_refused(store.root, (task.cluster.rpartition("/")[2] for task in store.tasks))
    return Audit(
        store=str(store.root),
        hash=store.hash,
        tasks=(*found, *unreadable),
        figures=measure_figures(tasks, found, distinctness, refused),
    )


def _audit_tasks(
    tasks: Sequence[Task], jobs: int, *, agents: bool, report: Progress | None
) -> dict[str, TaskAudit]:
    audits: dict[str, TaskAudit] = {}
    calls = [delayed(audit_task)(task, agents=agents) for task in tasks]
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
    return audits


def _compare_targets(
    tasks: Sequence[Task], shared: Mapping[str, SharedRows], report: Progress | None
) -> Distinctness:
    shares = {task.cluster: shared[task.id].duplicate.share for task in tasks if task.id in shared}
    return measure_distinctness(tasks, shares, report)
