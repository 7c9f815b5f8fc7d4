"""Workflows whose answer does not show whether their steps were followed."""

from __future__ import annotations

from darebench.audit.findings import Finding, Severity
from darebench.audit.reference_run import ReferenceRun
from darebench.reference.coverage import MORE_STEPS, Coverage


def process_coverage(run: ReferenceRun) -> list[Finding]:
    """Find tasks in which the filter, or fewer than two further steps, change the predictions."""
    coverage = run.coverage
    if coverage is None or coverage.suffices:
        return []
    return [
        Finding(
            check="process_coverage",
            severity=Severity.WARNING,
            figure=float(coverage.n_steps),
            message=tell_coverage(coverage),
        )
    ]


def tell_coverage(coverage: Coverage) -> str:
    """Return which steps change the predictions of a task, and which do not, in a sentence."""
    changing = ", ".join(coverage.changing) or "no step"
    dull = ", ".join(coverage.dull) or "none"
    return (
        f"the filter and {MORE_STEPS} more steps should change the predictions; {changing} do, "
        f"{dull} do not, and the others are not applicable"
    )
