"""Finds how the lines of a text file become cells: delimiter, quotes, escapes, comments.

Each way is tried on the first lines. The best one gives most lines the same number of cells, and
cells that are numbers, times or plain words rather than several of them glued together.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from darebench.curate.reading.cells import is_nothing, is_value
from darebench.curate.reading.evidence import Dialect

DELIMITERS = {",": 1.0, ";": 1.0, "\t": 1.0, "|": 0.98, " ": 0.9, "^": 0.9, "~": 0.9}
"""Delimiter -> how usual it is."""
_ROWS = 120
_NAMED = re.compile(r'\ufeff?"?sep=(.)"?,*;*\s*', re.I)
_COMMENTS = ("#", "%", "//")
_WORDS = re.compile(r"[\w\s.,'’()/&:+%°²³€$£?!*@=<>#-]*")


def named_delimiter(line: str) -> str:
    """Return the delimiter that a first line such as `sep=;` names; empty for other lines."""
    named = _NAMED.fullmatch(line)
    return named[1] if named else ""


def find_dialect(head: str, suffix: str) -> Dialect:
    """Choose the dialect by the first lines of a file.

    Args:
        head: Whole lines.
        suffix: Of the file's name, which breaks ties.
    """
    comment = _comment(head)
    named = named_delimiter(head.split("\n", 1)[0])
    if named:
        first = Dialect(delimiter=named, comment=comment, why="named by its first line")
        return first if '\\"' not in head else _best([first, replace(first, escape="\\")], head, "")
    choices = [
        Dialect(delimiter=delimiter, quote=quote, escape=escape, comment=comment)
        for delimiter in DELIMITERS
        if delimiter in head
        for quote, escape in _quotings(head, delimiter)
    ]
    if not choices:
        return Dialect(delimiter=",", comment=comment, why="no delimiter stands in it")
    return _best(choices, head, suffix)


def parse(head: str, dialect: Dialect) -> Iterator[tuple[int, list[str]]]:
    """Yield each row of some text, with the number of the line after its last one."""
    if dialect.delimiter == " ":
        head = re.sub(r"(?m)^[ \t]+|[ \t]+$", "", head.replace("\t", " "))
    reader = csv.reader(
        io.StringIO(head, newline=""),
        delimiter=dialect.delimiter,
        quotechar=dialect.quote or None,
        quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
        escapechar=dialect.escape or None,
        skipinitialspace=True,
    )
    csv.field_size_limit(max(csv.field_size_limit(), len(head)))
    for row in reader:
        yield reader.line_num, [cell.strip() for cell in row]


def _comment(head: str) -> str:
    """Return what the first lines start with if they are remarks."""
    lines = [line for line in head.splitlines()[:200] if line.strip()]
    for mark in _COMMENTS:
        marked = [line.lstrip().startswith(mark) for line in lines]
        # A header may be one such line; a column of names like #1 is no remark.
        if marked and marked[0] and sum(marked) < 0.5 * len(marked):
            return mark
    return ""


def _quotings(head: str, delimiter: str) -> Iterator[tuple[str, str]]:
    if '"' not in head and "'" not in head:
        yield '"', ""
        return
    around = rf"(?m)(?:^|{re.escape(delimiter)})\s?'[^'\n]*'\s?(?:$|{re.escape(delimiter)})"
    if len(re.findall(around, head)) >= 3:
        yield "'", ""
    yield '"', ""
    if '"' in head:
        if '\\"' in head:
            yield '"', "\\"
        if head.count('"') % 2 or delimiter == "\t":
            yield "", ""


def _best(choices: Sequence[Dialect], head: str, suffix: str) -> Dialect:
    best, most, seen = choices[0], -1.0, ""
    for choice in choices:
        rows = [row for _, row in parse(head, choice)][: 2 * _ROWS]
        rows = [row for row in rows if any(row) and not _is_remark(row, choice.comment)]
        points, width = _rate(rows)
        points *= DELIMITERS.get(choice.delimiter, 0.9)
        if choice.delimiter == "\t" and suffix in (".tsv", ".tab"):
            points *= 1.5
        if points > most + 1e-9:
            best, most = choice, points
            seen = f"{width} cells in most of the first {len(rows)} lines"
    return replace(best, why=best.why or seen)


def _is_remark(row: Sequence[str], comment: str) -> bool:
    return bool(comment) and row[0].startswith(comment)


def _rate(rows: Sequence[Sequence[str]]) -> tuple[float, int]:
    """Rate a dialect by the later rows, which titles are not among; also return their width."""
    body = rows[min(len(rows) // 4, 40) :][:_ROWS] or rows
    if not body:
        return 0.0, 0
    widths = Counter(map(len, body))
    width = max(widths, key=lambda w: (widths[w], w))
    if width == 1:
        return 0.05, 1
    alike = [row for row in body if len(row) == width]
    cells = [cell for row in alike[:40] for cell in row[:60]]
    plain = sum(map(_is_plain, cells)) / len(cells)
    return len(alike) / len(body) * plain**2 * (1 - 0.5 / width), width


def _is_plain(cell: str) -> float:
    """Rate a cell: a value is more surely one cell than a run of words is."""
    if is_nothing(cell) or is_value(cell):
        return 1.0
    if any(mark in cell for mark in ";\t|"):
        return 0.2
    return 0.9 if _WORDS.fullmatch(cell) and '"' not in cell else 0.5
