"""Tables in Markdown, in which nothing of a name or a message is markup."""

from __future__ import annotations

import re
from collections.abc import Sequence

from darebench.report.load import Results
from darebench.report.table import ReportTable
from darebench.report.tables import tables_of

_MARKUP = re.compile(r"[\\`*\[\]|~$#]|(?<!\w)_|_(?!\w)")
_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def as_markdown(results: Results) -> str:
    """Return the tables of runs in Markdown."""
    return "\n".join(map(table_text, tables_of(results).values()))


def table_text(table: ReportTable) -> str:
    """Return one table in Markdown."""
    notes = [line for note in table.note.split("\n") if note for line in (escaped(note), "")]
    lines = [f"## {escaped(table.title)}", "", *notes, _row(table.columns)]
    lines.append("|" + "".join("---|" if words else "---:|" for words in table.are_words))
    return "\n".join([*lines, *map(_row, table.texts)]) + "\n"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(map(escaped, cells)) + " |"


def escaped(text: str) -> str:
    """Return a text on one line that Markdown shows as it is."""
    marked = _MARKUP.sub(r"\\\g<0>", " ".join(text.split()))
    return re.sub("[&<>]", lambda found: _HTML[found[0]], marked)
