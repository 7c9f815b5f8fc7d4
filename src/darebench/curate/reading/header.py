"""Finds the header among the first rows of a table: what is above it, below it, or that it lacks.

The later rows tell what the columns hold. The first row that fills them is the header if it holds
words where they hold numbers or times, or, in a table of words alone, words that do not recur.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from darebench.curate.reading.cells import is_nothing, is_number, is_value
from darebench.curate.reading.evidence import Header
from darebench.errors import CurationReject

FIRST_ROWS = 200
"""Rows by which a header is found."""
_DEEPEST = 60
"""Row up to which a header is looked for."""
_UNNAMED = re.compile(r"unnamed: \d+(_level_\d+)?", re.I)
_TYPE_WORDS = re.compile(
    r"int(eger)?|float|double|num(ber|eric)?|str(ing)?|text|(var)?char|date(time)?|time|bool(ean)?|"
    r"continuous|discrete|categorical|class|meta|[cds]",
    re.I,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Body:
    """What the later rows hold."""

    width: int
    filled: frozenset[int]
    """Columns that most rows fill."""
    valued: frozenset[int]
    """Of these, columns of numbers or times."""
    cells: Mapping[int, frozenset[str]]
    """Column -> the texts in it."""


def find_header(rows: Sequence[Sequence[str]]) -> Header:
    """Find names and the first row of data.

    Args:
        rows: The first rows of a table, the blank ones among them as empty lists.

    Raises:
        CurationReject: The header has another number of names than the rows have cells.
    """
    given = [row for row in rows if any(row)]
    if len(given) == 1 and not any(map(is_value, given[0])):
        first = rows.index(given[0])
        return Header(row=first, first=first + 1, names=tuple(given[0]), why="it is all there is")
    body = _describe(rows)
    start = next((i for i, row in enumerate(rows[:_DEEPEST]) if _fills(row, body)), None)
    if start is None:
        return _without(body, 0, "no row fills the columns")
    above = rows[start - 1] if start else ()
    if not _names(rows[start], body):
        if sum(bool(cell) and not is_value(cell) for cell in above) > 1:
            start -= 1  # names of another number than there are cells
        else:
            return _without(body, start, f"row {start + 1} holds values as the later ones do")
    group = above if len(above) == len(rows[start]) else ()
    following = rows[start + 1] if start + 1 < len(rows) else ()
    if _is_group(rows[start], following, body):
        group, start = rows[start], start + 1
    names = _fit([*map(str, rows[start])], body, rows[start + 1 :])
    first, units = _below(rows, start, names, body)
    return Header(
        row=start,
        first=first,
        names=tuple(_joined(group, names)),
        units=units,
        why=f"row {start + 1} holds names above {_kinds(body)}",
    )


def header_at(rows: Sequence[Sequence[str]], number: int) -> Header:
    """Return the header in the row that a user names.

    Args:
        rows: The first rows of a table.
        number: The row, counted from 1; 0 for a table without a header.

    Raises:
        CurationReject: That row does not name the columns.
    """
    body = _describe(rows[number:])
    if number == 0:
        first = next((i for i, row in enumerate(rows) if any(row)), 0)
        return _without(body, first, "as told")
    row = rows[number - 1] if number <= len(rows) else ()
    if not any(row):
        raise CurationReject(f"header row {number} is empty or not there; name another one")
    names = _fit([*map(str, row)], body, rows[number:])
    first, units = _below(rows, number - 1, names, body)
    return Header(row=number - 1, first=first, names=tuple(names), units=units, why="as told")


def _below(
    rows: Sequence[Sequence[str]], header: int, names: Sequence[str], body: _Body
) -> tuple[int, dict[str, str]]:
    """Return the first row of data below a header, and the units that stand between."""
    first, units = header + 1, dict[str, str]()
    while first < min(len(rows) - 1, header + 4) and _is_unit_row(rows[first], body):
        units = units or _units(names, rows[first])
        first += 1
    return first, units


def _describe(rows: Sequence[Sequence[str]]) -> _Body:
    full = [row for row in rows if any(row)]
    body = full[max(1, min(len(full) // 4, 40)) :][:FIRST_ROWS] or full
    widths = Counter(len(row) for row in body)
    width = max(widths, key=lambda w: (widths[w], w), default=0)
    body = [row for row in body if len(row) == width] or body
    columns = {i: [row[i] for row in body if not is_nothing(row[i])] for i in range(width)}
    filled = frozenset(i for i, cells in columns.items() if len(cells) >= 0.5 * len(body))
    valued = frozenset(i for i in filled if sum(map(is_value, columns[i])) >= 0.8 * len(columns[i]))
    texts = {i: frozenset(cells) for i, cells in columns.items()}
    return _Body(width=width, filled=filled, valued=valued, cells=texts)


def _fills(row: Sequence[str], body: _Body) -> bool:
    """Check whether a row has a cell for most columns that the later rows fill."""
    n_cells = sum(bool(cell) for cell in row)
    needed = len(body.filled) or body.width
    if needed <= 1:
        return n_cells >= 1
    return n_cells >= max(2, 0.6 * needed) and abs(len(row) - body.width) <= 0.4 * body.width


def _names(row: Sequence[str], body: _Body) -> bool:
    """Check whether a row names the columns."""
    shift = 1 if len(row) == body.width - 1 and _is_short_header(row, body) else 0
    if shift or len(row) != body.width:
        return sum(is_value(cell) for cell in row) <= 0.5 * len(row) or _counts(row)
    if body.valued:
        named = [i for i in body.valued if row[i] and not is_value(row[i])]
        missing = sum(is_nothing(row[i]) for i in body.valued)
        if missing > 0.5 * len(body.valued):
            return False
        named = [i for i in named if not is_nothing(row[i])]
        recurs = all(row[i] in body.cells[i] for i in body.valued)
        counts = not recurs and _counts([row[i] for i in sorted(body.valued)])
        return len(named) > 0.5 * len(body.valued) or counts
    recurring = [i for i in body.filled if row[i] in body.cells[i]]
    return 2 * len(recurring) < len(body.filled) or not body.filled


def _counts(cells: Sequence[str]) -> bool:
    """Check whether names are whole numbers with equal steps, such as years or 0, 1, 2."""
    numbers = [int(cell) for cell in cells if re.fullmatch(r"\d{1,4}", cell)]
    if len(numbers) < 4 or len(numbers) < 0.8 * len(cells):
        return False
    steps = {b - a for a, b in pairwise(numbers)}
    return len(steps) == 1 and steps != {0}


def _is_short_header(row: Sequence[str], body: _Body) -> bool:
    """Check whether a row has a name less than there are columns, as R writes tables."""
    return (
        len(row) == body.width - 1
        and len(row) >= 1
        and all(row)
        and not any(is_number(cell) for cell in row)
        and len(set(row)) == len(row)
    )


def _is_group(row: Sequence[str], following: Sequence[str], body: _Body) -> bool:
    """Check whether a row stands above groups of columns, which the next row names one by one."""
    if len(following) != len(row) or not body.valued or len(row) < 3:
        return False
    own = [cell for cell in row if cell]
    n_next = sum(bool(cell) for cell in following)
    if len(set(own)) == len(row) or n_next < max(len(set(own)) + 1, 0.6 * len(body.filled)):
        return False
    named = [i for i in body.valued if following[i] and not is_value(following[i])]
    return len(named) > 0.8 * len(body.valued)


def _joined(group: Sequence[str], names: list[str]) -> list[str]:
    """Add the group's name to names that stand below several groups."""
    if len(set(filter(None, names))) == len([*filter(None, names)]):
        return names
    above, joined = "", []
    for i, name in enumerate(names):
        above = (group[i] if i < len(group) else "") or above
        joined.append(f"{above} {name}".strip() if names.count(name) > 1 else name)
    return joined


