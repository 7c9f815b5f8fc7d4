"""Tables in the terminal."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace

from rich.console import Console
from rich.table import Table as RichTable

from darebench.report.load import LoadedRun
from darebench.report.result_tables import ReportTable, all_tables

WIDTH = 80
"""Columns of a terminal that everybody has."""


def as_terminal(runs: Sequence[LoadedRun]) -> str:
    """Return the tables of runs as plain text."""
    return "\n".join(map(as_text, all_tables(runs)))


def as_text(table: ReportTable) -> str:
    """Return one table as plain text; one that is wider than 80 columns is turned if that helps."""
    upright = _text_of(table)
    if _width(upright) <= WIDTH:
        return upright
    return min(upright, _text_of(_turned(table)), key=_width)


def _turned(table: ReportTable) -> ReportTable:
    """Return a table with its rows as columns."""
    columns, *rows = zip(table.columns, *table.rows, strict=True)
    return replace(table, columns=columns, rows=tuple(rows))


def _width(text: str) -> int:
    return max(map(len, text.splitlines()))


def _text_of(table: ReportTable) -> str:
    stream = io.StringIO()
    _print(table, Console(file=stream, width=200, color_system=None))
    return stream.getvalue()


def _print(table: ReportTable, console: Console) -> None:
    shown = RichTable(title=table.title, caption=table.note, title_justify="left")
    for position, name in enumerate(table.columns):
        shown.add_column(name, justify="left" if position == 0 else "right", no_wrap=position > 0)
    for row in table.rows:
        shown.add_row(*row)
    console.print(shown)
