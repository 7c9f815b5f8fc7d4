"""What was decided about each column of a table, by what, and what that changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


class Became(StrEnum):
    """What a column became."""

    NUMBERS = "numbers"
    TEXT = "text"
    TIMES = "times"
    CODES = "codes"
    """Text that looks like numbers and is none."""
    LEFT_OUT = "left out"


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnReading:
    """How one column was read."""

    name: str
    """In the clean table."""
    source_name: str
    """In the source; empty where it has none."""
    became: Became
    why: str
    unit: str = ""
    """What stood beside its numbers."""
    blanked: int = 0
    """Cells that say something and became missing."""
    examples: tuple[str, ...] = ()
    """Some of these."""
    levels: tuple[str, ...] = ()
    """Words such as `None` that are values here and not missing."""
    not_understood: str = ""
    """A cell of a column that looks like time and could not be read."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What of it is worth knowing beside the table, a line for each."""
        said = []
        if self.blanked:
            shown = ", ".join(map(repr, self.examples))
            said.append(f"{self.name}: {self.blanked} cells are missing that are {shown}")
        if self.not_understood:
            said.append(
                f"{self.name} looks like time and is not understood: {self.not_understood!r}"
            )
        return tuple(said)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tidy:
    """A clean table, and how each column of the source was read."""

    frame: pd.DataFrame
    columns: tuple[ColumnReading, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """What was changed, with counts."""
        return tuple(note for column in self.columns for note in column.notes)

    @property
    def units(self) -> Mapping[str, str]:
        """Column -> its unit, where there is one."""
        return {column.name: column.unit for column in self.columns if column.unit}
