"""Finds what a page says of each column: entries of lists, rows of tables, defined terms.

An entry says something only of what stands in it. What it says never begins on another entry's
line, and is never the name of another column: a list of bare names describes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from darebench.curate.sources.plain_text import plain

LONGEST = 300
WRAPPED = 60
"""Characters from which on a line may be continued by one without an indent."""
_MARK = re.compile(r"(?:[*+•·‣▪◦$–-]|\(?\d{1,3}[.)]|\(?[a-z]\)|\[,\s*\d+\])\s+(?=\S)")
"""What an entry of a list starts with."""
_HEADING = re.compile(r"#{1,6}\s+(?P<term>.+?)[\s#]*")
_BOLD = re.compile(r"(?P<mark>\*\*|__|`)(?P<term>[^*`]{1,80})(?P=mark)\s*:?")
_RULED = re.compile(r"[\s|:=+-]+")
"""A line that only rules off."""
_TYPED = re.compile(r"\s*[(\[][^()\[\]]*[)\]]\s*$")
"""A remark in brackets behind a name, such as a type or a unit."""
_SEPARATED = re.compile(
    r"(?P<term>[^:|\t]{1,120}?)(?:\s*:(?!//)|\s+(?:--?|–|—|=|=>|->|→)\s|\s*(?:–|—)\s|\t)\s*(?P<text>.*)"
)
_TYPE = re.compile(
    r"(?:u?int(?:eger)?|float|double|real|num(?:eric(?:al)?|ber)?|str(?:ing)?|text|(?:var)?char|object|"
    r"bool(?:ean)?|binary|factor|categor(?:y|ical)|nominal|ordinal|ordered|date(?:time)?|time(?:stamp)?|"
    r"continuous|discrete|logical|quantitative|qualitative|character|feature|target|input|output|"
    r"yes|no|true|false|n/?a|none|-|nullable|not null|primary key)s?\s*(?:\d+|\(\d+\))?",
    re.I,
)
_SAYS = re.compile(
    r"description|meaning|definition|explanation|details?|label|what it (?:is|means)|remarks?|"
    r"comments?",
    re.I,
)
_SAYS_NOT = re.compile(
    r"(?:data )?types?|dtype|class|role|format|examples?|values?|range|levels?|units?|missing.*|"
    r"nulls?|non-null.*|count|mean|std|min|max|unique|demographic|no\.?|nr\.?|#|index|position|sample.*|default",
    re.I,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """One line of a page."""

    indent: int
    text: str
    is_entry: bool
    """Whether it starts with the mark of a list's entry."""
    is_heading: bool


class Names:
    """The columns of a table, found by their names in any spelling."""

    def __init__(self, columns: Iterable[str]) -> None:
        self._wanted = {fold(name): name for name in columns if fold(name)}

    def __contains__(self, text: str) -> bool:
        """Check whether a text is the name of a column."""
        return self.find(text) is not None

    def find(self, text: str) -> str | None:
        """Return the column that a text is the name of."""
        name = self._wanted.get(fold(text))
        return name if name is not None else self._wanted.get(fold(_TYPED.sub("", text)))

    def named(self, term: str) -> list[str]:
        """Return the columns that a term names: one, or several with commas and `and`."""
        whole = self.find(term)
        if whole is not None:
            return [whole]
        parts = [self.find(part) for part in re.split(r",|/|&|\band\b", term) if part.strip()]
        return [name for name in parts if name is not None] if all(parts) else []

    def fits(self, meaning: str, column: str) -> bool:
        """Check whether a text can be what is said of a column and not another column's name."""
        if not re.search(r"[^\W\d_]", meaning) or meaning.casefold() == column.casefold():
            return False
        parts = re.split(r"[,;|/•:]|\s(?:-|–|—|=)\s", meaning)
        others = [self.find(part) not in (None, column) for part in (meaning, *parts)]
        is_entry = others[1] and re.match(r"\s*(?:[|•:]|(?:-|–|—|=)\s)", meaning[len(parts[0]) :])
        return not (others[0] or is_entry or all(others[1:3]))


