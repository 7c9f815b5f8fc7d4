"""The same table under another source's name."""

from __future__ import annotations

from darebench.audit.findings import Finding, Severity
from darebench.audit.near_duplicates import SharedRows


def duplicate_table(shared: SharedRows) -> list[Finding]:
    """Report a table that has the rows of another source's: a defect between training and test."""
    message = f"{shared.duplicate.message}, which names another source"
    if len(set(shared.splits)) > 1:
        severity = Severity.DEFECT
        message += "; one is for training and the other for test"
    else:
        severity = Severity.WARNING
    figure = shared.duplicate.share
    return [Finding(check="twin", severity=severity, figure=figure, message=message)]
