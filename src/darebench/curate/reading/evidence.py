"""What reading decided about a file, and by what, in the words that people are shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """How bytes become text."""

    name: str
    """By which Python knows it."""
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How a line becomes cells."""

    delimiter: str
    """One character; a space stands for any run of blanks."""
    quote: str = '"'
    """Empty where quotes are ordinary characters."""
    escape: str = ""
    """What makes the next character an ordinary one; empty if nothing does."""
    comment: str = ""
    """What lines that are not data start with; empty if there are none."""
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Where names and rows start."""

    row: int | None
    """Counted from 0; None for a table without a header."""
    first: int
    """The first row of data, counted from 0."""
    names: tuple[str, ...]
    """One for each column, empty where it has none."""
    units: Mapping[str, str] = field(default_factory=dict)
    """Name -> the unit that stands below it."""
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Rows of one kind that are not data."""

    what: str
    """Such as `title row`."""
    count: int
    example: str = ""
    """The start of the first one."""

    def __str__(self) -> str:
        """Return one line for the notes."""
        rows = f"{self.count} {self.what}{'s' if self.count > 1 else ''}"
        shown = f": {self.example[:60]!r}" if self.example else ""
        return f"left out {rows}{shown}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Everything that was decided to read one file."""

    container: str
    """Such as `csv`, `xlsx, sheet 'Sales'` or `json, rows under 'data'`."""
    encoding: Encoding | None = None
    dialect: Dialect | None = None
    header: Header | None = None
    left_out: tuple[LeftOut, ...] = ()
    remarks: tuple[str, ...] = ()
    """What else is worth knowing, such as a sample of the rows."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What is not as plainly written as one would think, a line for each."""
        said = list(self.remarks)
        if self.encoding is not None and self.encoding.name not in ("utf-8", "utf-8-sig"):
            said.append(f"read as {self.encoding.name}: {self.encoding.why}")
        if self.header is not None and self.header.row is None:
            said.append(f"no header: {self.header.why}; columns are named column_1 and so on")
        return (*said, *map(str, self.left_out))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadTable:
    """A file's table, of text and numbers as they stand there."""

    frame: pd.DataFrame
    reading: Reading

    @property
    def units(self) -> Mapping[str, str]:
        """Column -> the unit that stands below its name."""
        return self.reading.header.units if self.reading.header is not None else {}


def with_units(descriptions: Mapping[str, str], units: Mapping[str, str]) -> dict[str, str]:
    """Add the units of columns to what is said of them, where it does not name them already."""
    said = dict(descriptions)
    for name, unit in units.items():
        text = said.get(name, "")
        if unit not in text:
            said[name] = f"{text} (in {unit})" if text else f"{name} in {unit}"
    return said
