"""A table of texts, ready to be laid out in any format."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTable:
    """A table of texts."""

    title: str
    note: str
    """Below the table; a line end separates paragraphs."""
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def are_words(self) -> tuple[bool, ...]:
        """Whether each column holds words, which are laid out unlike numbers."""
        cells = zip(*self.rows, strict=True) if self.rows else ((),) * len(self.columns)
        return (True, *(any(map(_LETTER.search, column)) for column in [*cells][1:]))


_LETTER = re.compile(r"[^\W\d_]")
