"""Tables and sentences in a terminal of 80 columns, whatever stands in them.

A table that is too wide is turned, folded, or cut into blocks of columns. Widths are those that a
terminal shows: a Chinese letter takes two columns. What would move the cursor or colour the screen
is shown as an escape, because names of runs and models are free.
"""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rich.cells import cell_len, chop_cells
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from darebench.report.table import ReportTable

if TYPE_CHECKING:
    from darebench.report.load import Results

WIDTH = 80
"""Columns of a terminal that everybody has."""
FRAME = 3
"""Columns that the frame takes of each column of a table; one more for the whole table."""
NARROW = 12
"""Columns of text are not folded below this width, unless no word in them is longer."""
_ADDRESS = re.compile(r"[./~]|\w+://")


def as_terminal(results: Results) -> str:
    """Return the tables of runs as plain text."""
    from darebench.report.tables import tables_of

    return "\n".join(map(as_text, tables_of(results).values()))


def as_text(table: ReportTable) -> str:
    """Return one table as plain text that is 80 columns wide at most."""
    shown = _plain(table)
    turned = _turned(shown)
    upright, lying = _columns(shown), _columns(turned)
    if _total(c.natural for c in upright) <= WIDTH:
        blocks = [upright]
    elif _total(c.natural for c in lying) <= WIDTH:
        blocks = [lying]
    elif _total(c.least for c in upright) <= WIDTH:
        blocks = [upright]
    else:
        blocks = list(_blocks(lying))
    drawn = [_draw(block) for block in blocks]
    below = [f"{fill(line)}\n" for line in table.note.split("\n") if line]
    return "".join([f"{fill(shown.title)}\n", "\n".join(drawn), *below])


def fill(text: str, *, indent: str = "") -> str:
    """Break a text into lines of 80 columns at most; lines after the first are indented.

    A word that is longer is cut, unless it is a path or an address, which somebody may copy.
    """
    first, *others = text.split("\n")
    lines = _filled(first, "", indent)
    for line in others:
        lines += _filled(line, indent, indent)
    return "\n".join(lines)


def _filled(text: str, first: str, indent: str) -> list[str]:
    """Return the lines of a paragraph, which keep the spaces between words."""
    lines, room = [first], WIDTH - cell_len(indent)
    for space, word in re.findall(r"(\s*)(\S+)", plain(text)):
        cut = cell_len(word) > room and not _ADDRESS.match(word)
        for part in chop_cells(word, room) if cut else [word]:
            longer = f"{lines[-1]}{space}{part}" if lines[-1].strip() else lines[-1] + part
            if cell_len(longer) <= WIDTH or not lines[-1].strip():
                lines[-1] = longer
            else:
                lines.append(indent + part)
    return [line.rstrip() for line in lines]


def shorten_line(text: str, width: int) -> str:
    """Return a text on one line of some columns, with an ellipsis where it is cut."""
    line = " ".join(plain(text).split())
    return line if cell_len(line) <= width else chop_cells(line, width - 1)[0] + "…"


def plain(text: str) -> str:
    """Return a text in which whatever cannot be printed is a space or an escape."""
    return "".join(map(_shown, text))


def _shown(char: str) -> str:
    if char.isprintable():
        return char
    is_space = char in "\n\t" or unicodedata.category(char) == "Zs"
    return " " if is_space else char.encode("unicode_escape").decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    """A column of a table with the widths that it can have."""

    name: str
    cells: tuple[str, ...]
    natural: int
    """Without a fold."""
    least: int
    """With its text folded at words, or at `NARROW` columns."""
    are_words: bool


def _columns(table: ReportTable) -> list[_Column]:
    columns = zip(table.columns, *table.texts, strict=True)
    kinds = zip(columns, table.are_words, strict=True)
    return [_column(name, cells, are_words) for (name, *cells), are_words in kinds]


def _column(name: str, cells: Sequence[str], are_words: bool) -> _Column:
    widest = max((cell_len(cell) for cell in cells), default=0)
    foldable = [name, *cells] if are_words else [name]
    words = max((cell_len(w) for text in foldable for w in text.split()), default=1)
    least = min(words, NARROW)
    return _Column(
        name=name,
        cells=tuple(cells),
        natural=max(cell_len(name), widest),
        least=least if are_words else max(least, min(widest, WIDTH // 2)),
        are_words=are_words,
    )


def _blocks(columns: Sequence[_Column]) -> Iterator[list[_Column]]:
    """Yield the columns in blocks that fit, each with the first column, which names the rows."""
    first, *others = columns
    block = [first]
    for column in others:
        if len(block) > 1 and _total(c.least for c in (*block, column)) > WIDTH:
            yield block
            block = [first]
        block.append(column)
    yield block


def _total(widths: Iterator[int] | Sequence[int]) -> int:
    return 1 + sum(width + FRAME for width in widths)


def _widths(columns: Sequence[_Column]) -> list[int]:
    """Return a width for each column: its least, and what is left to those that need the least."""
    widths = [column.least for column in columns]
    left = WIDTH - _total(widths)
    needy = sorted(range(len(columns)), key=lambda k: columns[k].natural - columns[k].least)
    for position, k in enumerate(needy):
        more = min(columns[k].natural - columns[k].least, left // (len(needy) - position))
        widths[k] += max(0, more)
        left -= max(0, more)
    return widths


def _draw(columns: Sequence[_Column]) -> str:
    shown = RichTable()
    for column, width in zip(columns, _widths(columns), strict=True):
        shown.add_column(
            Text(column.name),
            width=width,
            overflow="fold",
            justify="left" if column.are_words else "right",
        )
    for cells in zip(*(column.cells for column in columns), strict=True):
        shown.add_row(*map(Text, cells))
    stream = io.StringIO()
    Console(file=stream, width=WIDTH, color_system=None, legacy_windows=False).print(shown)
    return stream.getvalue()


def _plain(table: ReportTable) -> ReportTable:
    return replace(
        table,
        title=plain(table.title),
        columns=tuple(map(plain, table.columns)),
        rows=tuple(tuple(map(plain, row)) for row in table.texts),
    )


def _turned(table: ReportTable) -> ReportTable:
    """Return a table with its rows as columns."""
    columns, *rows = zip(table.columns, *table.texts, strict=True)
    return replace(table, columns=columns, rows=tuple(rows))
