"""A table of texts and numbers, ready to be laid out in any format."""

from __future__ import annotations

import re
from dataclasses import dataclass

from darebench.report.cells import UNKNOWN, Cell, Number


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTable:
    """A table whose rows are what every format shows."""

    title: str
    note: str
    """Below the table; a line end separates paragraphs."""
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    @property
    def texts(self) -> tuple[tuple[str, ...], ...]:
        """The rows as people read them."""
        return tuple(tuple(map(str, row)) for row in self.rows)

    @property
    def are_words(self) -> tuple[bool, ...]:
        """Whether each column holds words, which are laid out unlike numbers."""
        cells = zip(*self.texts, strict=True) if self.rows else ((),) * len(self.columns)
        return (True, *(any(map(_LETTER.search, column)) for column in [*cells][1:]))

    def values(self) -> tuple[tuple[str, ...], list[list[Value]]]:
        """Return the columns and rows as programs read them.

        A number has its value, and beside a column in which there are intervals stand two with
        their ends, named as it is with ` low` and ` high`. None is a number that there is not.
        """
        ends = [
            any(isinstance(cell, Number) and cell.low is not None for cell in column)
            for column in (zip(*self.rows, strict=True) if self.rows else ((),) * len(self.columns))
        ]
        names: list[str] = []
        for name, has_ends in zip(self.columns, ends, strict=True):
            names += [name, f"{name} low", f"{name} high"] if has_ends else [name]
        rows = [
            [v for cell, has in zip(row, ends, strict=True) for v in _values(cell, has)]
            for row in self.rows
        ]
        return tuple(names), rows


Value = str | float | int | None


def _values(cell: Cell, has_ends: bool) -> list[Value]:
    found = cell if isinstance(cell, Number) else Number(value=None, text=cell)
    own = found.value if isinstance(cell, Number) or cell == UNKNOWN else cell
    return [own, found.low, found.high] if has_ends else [own]


_LETTER = re.compile(r"[^\W\d_]")
