"""What a check says of a task, and the tables that a check looks at."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from darebench.types import Family, Variant

if TYPE_CHECKING:
    import pandas as pd


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


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskTables:
    """One task as the checks see it: what the agent gets, and the truth beside it."""

    family: Family
    variant: Variant
    question: str
    metadata: str
    """Text of `metadata.txt`."""
    train: pd.DataFrame
    """What a model learns from: for IF, the rows without noise."""
    val: pd.DataFrame
    """The rows to predict, in the order of `truth`."""
    truth: pd.DataFrame
    """The true target columns, one row for each row of `val`."""
    targets: tuple[str, ...]
    features: tuple[str, ...]
    """Columns that are in `train` and in `val`, without keys that mean nothing (`row_id`)."""
    files: tuple[str, ...] = ()
    """Names of the files that the agent gets."""
    time_column: str | None = None
    time_format: str | None = None
    """Its strptime format as the settings state it, which the file need not follow."""
    entities: tuple[str, ...] = ()
    environment: str | None = None
    """Hash of the versions that an IF reference was made with, where the store records it."""
