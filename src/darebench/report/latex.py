"""Tables in LaTeX, with the rules of booktabs."""

from __future__ import annotations

from collections.abc import Sequence

from darebench.report.load import Results
from darebench.report.table import ReportTable
from darebench.report.tables import tables_of

_ESCAPES = {
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
    "[": "{[}",
    "]": "{]}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "–": "--",
    "…": r"\ldots{}",
}


def as_latex(results: Results) -> str:
    """Return the tables of runs in LaTeX; a document needs the package booktabs.

    The notes are comments, since a document has a place of its own for them.
    """
    return "\n".join(map(_table, tables_of(results).values()))


def _table(table: ReportTable) -> str:
    rows = [_row(table.columns), r"\midrule", *map(_row, table.texts)]
    return "\n".join(
        [
            *(f"% {line}" for line in (table.title, *table.note.split("\n")) if line),
            rf"\begin{{tabular}}{{{''.join('l' if words else 'r' for words in table.are_words)}}}",
            r"\toprule",
            *rows,
            r"\bottomrule",
            r"\end{tabular}",
            "",
        ]
    )


def _row(cells: Sequence[str]) -> str:
    lines = (" ".join(cell.split()) for cell in cells)
    escaped = ("".join(_ESCAPES.get(char, char) for char in line) for line in lines)
    return " & ".join(escaped) + r" \\"
