"""Targets that nobody would ask for."""

from __future__ import annotations

from collections.abc import Sequence

from darebench.audit.findings import Finding, Severity
from darebench.audit.naturalness.verdicts import Judgement


def target_unwanted(judgements: Sequence[Judgement]) -> list[Finding]:
    """Find targets that are neither what a table was made to tell nor a sensible question."""
    return [
        Finding(
            check="unwanted",
            severity=Severity.WARNING,
            figure=judgement.points,
            message=f"target {judgement.target!r} ({judgement.verdict}): {judgement.reason}",
        )
        for judgement in judgements
        if not judgement.verdict.is_wanted
    ]
