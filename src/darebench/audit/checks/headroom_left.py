"""Tasks in which there is nothing, or everything, to be won."""

from __future__ import annotations

from darebench.audit.findings import Finding, Severity
from darebench.audit.headroom import LEAST_ROOM, SOLVED, Headroom

TRIVIAL = 0.95
"""Score of a naive answer over which a task is solved by it."""


def headroom_left(headroom: Headroom) -> list[Finding]:
    """Find tasks that a naive answer, or anything, solves, and those whose scores are noise."""
    best = max(headroom.naive, key=lambda name: headroom.naive[name].score, default="constant")
    figures = (
        f"the best model scores {headroom.reference:.3f}, "
        f"the best naive answer ({best}) {headroom.floor:.3f}"
    )
    found = []
    if headroom.floor > TRIVIAL:
        found.append((Severity.DEFECT, headroom.floor, figures))
    elif headroom.room < LEAST_ROOM:
        found.append((Severity.WARNING, headroom.room, figures))
    elif headroom.is_noise:
        message = (
            f"its score varies by {headroom.deviation:.3f} with the rows that are drawn, and "
            f"{headroom.whole_room:.3f} can be won"
        )
        found.append((Severity.WARNING, headroom.deviation, message))
    if headroom.reference >= SOLVED and headroom.floor <= TRIVIAL:
        message = (
            f"the features determine the target: the best model scores {headroom.reference:.4f}"
        )
        found.append((Severity.WARNING, headroom.reference, message))
    return [
        Finding(check="headroom", severity=severity, figure=figure, message=message)
        for severity, figure, message in found
    ]
