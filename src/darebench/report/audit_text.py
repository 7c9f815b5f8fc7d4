"""An audit in the terminal: how many tasks each check concerns, then every finding that counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from darebench.audit.findings import Severity
from darebench.audit.score_attacks import ScoreAttackResult
from darebench.audit.store_audit import Audit
from darebench.reference.coverage import MORE_STEPS, mean_steps
from darebench.report.audit_figures import store_facts
from darebench.report.cells import count, number
from darebench.report.table import ReportTable
from darebench.report.terminal import as_text, fill

SEVERITIES = tuple(reversed(Severity))
"""The gravest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckCount:
    """How many tasks have findings of a check."""

    check: str
    by_severity: dict[Severity, int]
    """Severity -> number of tasks."""
    worst: Severity
    example: str
    """Id of the first task with a finding of the worst severity."""


def count_checks(audit: Audit) -> list[CheckCount]:
    """Count the tasks with findings of each check, the gravest and most frequent first."""
    tasks: dict[str, dict[Severity, list[str]]] = {}
    for task in audit.tasks:
        for finding in task.findings:
            ids = tasks.setdefault(finding.check, {}).setdefault(finding.severity, [])
            if not ids or ids[-1] != task.id:
                ids.append(task.id)
    counts = [
        CheckCount(
            check=check,
            by_severity={s: len(found.get(s, ())) for s in SEVERITIES},
            worst=(worst := next(s for s in SEVERITIES if s in found)),
            example=found[worst][0],
        )
        for check, found in tasks.items()
    ]
    return sorted(counts, key=lambda c: (*(-c.by_severity[s] for s in SEVERITIES), c.check))


def attack_table(results: Sequence[ScoreAttackResult]) -> ReportTable:
    """Return what the scorer gave each kind of attack."""
    return ReportTable(
        title="Predictions that solve nothing, and the right answer in another dress",
        note="Tasks on which the score was what it has to be, and the scores.",
        columns=("prediction", "held", "tasks", "lowest", "highest", "for example"),
        rows=tuple(
            (
                result.name,
                count(result.held),
                count(result.tasks),
                number(result.lowest, ".3f"),
                number(result.highest, ".3f"),
                next(iter(result.escaped), ""),
            )
            for result in results
        ),
    )


def audit_text(audit: Audit) -> str:
    """Return an audit as text: the checks, every defect and warning, and the store's figures."""
    counts = count_checks(audit)
    table = ReportTable(
        title=f"{len(audit.tasks)} tasks of {audit.store} ({audit.hash})",
        note="Tasks that a check has something to say of, by severity.",
        columns=("check", *map(str, SEVERITIES), "for example"),
        rows=tuple(
            (c.check, *(str(c.by_severity[s] or "") for s in SEVERITIES), c.example) for c in counts
        ),
    )
    lines = [
        fill(f"{finding.severity}  {task.id}  {finding.check}: {finding.message}", indent="  ")
        for severity in (Severity.DEFECT, Severity.WARNING)
        for task in audit.tasks
        for finding in task.findings
        if finding.severity is severity
    ]
    clean = len(audit.tasks) - sum(t.worst not in (None, Severity.NOTE) for t in audit.tasks)
    lines += [fill(f"{name}: {text}", indent="  ") for name, text in store_facts(audit).items()]
    lines.append(f"{clean} of {len(audit.tasks)} tasks have neither a defect nor a warning")
    lines += coverage_lines(audit)
    return as_text(table) + "\n".join(lines) + "\n"


def coverage_lines(audit: Audit) -> list[str]:
    """Return how far the steps of the IF workflows matter, in sentences; none without any."""
    coverages = [task.coverage for task in audit.tasks if task.coverage is not None]
    if not coverages:
        return []
    enough = sum(coverage.suffices for coverage in coverages)
    dull = Counter(step for coverage in coverages for step in coverage.dull)
    parts = [f"{step} in {count}" for step, count in dull.most_common()]
    return [
        f"the filter and {MORE_STEPS} more steps change the answer in {enough} of "
        f"{len(coverages)} IF tasks, {mean_steps(coverages):.1f} steps do on average",
        *([f"steps that change nothing where they should: {', '.join(parts)}"] if parts else []),
    ]
