"""Tasks that an agent solves whose training data say nothing."""

from __future__ import annotations

from darebench.audit.blind import AgentScores
from darebench.audit.findings import Finding, Severity

LEAST_GAIN = 0.1
"""Score of an agent with shuffled training data, over that of a constant, that the data must not
leave it."""


def blind_agent(scores: AgentScores) -> list[Finding]:
    """Find tasks that the scripted agent answers better than a constant with shuffled training."""
    blind, constant = scores.baseline.blind, scores.trivial.score
    if blind < constant + LEAST_GAIN:
        return []
    message = (
        f"with every training column shuffled on its own, the scripted agent scores {blind:.2f}, "
        f"as it is {scores.baseline.score:.2f}, and a constant {constant:.2f}"
    )
    return [
        Finding(
            check="blind_agent",
            severity=Severity.WARNING,
            figure=blind - constant,
            message=message,
        )
    ]