def find_descriptions(text: str, columns: Iterable[str]) -> dict[str, str]:
    """Find what a text says of each column; the first that says something counts.

    Args:
        text: Plain text or markdown, with its lines and their indents.
        columns: Names of the columns.
    """
    names = Names(columns)
    found: dict[str, str] = {}
    lines = text.expandtabs(8) if "\t" in text and _is_indented_by_tabs(text) else text
    for term, said in (*_terms(lines, names), *_rows(text, names), *_entries(lines, names)):
        meaning = describe(said)
        for name in names.named(term):
            if meaning and names.fits(meaning, name):
                found.setdefault(name, meaning)
    return found


def fold(name: str) -> str:
    """Return a name without what spelling adds to its letters and digits."""
    return re.sub(r"[\W_]+", "", name.casefold())


def describe(text: str) -> str:
    """Make a definition one plain line."""
    line = " ".join(plain(text).split())
    line = re.sub(r"[`*_|]{1,3}(?=\W|$)|(?<!\w)[`*_|]{1,3}", "", line).replace('"', "'")
    return line.strip(" :-–.")[:LONGEST]


def fitting(given: Mapping[str, str], columns: Iterable[str]) -> dict[str, str]:
    """Return what is said of columns in their own spelling, without what cannot be meant."""
    names = Names(columns)
    spelled = ((names.find(name), text) for name, text in given.items())
    return {name: text for name, text in spelled if name is not None and names.fits(text, name)}


def _is_indented_by_tabs(text: str) -> bool:
    return re.search(r"(?m)^\t", text) is not None


def _read(text: str) -> list[_Line]:
    lines = []
    for raw in text.splitlines():
        body = raw.strip()
        lines.append(
            _Line(
                indent=len(raw) - len(raw.lstrip()),
                text=body,
                is_entry=_MARK.match(body) is not None,
                is_heading=_HEADING.fullmatch(body) is not None,
            )
        )
    return lines


def _unmarked(text: str) -> str:
    """Return a line without the mark of an entry."""
    mark = _MARK.match(text)
    return text[mark.end() :] if mark else text


def _term_of(line: _Line) -> str:
    """Return a line without the mark of an entry and without emphasis."""
    body = line.text
    heading = _HEADING.fullmatch(body)
    body = heading["term"] if heading else _unmarked(body)
    return body.strip("`*_: ")


def _terms(text: str, names: Names) -> Iterator[tuple[str, str]]:
    """Yield terms that stand on lines of their own with the paragraph that defines them.

    A definition is below a heading, is set off by an indented blank line, as in R's pages, or
    starts with a colon; the lines below must not start an entry of their own.
    """
    raw, lines = text.splitlines(), _read(text)
    for i, line in enumerate(lines):
        if not line.text or line.is_entry or not names.named(_term_of(line)):
            continue
        below = [j for j in range(i + 1, min(i + 6, len(lines))) if lines[j].text]
        if not below:
            continue
        first = below[0]
        gap = raw[i + 1 : first]
        set_off = any(len(row) >= 4 and not row.strip() for row in gap)
        colon = lines[first].text.startswith((": ", ":\t"))
        is_bold = _BOLD.fullmatch(line.text) is not None
        inside = not gap and lines[first].indent > line.indent
        if not (line.is_heading or set_off or colon or is_bold or inside):
            continue
        said = _paragraph(lines, first, names)
        if said:
            yield _term_of(line), said.removeprefix(":")


def _paragraph(lines: Sequence[_Line], first: int, names: Names) -> str:
    """Return the lines up to the next blank one, entry or name."""
    kept: list[str] = []
    for line in lines[first:]:
        if not line.text or line.is_entry or line.is_heading:
            break
        is_wrapped = bool(kept) and len(kept[-1]) >= WRAPPED and ":" not in line.text
        if _starts_other(line, names) and not is_wrapped:
            break
        if kept and line.text.startswith(": "):
            break
        kept.append(line.text)
    return " ".join(kept)


