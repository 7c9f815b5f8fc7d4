"""References that do not run, or that do not follow from the text."""

from __future__ import annotations

from darebench.audit.findings import Finding, Severity
from darebench.audit.reference_run import ReferenceRun


def reference_reproduced(run: ReferenceRun) -> list[Finding]:
    """Find references that do not run, or that the noisy file or more threads do not give."""
    if run.failure:
        message = f"it does not run: {run.failure}"
    elif run.difference:
        message = f"the reference is not reproduced: {run.difference}"
    else:
        return []
    return [Finding(check="reference", severity=Severity.DEFECT, figure=1.0, message=message)]
