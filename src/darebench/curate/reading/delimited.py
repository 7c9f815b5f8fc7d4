"""Reads text files of cells: csv in all its dialects, tab-separated, and columns of blanks."""

from __future__ import annotations

import csv
import io
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import pandas as pd

from darebench.curate.reading.dialect import find_dialect, named_delimiter, parse
from darebench.curate.reading.encoding import find_encoding
from darebench.curate.reading.evidence import Dialect, Header, Reading, ReadTable
from darebench.curate.reading.header import FIRST_ROWS, find_header, header_at
from darebench.curate.reading.leftovers import Leftovers
from darebench.curate.reading.sample import CHUNK, sample, unique
from darebench.errors import CurationReject

_HEAD, _LONGEST_HEAD = 1 << 16, 1 << 23
"""Characters by which a dialect is found: the first, and more where lines are long."""
_FEWEST_LINES = 40
MOST_TOO_LONG = 0.1
"""Share of lines with more cells than columns, from which on a file is refused."""
_LONG_LINE = re.compile(r"Skipping line \d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Start:
    """The first rows of a file."""

    rows: list[list[str]]
    """Blank lines and remarks as empty lists."""
    lines: list[int]
    """For each row, the number of lines up to its end."""
    n_remarks: int


def read_delimited(path: Path, header_row: int | None = None) -> ReadTable:
    """Read a text file of cells.

    Args:
        path: The file.
        header_row: Counted from 1, 0 for none; None to find it.

    Raises:
        CurationReject: Its encoding is not sure, or its header does not fit its rows.
    """
    encoding = find_encoding(path)
    with path.open(encoding=encoding.name, errors="replace", newline="") as stream:
        head = _head(stream)
        dialect = find_dialect(head, path.suffix.lower())
        start = _start(head, dialect)
        if not any(start.rows):
            raise CurationReject(f"{path.name} holds no row")
        found = header_row is None
        header = find_header(start.rows) if found else header_at(start.rows, header_row)
        left = Leftovers(header.names, dialect.comment)
        left.add_above(start.rows, header)
        left.add("comment line", start.n_remarks)
        stream.seek(0)
        for _ in range(start.lines[header.first - 1] if header.first else 0):
            stream.readline()
        chunks = left.clear(_chunks(stream, dialect, header, left))
        frame, remarks = sample(chunks)
    frame.columns = unique(list(header.names))
    n_long = sum(out.count for out in left.found if out.what == "line with too many cells")
    if n_long > MOST_TOO_LONG * (n_long + len(frame)):
        raise CurationReject(
            f"{path.name} has {n_long} lines with more cells than its {len(header.names)} columns; "
            "put cells that hold the delimiter into quotes"
        )
    reading = Reading(
        container=path.suffix.lower().lstrip(".") or "text",
        encoding=encoding,
        dialect=dialect,
        header=header,
        left_out=left.found,
        remarks=remarks,
    )
    return ReadTable(frame=frame, reading=reading)


def _head(stream: TextIO) -> str:
    """Return the first lines, whole ones if there are any."""
    head = stream.read(_HEAD)
    while len(head) < _LONGEST_HEAD and len(head.splitlines()) < _FEWEST_LINES:
        more = stream.read(len(head))
        if not more:
            return head
        head += more
    end = max(head.rfind("\n"), head.rfind("\r"))
    return head[: end + 1] if end > 0 else head


def _start(head: str, dialect: Dialect) -> _Start:
    rows, lines = [], []
    for line, row in parse(head, dialect):
        rows.append(row if any(row) else [])
        lines.append(line)
        if len(rows) >= 2 * FIRST_ROWS:
            break
    if rows and named_delimiter(head.split("\n", 1)[0]):
        rows[0] = []
    remarks = [bool(r and dialect.comment and r[0].startswith(dialect.comment)) for r in rows]
    for i in [i for i, is_remark in enumerate(remarks) if is_remark]:
        names = [rows[i][0].removeprefix(dialect.comment).strip(), *rows[i][1:]]
        names = names if names[0] else names[1:]
        ends = i + 1 < len(rows) and not remarks[i + 1]  # the last remark may be the header
        rows[i] = names if ends and len(names) == len(rows[i + 1]) > 1 else []
    n_remarks = sum(r and not row for r, row in zip(remarks, rows, strict=True))
    return _Start(rows=rows, lines=lines, n_remarks=n_remarks)


def _chunks(
    stream: TextIO, dialect: Dialect, header: Header, left: Leftovers
) -> Iterator[pd.DataFrame]:
    options: dict[str, Any] = {
        "sep": r"\s+" if dialect.delimiter == " " else dialect.delimiter,
        "quoting": csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
        "escapechar": dialect.escape or None,
    }
    if dialect.quote:
        options["quotechar"] = dialect.quote
    source = _Unescaped(stream, dialect.delimiter) if dialect.escape else stream
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", pd.errors.ParserWarning)
        try:
            chunks = pd.read_csv(
                source,
                header=None,
                names=range(len(header.names)),
                dtype=str,
                keep_default_na=False,
                na_values=[""],
                on_bad_lines="warn",
                chunksize=CHUNK,
                skipinitialspace=True,
                index_col=False,
                **options,
            )
        except pd.errors.EmptyDataError:
            return
        with chunks:
            yield from chunks
    n_long = sum(len(_LONG_LINE.findall(str(warning.message))) for warning in told)
    left.add("line with too many cells", n_long)


class _Unescaped(io.TextIOBase):
    r"""Turns `\N`, which stands for a missing value where there are escapes, into an empty cell."""

    def __init__(self, stream: TextIO, delimiter: str) -> None:
        around = re.escape(delimiter)
        self._stream = stream
        self._nothing = re.compile(rf"(?m)(^|{around})\\N(?={around}|\r?$)")

    def read(self, size: int | None = -1) -> str:
        """Return about as many characters as are asked for, to the end of a line."""
        text = self._stream.read(size if size is not None else -1) + self._stream.readline()
        return self._nothing.sub(r"\1", text)

    def readable(self) -> bool:
        """Return True."""
        return True
