"""Tables as Markdown, LaTeX, CSV, terminal text or a page."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from darebench.errors import ConfigError
from darebench.report.curves import curves_page, is_training
from darebench.report.html import page
from darebench.report.load import load_run
from darebench.report.tables import Table, all_tables
from darebench.report.terminal import as_text

SCHEMA = 1
_LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "&": r"\&",
    "%": r"\%",
    "_": r"\_",
    "#": r"\#",
    "$": r"\$",
    "±": r"$\pm$",
}


def render(folders: Sequence[Path], form: str) -> str:
    """Render runs in one of the forms terminal, html, md, tex, csv, json; training runs as html.

    Raises:
        ConfigError: the form is unknown, or a folder is no run.
    """
    training = [folder for folder in folders if is_training(folder)]
    if training:
        if form != "html" or len(training) < len(folders):
            raise ConfigError(
                f"{training[0]} is a training run, whose curves are a page of their own: give only "
                "such folders, and --format html"
            )
        return curves_page(training)
    runs = [load_run(folder) for folder in folders]
    if form == "html":
        return page(runs)
    if form == "json":
        return as_json(all_tables(runs))
    writers = {"terminal": as_text, "md": markdown, "tex": latex, "csv": as_csv}
    if form not in writers:
        raise ConfigError(f"unknown format {form!r}; there are html, json, {', '.join(writers)}")
    return "\n".join(writers[form](table) for table in all_tables(runs))


def markdown(table: Table) -> str:
    """Write a table in Markdown."""
    lines = [f"## {table.title}", "", table.note, ""]
    lines.append("| " + " | ".join(table.columns) + " |")
    lines.append("|---|" + "---:|" * (len(table.columns) - 1))
    lines += ["| " + " | ".join(c.replace("|", r"\|") for c in row) + " |" for row in table.rows]
    return "\n".join(lines) + "\n"


def latex(table: Table) -> str:
    """Write a table in LaTeX, with booktabs rules."""
    rows = [_latex_row(table.columns), r"\midrule", *map(_latex_row, table.rows)]
    return "\n".join(
        [
            rf"% {table.title}",
            rf"\begin{{tabular}}{{l{'r' * (len(table.columns) - 1)}}}",
            r"\toprule",
            *rows,
            r"\bottomrule",
            r"\end{tabular}",
            "",
        ]
    )


def as_csv(table: Table) -> str:
    """Write a table as csv, its title in the first column."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(("table", *table.columns))
    writer.writerows((table.title, *row) for row in table.rows)
    return stream.getvalue()


def as_json(tables: Sequence[Table]) -> str:
    """Write tables as one JSON document, their cells as the other forms show them."""
    value = {"schema": SCHEMA, "tables": [asdict(table) for table in tables]}
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


def _latex_row(cells: Sequence[str]) -> str:
    escaped = ("".join(_LATEX.get(char, char) for char in cell) for cell in cells)
    return " & ".join(escaped) + r" \\"
