"""A task or dataset that cannot be read, or a task that was not audited."""

from __future__ import annotations

from darebench.audit.findings import Finding, Severity


def broken(failure: str) -> list[Finding]:
    """Report files, settings or columns that are missing or unreadable."""
    return [Finding(check="broken", severity=Severity.DEFECT, figure=1.0, message=failure)]


def unaudited(reason: str) -> list[Finding]:
    """Report a task that this machine could not audit, which says nothing against the task."""
    message = f"not audited: {reason}"
    return [Finding(check="unaudited", severity=Severity.WARNING, figure=1.0, message=message)]
