"""Targets that the order of the rows tells."""

from __future__ import annotations

from darebench.audit.findings import Finding, Severity
from darebench.audit.probes import Probes

LEAST_GAIN = 0.1
"""Score over chance from which on the order of the rows tells the target."""


def order_tells(probes: Probes) -> list[Finding]:
    """Find tasks in which the rows that stand nearby in the training file tell the target."""
    order = probes.order
    if order is None or not order.is_real or order.gain < LEAST_GAIN:
        return []
    message = (
        f"the training rows next to a row by {probes.order_by} score {order.score:.2f} alone, "
        f"in random order {order.chance:.2f}"
    )
    return [
        Finding(check="order_tells", severity=Severity.WARNING, figure=order.gain, message=message)
    ]
