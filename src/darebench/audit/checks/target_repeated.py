"""Tasks that ask of a table what another task of it asks already."""

from __future__ import annotations

from darebench.audit.alike_targets import AlikeTarget
from darebench.audit.findings import Finding, Severity


def target_repeated(alike: AlikeTarget) -> list[Finding]:
    """Report a target that is nearly another dataset's target of the same table."""
    message = f"target {alike.target!r} is a target of {alike.dataset}, too"
    if alike.target != alike.other:
        message = (
            f"target {alike.target!r} says nearly what {alike.other!r} of {alike.dataset} says "
            f"({alike.measure} {alike.similarity:.2f})"
        )
    return [
        Finding(
            check="target_repeated",
            severity=Severity.WARNING,
            figure=alike.similarity,
            message=message,
        )
    ]
