"""The bytes of a csv file -> the columns that are needed, as text, or the reason why not.

Nothing is interpreted here: every value stays the text that the file has, without the spaces around
it. A prediction is hostile: it is bounded before it is read, and read once.
"""

from __future__ import annotations

import codecs
import csv
import io
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from darebench.types import Reason, ReasonCode

MAX_BYTES = 200 * 1024**2
"""Largest prediction that is read, in bytes: the limit of a file that leaves the sandbox."""
MAX_HEADER = 2 << 20
_CHUNK = 1 << 20
_FORMATS = {
    b"PAR1": "a parquet file",
    b"PK\x03\x04": "a zip or Excel file",
    b"SQLite format 3": "an sqlite file",
    b"\x1f\x8b": "a gzip file",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
    b"\x93NUMPY": "a numpy file",
}


class Unusable(Exception):
    """A prediction scores 0, and why; it never leaves this room."""

    def __init__(self, code: ReasonCode, message: str) -> None:
        super().__init__(message)
        self.reason = Reason(code=code, message=message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """The columns of a table as stripped text; an absent value is the empty string."""

    header: tuple[str, ...]
    """All column names of the file, stripped."""
    columns: dict[str, pa.Array]
    """Wanted column -> its values, shape (n_rows,)."""
    n_rows: int
    plain: bool
    """Whether no name or needed value had spaces around it, and no name occurs twice."""


def read_bytes(path: Path) -> bytes:
    """Read a prediction file within bounds.

    Raises:
        Unusable: The file is missing, not a regular file, or too large.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise no_prediction() from None
    except OSError as error:
        raise Unusable(
            ReasonCode.UNREADABLE, f"{path.name} cannot be opened: {error.strerror}"
        ) from None
    info = os.fstat(descriptor)
    if not stat.S_ISREG(info.st_mode):
        os.close(descriptor)
        raise Unusable(ReasonCode.UNREADABLE, f"{path.name} is not a regular file; write a csv")
    with os.fdopen(descriptor, "rb") as stream:
        check_size(info.st_size)
        return stream.read(MAX_BYTES + 1)


def parse(content: bytes, wanted: Sequence[str]) -> Texts:
    """Parse csv bytes; only the `wanted` columns are kept, and absent ones are left out.

    Spaces around a name do not count, neither in the header nor in what is wanted.

    Raises:
        Unusable: The bytes are not a csv table, are empty or too many, or name a wanted column
            twice.
    """
    check_size(len(content))
    content = content.removeprefix(b"\xef\xbb\xbf")
    _refuse_other_formats(content)
    _refuse_other_encodings(content)
    if not content.endswith((b"\n", b"\r")):
        content += b"\n"
    raw_header = _read_header(content)
    header = tuple(name.strip() for name in raw_header)
    for name in wanted:
        times = header.count(name.strip())
        if times > 1:
            raise Unusable(
                ReasonCode.DUPLICATE_COLUMN,
                f"column {name!r} stands {times} times in the header; write it once",
            )
    found = [name for name in wanted if name.strip() in header]
    if not found:
        raise _no_column(wanted, header)
    table = _read_table(content, len(header), [header.index(name.strip()) for name in found])
    if table.num_rows == 0:
        raise Unusable(ReasonCode.EMPTY, "the file has a header and no row; write one per val row")
    given = {name: _joined(table.column(place)) for place, name in enumerate(found)}
    columns = {name: pc.call_function("utf8_trim_whitespace", [given[name]]) for name in found}
    return Texts(
        header=header,
        columns=columns,
        n_rows=table.num_rows,
        plain=tuple(raw_header) == header
        and len(set(header)) == len(header)
        and all(columns[name].equals(given[name]) for name in found),
    )


def no_prediction() -> Unusable:
    """Return the error for a file that does not exist."""
    return Unusable(
        ReasonCode.NO_PREDICTION, "there is no prediction file; save one as prediction.csv"
    )


def check_size(n_bytes: int) -> None:
    """Refuse a prediction that is too large to be read.

    Raises:
        Unusable: It is.
    """
    if n_bytes > MAX_BYTES:
        raise Unusable(
            ReasonCode.TOO_LARGE,
            f"the file has {n_bytes} bytes, the limit is {MAX_BYTES}; write only the asked-for "
            "rows",
        )


def _no_column(wanted: Sequence[str], header: Sequence[str]) -> Unusable:
    first = header[0][:60] if header else ""
    hint = ""
    for separator, name in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
        if len(header) == 1 and separator in header[0]:
            hint = f"; it seems to be separated by {name}, write commas"
    return Unusable(
        ReasonCode.MISSING_COLUMN,
        f"the header has none of the columns {', '.join(map(repr, wanted))}; "
        f"it starts with {first!r}{hint}",
    )


def _refuse_other_formats(content: bytes) -> None:
    if not content.strip():
        raise Unusable(
            ReasonCode.EMPTY, "the file is empty; write a header and one row per val row"
        )
    for magic, name in _FORMATS.items():
        if content.startswith(magic):
            raise Unusable(
                ReasonCode.UNREADABLE, f"the file is {name}, not csv; write it with to_csv"
            )
    start = content[:512].lstrip().lower()
    if start.startswith((b"<!doctype", b"<html", b"<table", b"<?xml")):
        raise Unusable(ReasonCode.UNREADABLE, "the file is html or xml, not csv; use to_csv")
    nul = content.find(b"\0")
    if nul >= 0:
        row = content.count(b"\n", 0, nul) + 1
        raise Unusable(
            ReasonCode.UNREADABLE, f"line {row} holds a NUL byte: binary data, not csv; use to_csv"
        )


def _refuse_other_encodings(content: bytes) -> None:
    if content.isascii():
        return
    decoder = codecs.getincrementaldecoder("utf-8")()
    start = 0
    try:
        for start in range(0, len(content), _CHUNK):
            decoder.decode(content[start : start + _CHUNK], start + _CHUNK >= len(content))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, start + error.start) + 1
        byte = error.object[error.start]
        raise Unusable(
            ReasonCode.UNREADABLE,
            f"line {line} is not UTF-8 text (byte {byte:#04x}); write the file as UTF-8",
        ) from None


def _read_header(content: bytes) -> list[str]:
    start = io.BytesIO(content[:MAX_HEADER])
    text = io.TextIOWrapper(start, encoding="utf-8", errors="replace", newline="")
    lines = (line for line in text if line.strip())
    try:
        return next(csv.reader(lines), [])
    except csv.Error as error:
        raise Unusable(ReasonCode.UNREADABLE, f"the header cannot be parsed: {error}") from None


def _read_table(content: bytes, n_columns: int, places: Sequence[int]) -> pa.Table:
    """Read the columns at `places`; skip empty lines, and refuse rows of another width."""
    names = [str(position) for position in range(n_columns)]
    wanted = [names[place] for place in places]
    # A row must lie in one block; only an attack has rows that are longer.
    blocks = [_CHUNK, len(content) + 1] if len(content) > _CHUNK else [len(content) + 1]
    for block_size in blocks:
        try:
            return arrow_csv.read_csv(
                pa.BufferReader(content),
                read_options=arrow_csv.ReadOptions(
                    column_names=names,
                    skip_rows_after_names=1,
                    use_threads=len(content) > _CHUNK,
                    block_size=max(block_size, 16),
                ),
                parse_options=arrow_csv.ParseOptions(
                    newlines_in_values=b'"' in content, invalid_row_handler=_judge
                ),
                convert_options=arrow_csv.ConvertOptions(
                    include_columns=wanted,
                    column_types=dict.fromkeys(wanted, pa.string()),
                    strings_can_be_null=False,
                ),
            )
        except pa.ArrowInvalid as error:
            if "straddling" in str(error) and block_size != blocks[-1]:
                continue
            text = " ".join(str(error).split())[:160]
            raise Unusable(
                ReasonCode.UNREADABLE,
                f"the file cannot be parsed as csv with {n_columns} columns: {text}; use to_csv",
            ) from None
    raise AssertionError("the last block holds the whole file")


def _judge(row: arrow_csv.InvalidRow) -> str:
    """Skip a line of spaces, as pandas does."""
    return "error" if row.text.strip() else "skip"


def _joined(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
