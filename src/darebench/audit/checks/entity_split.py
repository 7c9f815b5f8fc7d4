"""Rows of one entity on both sides of the split."""

from __future__ import annotations

from darebench.audit.findings import Finding, Severity
from darebench.audit.probes import EntityProbe, Probes

LEAST_SHARED = 0.1
LEAST_GAIN = 0.1
"""Score that an entity's name must have over chance, and over what is constant within it."""


def entity_split(probes: Probes) -> list[Finding]:
    """Find entities with rows on both sides, whose training rows tell the target of the others."""
    return [
        Finding(
            check="entity_split",
            severity=Severity.WARNING,
            figure=entity.probe.score,
            message=(
                f"{entity.shared:.0%} of the validation rows are of a {entity.column!r} that "
                f"training has ({entity.why}), whose rows there score {entity.probe.score:.2f} "
                "alone"
            ),
        )
        for entity in probes.entities
        if _is_leak(entity)
    ]


def _is_leak(entity: EntityProbe) -> bool:
    gain = entity.probe.score - max(entity.probe.chance, entity.without)
    return entity.shared >= LEAST_SHARED and entity.probe.is_real and gain >= LEAST_GAIN
