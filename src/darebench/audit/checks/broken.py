"""A task or dataset that cannot be read."""

from __future__ import annotations

from darebench.audit.findings import Finding, Severity


def broken(failure: str) -> list[Finding]:
    """Report files, settings or columns that are missing or unreadable."""
    return [Finding(check="broken", severity=Severity.DEFECT, figure=1.0, message=failure)]