def _fit(names: list[str], body: _Body, later: Sequence[Sequence[str]]) -> list[str]:
    """Return a name for each column: one too few leaves the first column without."""
    names = ["" if _UNNAMED.fullmatch(name) else name for name in names]
    width = body.width
    if len(names) == width - 1:
        last_is_empty = not body.cells.get(width - 1)
        return [*names, ""] if last_is_empty else ["", *names]
    if len(names) > width:
        longest = max((len(row) for row in later), default=width)
        while len(names) > max(longest, width) and not names[-1]:
            names.pop()
    if len(names) < width or len(names) > max(len(row) for row in [*later, ()]):
        raise CurationReject(
            f"its header has {len(names)} names, and most rows have {width} cells; "
            "give each column one name"
        )
    return names


def _is_unit_row(row: Sequence[str], body: _Body) -> bool:
    """Check whether a row below the header holds units or types and not data."""
    if len(row) != body.width or not body.valued:
        return False
    filled = [i for i in body.valued if row[i]]
    if any(is_value(row[i]) or is_nothing(row[i]) for i in filled):
        return False
    others = [i for i in body.filled - body.valued if row[i]]
    recurs = sum(row[i] in body.cells[i] for i in others)
    return len(filled) >= max(1, 0.5 * len(body.valued)) and recurs <= 0.5 * len(others)


def _units(names: Sequence[str], row: Sequence[str]) -> dict[str, str]:
    units = {}
    for name, cell in zip(names, row, strict=False):
        unit = cell.strip("()[] ")
        if name and unit and len(unit) <= 20 and not _TYPE_WORDS.fullmatch(unit):
            units[name] = unit
    return units


def _without(body: _Body, first: int, why: str) -> Header:
    names = tuple(f"column_{number}" for number in range(1, body.width + 1))
    return Header(row=None, first=first, names=names, why=why)


def _kinds(body: _Body) -> str:
    return (
        f"{len(body.valued)} columns of numbers or times and {body.width - len(body.valued)} others"
    )
