"""What a check says about a task: a name, a severity, a figure, a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding says against a task."""

    NOTE = "note"
    """Worth knowing; the task is sound."""
    WARNING = "warning"
    """The score measures less than it seems to."""
    DEFECT = "defect"
    """The task does not measure what it claims to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that a check found about one task."""

    check: str
    """The check's name, for programs."""
    severity: Severity
    figure: float
    """The measured quantity that the check judges by."""
    message: str
    """Names the column or row, the value, and what it means."""
