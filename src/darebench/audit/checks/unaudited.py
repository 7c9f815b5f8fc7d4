"""A task that this machine could not audit, which says nothing against the task."""

from __future__ import annotations

from darebench.audit.findings import Finding, Severity


def unaudited(reason: str) -> list[Finding]:
    """Report a task whose worker was killed."""
    message = f"not audited: {reason}"
    return [Finding(check="unaudited", severity=Severity.WARNING, figure=1.0, message=message)]
