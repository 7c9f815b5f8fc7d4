"""References whose library versions are unknown, or are others than here."""

from __future__ import annotations

from darebench.audit.findings import Finding, Severity
from darebench.audit.reference_run import ReferenceRun


def environment_recorded(run: ReferenceRun) -> list[Finding]:
    """Find references whose library versions are not recorded, or are others than here."""
    if run.recorded is None:
        severity = Severity.WARNING
        message = "the library versions that the reference depends on are not recorded"
    elif run.recorded != run.environment:
        severity = Severity.NOTE
        message = (
            f"the reference was proven in environment {run.recorded}; this one is {run.environment}"
        )
    else:
        return []
    return [Finding(check="environment", severity=severity, figure=1.0, message=message)]
