"""Tables in the terminal."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console
from rich.table import Table as RichTable

from darebench.report.load import load_run
from darebench.report.tables import Table, column_table


def as_text(table: Table) -> str:
    """Write a table as plain text."""
    stream = io.StringIO()
    _print(table, Console(file=stream, width=200, color_system=None))
    return stream.getvalue()


def print_run(folder: Path) -> None:
    """Print a run's main table, and a line for each attempt that is not scored."""
    run = load_run(folder)
    console = Console()
    _print(column_table(run), console)
    for t in run.trajectories:
        if t.score is None:
            console.print(f"unscored: {t.task} (epoch {t.epoch}): {t.fault}", markup=False)


def _print(table: Table, console: Console) -> None:
    shown = RichTable(title=table.title, caption=table.note, title_justify="left")
    for position, name in enumerate(table.columns):
        shown.add_column(name, justify="left" if position == 0 else "right", no_wrap=position > 0)
    for row in table.rows:
        shown.add_row(*row)
    console.print(shown)
