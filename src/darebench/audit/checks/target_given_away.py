"""A feature that alone gives a target away."""

from __future__ import annotations

from darebench.audit.findings import Finding, Severity
from darebench.audit.leaks import find_leaks
from darebench.audit.task_tables import TaskTables


def target_given_away(tables: TaskTables) -> list[Finding]:
    """Find features that alone give a target: copies, other units, codes, groups."""
    return [
        Finding(
            check="target_given_away",
            severity=Severity.DEFECT,
            figure=leak.relation.figure,
            message=f"feature {leak.feature!r} {leak.relation.how} target {leak.target!r}",
        )
        for leak in find_leaks(tables)
    ]
