"""Tables in Markdown."""

from __future__ import annotations

from darebench.report.load import Results
from darebench.report.result_tables import all_tables
from darebench.report.table import ReportTable


def as_markdown(results: Results) -> str:
    """Return the tables of runs in Markdown."""
    return "\n".join(map(_table, all_tables(results.runs)))


def _table(table: ReportTable) -> str:
    lines = [f"## {table.title}", "", table.note, ""]
    lines.append("| " + " | ".join(table.columns) + " |")
    lines.append("|" + "".join("---|" if words else "---:|" for words in table.are_words))
    lines += ["| " + " | ".join(c.replace("|", r"\|") for c in row) + " |" for row in table.rows]
    return "\n".join(lines) + "\n"
