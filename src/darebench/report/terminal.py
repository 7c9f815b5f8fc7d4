"""Tables in the terminal."""

from __future__ import annotations

import io
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table as RichTable

from darebench.report.load import LoadedRun
from darebench.report.result_tables import ReportTable, all_tables


def as_terminal(runs: Sequence[LoadedRun]) -> str:
    """Return the tables of runs as plain text, 200 characters wide."""
    return "\n".join(map(as_text, all_tables(runs)))


def as_text(table: ReportTable) -> str:
    """Return one table as plain text, 200 characters wide."""
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