def _starts_other(line: _Line, names: Names) -> bool:
    """Check whether a line names a column, alone or before what it says of it."""
    if "|" in line.text or _term_of(line) in names:
        return True
    found = _SEPARATED.fullmatch(line.text)
    return found is not None and bool(names.named(found["term"].strip("`*_ ")))


def _entries(text: str, names: Names) -> Iterator[tuple[str, str]]:
    """Yield entries of lists and lines of the form `name: text`, with lines that continue them."""
    lines = _read(text)
    for i, line in enumerate(lines):
        found = _SEPARATED.fullmatch(_unmarked(line.text))
        if found is None or "|" in line.text:
            continue
        term, said = found["term"].strip("`*_ "), found["text"].strip("*_ ")
        if not names.named(term):
            whole = _longest_term(_unmarked(line.text), names)
            if whole is None:
                continue
            term, said = whole
        if not said:
            continue
        more = []
        for other in lines[i + 1 :]:
            inside = other.indent > line.indent or len(line.text) >= WRAPPED
            if not other.text or other.is_entry or other.is_heading or not inside:
                break
            if _starts_other(other, names) or _RULED.fullmatch(other.text):
                break
            more.append(other.text)
        is_type = bool(more) and _TYPE.fullmatch(said) is not None
        yield term, " ".join(more if is_type else [said, *more])


def _longest_term(text: str, names: Names) -> tuple[str, str] | None:
    """Split after a name that holds a separator itself, such as `x: low`."""
    for mark in re.finditer(r":|\s[-–—=]\s", text):
        if names.find(text[: mark.start()].strip("`*_ ")) is not None:
            return text[: mark.start()].strip("`*_ "), text[mark.end() :].strip("*_ ")
    return None


def _rows(text: str, names: Names) -> Iterator[tuple[str, str]]:
    """Yield names with what the same row of a table says of them."""
    for is_row, block in groupby(text.splitlines(), key=lambda row: "|" in row):
        if is_row:
            rows = [_cells(row) for row in block]
            yield from _table([row for row in rows if not _RULED.fullmatch("|".join(row))], names)


def _cells(row: str) -> list[str]:
    cells = re.split(r"(?<!\\)\|", row.strip())
    cells = cells[1:] if cells and not cells[0].strip() else cells
    return [cell.strip("`*_ \t") for cell in cells]


def _table(rows: Sequence[list[str]], names: Names) -> Iterator[tuple[str, str]]:
    """Read one table: the column that names most of ours, and the one that describes."""
    rows = [
        row for row in rows if len({names.find(cell) for cell in row} - {None}) < 2 or len(row) < 3
    ]
    width = max((len(row) for row in rows), default=0)
    hits = [sum(len(r) > i and bool(names.named(r[i])) for r in rows) for i in range(width)]
    if not any(hits):
        return
    at = hits.index(max(hits))
    head = rows[0] if not names.named(rows[0][at] if len(rows[0]) > at else "") else []
    entries = [row for row in rows if len(row) > at and names.named(row[at])]
    said = _describing(head, entries, at)
    for row in entries if said is not None else ():
        if said is not None and len(row) > said and not _TYPE.fullmatch(row[said]):
            yield row[at], row[said]


def _describing(head: Sequence[str], entries: Sequence[list[str]], at: int) -> int | None:
    """Choose the column of a table that describes: by its head, else by how much it says."""
    width = max(len(row) for row in entries)
    others = [i for i in range(width) if i != at]
    by_head = [i for i in others if i < len(head) and _SAYS.fullmatch(head[i])]
    if by_head:
        return by_head[0]
    able = [i for i in others if i >= len(head) or not _SAYS_NOT.fullmatch(head[i])]
    sizes = {i: sum(_words(row[i]) for row in entries if len(row) > i) for i in able}
    best = max(able, key=lambda i: (sizes[i], -i), default=None)
    return best if best is not None and sizes[best] else None


def _words(cell: str) -> int:
    return 0 if _TYPE.fullmatch(cell) else len(re.findall(r"[^\W\d_]{2,}", cell))
