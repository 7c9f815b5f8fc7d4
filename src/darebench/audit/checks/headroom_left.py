"""Tasks in which there is nothing, or everything, to be won."""

from __future__ import annotations

from darebench.audit.findings import Finding, Severity
from darebench.audit.headroom import SOLVED, Headroom

LEAST_ROOM = 0.05
"""What a strong model must win over the trivial answer."""
TRIVIAL = 0.95
"""Score of a constant over which a task is solved by it."""


def headroom_left(headroom: Headroom) -> list[Finding]:
    """Find tasks that a constant solves, or that no quick model does better on than a constant."""
    found = []
    if headroom.room < LEAST_ROOM and headroom.floor <= TRIVIAL:
        message = (
            f"a quick model scores {headroom.ceiling:.3f}, the trivial answer {headroom.floor:.3f}"
        )
        found.append((Severity.WARNING, headroom.room, message))
    if headroom.floor > TRIVIAL:
        message = f"the trivial answer scores {headroom.floor:.3f}"
        found.append((Severity.DEFECT, headroom.floor, message))
    if headroom.ceiling >= SOLVED and headroom.floor <= TRIVIAL:
        message = f"the features determine the target: a quick model scores {headroom.ceiling:.4f}"
        found.append((Severity.WARNING, headroom.ceiling, message))
    return [
        Finding(check="headroom", severity=severity, figure=figure, message=message)
        for severity, figure, message in found
    ]
