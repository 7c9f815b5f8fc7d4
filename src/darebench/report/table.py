"""A table of texts, ready to be laid out in any format."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTable:
    """A table of texts."""

    title: str
    note: str
    """Below the table; a line end separates paragraphs."""
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
