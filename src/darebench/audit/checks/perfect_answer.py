"""True values that do not score 1."""

from __future__ import annotations

from darebench.audit.findings import Finding, Severity
from darebench.scoring import score_prediction
from darebench.types import Truth


def perfect_answer(truth: Truth) -> list[Finding]:
    """Find tasks in which the true values themselves do not score 1."""
    score = score_prediction(truth.csv, truth)
    if score.score == 1.0:
        return []
    why = score.reason.message if score.reason else f"they score {score.score:.3f}"
    message = f"the true values do not score 1: {why}"
    return [
        Finding(
            check="perfect_answer", severity=Severity.DEFECT, figure=score.score, message=message
        )
    ]
