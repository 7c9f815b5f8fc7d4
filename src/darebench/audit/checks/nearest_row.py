"""Targets that the most similar training row tells better than models do."""

from __future__ import annotations

from darebench.audit.findings import Finding, Severity
from darebench.audit.probes import Probes

LEAST_GAIN = 0.1
"""Score over that of quick models from which on a copy of the nearest row is a leak."""


def nearest_row(probes: Probes) -> list[Finding]:
    """Find tasks in which copying the nearest training row beats what models learn.

    Neighbours of a sorted table and rows of one entity that nothing names look like this.
    """
    nearest, learned = probes.nearest, probes.headroom.reference
    if nearest is None or not nearest.is_real or nearest.score < learned + LEAST_GAIN:
        return []
    message = (
        f"the target of the most similar training row scores {nearest.score:.2f}, quick models "
        f"{learned:.2f}"
    )
    return [
        Finding(
            check="nearest_row",
            severity=Severity.WARNING,
            figure=nearest.score - learned,
            message=message,
        )
    ]
