"""Settings of a workflow that its question does not make plain."""

from __future__ import annotations

from darebench.audit.findings import Finding, Severity
from darebench.audit.readback import Readings


def settings_lost(readings: Readings) -> list[Finding]:
    """Find settings of a workflow that do not come back from its question.

    The scripted agent reads it, which also weighs what the files hold, and so does the reader of
    the text alone. Both can be wrong where a person would not: a warning, where neither gives the
    settings.
    """
    lost = min(readings.differences, key=len, default=["the text is not read as a workflow"])
    lost = [*lost, *readings.lost_ranges]
    if not lost:
        return []
    message = f"{len(lost)} settings do not come back from the question: {'; '.join(lost)}"
    return [
        Finding(
            check="settings_lost",
            severity=Severity.WARNING,
            figure=float(len(lost)),
            message=message[:400],
        )
    ]
