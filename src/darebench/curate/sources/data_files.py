"""Reads one data file of any kind that people publish; what cannot be read is refused by name.

Nothing is assumed of a file: text is decoded as UTF-8 or, failing that, as Windows-1252; long
files are sampled while they are read, so that memory stays bounded.
"""

# The readers are typed as unions of everything that they can give.

from __future__ import annotations

import codecs
import csv
import json
import sqlite3
import warnings
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd

from darebench.errors import CurationReject
from darebench.installing import install_command

MAX_ROWS = 100_000
"""Rows that are kept of a longer file: a random sample, in the file's order."""
CHUNK = 50_000
MAX_BYTES = 4 << 30

Read = tuple[pd.DataFrame, tuple[str, ...]]


def read_any(path: Path) -> Read:
    """Read a data file by its suffix, with notes on what was left out.

    Raises:
        CurationReject: The file is empty, broken, or of an unknown kind.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        known = ", ".join(sorted(SUFFIXES))
        raise CurationReject(f"{path.name} is of an unknown kind; known are {known}")
    if not path.is_file():
        raise CurationReject(f"{path.name} is not a file; it may be a link to one that is gone")
    size = path.stat().st_size
    if size == 0 or size > MAX_BYTES:
        raise CurationReject(f"{path.name} has {size} bytes; between 1 and {MAX_BYTES} are read")
    try:
        frame, notes = reader(path)
    except CurationReject:
        raise
    except (ValueError, OSError, EOFError, KeyError, TypeError, OverflowError) as error:
        raise CurationReject(f"{path.name} cannot be read: {_one_line(error)}") from None
    except (csv.Error, sqlite3.Error, zipfile.BadZipFile, RecursionError, MemoryError) as error:
        raise CurationReject(f"{path.name} cannot be read: {_one_line(error)}") from None
    if len(frame) == 0:
        raise CurationReject(f"{path.name} holds no row")
    return frame, notes


def _read_csv(path: Path) -> Read:
    encoding = _encoding(path)
    chunks = pd.read_csv(
        path,
        sep=_separator(path, encoding),
        dtype=str,
        keep_default_na=False,
        na_values=[""],
        encoding=encoding,
        encoding_errors="replace",
        on_bad_lines="skip",
        chunksize=CHUNK,
        skipinitialspace=True,
        index_col=False,
    )
    with chunks, warnings.catch_warnings():
        warnings.simplefilter("ignore", pd.errors.ParserWarning)  # lines longer than the header
        return _sample(chunks)


def _separator(path: Path, encoding: str) -> str:
    """Choose the separator that cuts the first lines into the most, equally many parts."""
    if path.suffix.lower() == ".tsv":
        return "\t"
    with path.open(encoding=encoding, errors="replace", newline="") as stream:
        head = stream.read(1 << 16)
    lines = head.splitlines()[:20]
    best, most = ",", 0.0
    for mark in (",", ";", "\t", "|"):
        counts = [len(row) for row in csv.reader(lines, delimiter=mark, strict=False)]
        counts = [c for c in counts if c] or [1]
        points = counts[0] * counts.count(counts[0]) / len(counts)
        if counts[0] > 1 and points > most:
            best, most = mark, points
    return best


def _encoding(path: Path) -> str:
    with path.open("rb") as stream:
        start = stream.read(4)
        for mark, name in ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
            if start.startswith(mark):
                return name
        stream.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            while block := stream.read(1 << 20):
                decoder.decode(block)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8-sig"


def _read_parquet(path: Path) -> Read:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
        return _sample(batch.to_pandas() for batch in file.iter_batches(CHUNK))
    except pa.ArrowException as error:
        raise CurationReject(f"{path.name} cannot be read: {_one_line(error)}") from None


def _read_sqlite(path: Path) -> Read:
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
        query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        names = [row[0] for row in connection.execute(query)]
        if not names:
            raise CurationReject(f"{path.name} holds no table")
        quoted = {name: '"' + name.replace('"', '""') + '"' for name in names}
        sizes = {
            name: connection.execute(f"SELECT count(*) FROM {quoted[name]}").fetchone()[0]
            for name in names
        }
        main = max(sorted(names), key=lambda name: sizes[name])
        chunks = pd.read_sql_query(f"SELECT * FROM {quoted[main]}", connection, chunksize=CHUNK)
        frame, notes = _sample(chunks)
    left = tuple(f"table {name!r} is left out" for name in sorted(names) if name != main)
    return frame, (*notes, *left)


def _read_excel(path: Path) -> Read:
    try:
        import openpyxl  # noqa: F401 -- pandas' own message names no extra
    except ImportError:
        raise CurationReject(
            f"{path.name} needs openpyxl: {install_command(extra='excel')}"
        ) from None
    sheets = pd.read_excel(path, sheet_name=None, engine="openpyxl")
    if not sheets:
        raise CurationReject(f"{path.name} holds no sheet")
    main = max(sheets, key=lambda name: sheets[name].size)
    left = tuple(f"sheet {name!r} is left out" for name in sheets if name != main)
    frame, notes = _sample([sheets[main]])
    return frame, (*notes, *left)


def _read_json(path: Path) -> Read:
    return _sample(_json_chunks(path))


def _json_chunks(path: Path) -> Iterator[pd.DataFrame]:
    rows: list[dict] = []
    for value in _json_values(path):
        if not isinstance(value, dict):
            raise CurationReject(f"{path.name} holds {str(value)[:40]!r} where an object is due")
        rows.append(value)
        if len(rows) == CHUNK:
            yield pd.json_normalize(rows, max_level=1)
            rows = []
    if rows:
        yield pd.json_normalize(rows, max_level=1)


def _json_values(path: Path) -> Iterator[object]:
    """Yield the objects of a file: one a line, or all in one list."""
    with path.open(encoding="utf-8-sig", errors="replace") as stream:
        first = stream.read(1)
        while first.isspace():
            first = stream.read(1)
        stream.seek(0)
        if first == "[":
            yield from json.load(stream)
            return
        for number, line in enumerate(stream, 1):
            if not line.strip():
                continue
            try:
                yield json.loads(line)
            except json.JSONDecodeError as error:
                raise CurationReject(
                    f"{path.name} line {number} is not JSON: {error.msg}"
                ) from None


def _sample(chunks: Iterable[pd.DataFrame]) -> Read:
    """Keep a random sample of the rows, drawn while they pass by."""
    rng = np.random.default_rng(0)
    kept: pd.DataFrame | None = None
    draws = np.empty(0)
    n_seen = 0
    for chunk in chunks:
        n_seen += len(chunk)
        chunk.columns = _unique([str(name) for name in chunk.columns])
        kept = chunk if kept is None else pd.concat([kept, chunk], ignore_index=True)
        draws = np.concatenate([draws, rng.random(len(chunk))])
        if len(kept) > 2 * MAX_ROWS:
            kept, draws = _smallest(kept, draws)
    if kept is None:
        raise CurationReject("the file holds no table")
    kept, _ = _smallest(kept, draws)
    notes = (f"a sample of {len(kept)} of {n_seen} rows",) if n_seen > len(kept) else ()
    return kept.reset_index(drop=True), notes


def _smallest(frame: pd.DataFrame, draws: np.ndarray) -> tuple[pd.DataFrame, np.ndarray]:
    if len(frame) <= MAX_ROWS:
        return frame, draws
    chosen = np.sort(np.argpartition(draws, MAX_ROWS)[:MAX_ROWS])
    return frame.iloc[chosen], draws[chosen]


def _unique(names: list[str]) -> list[str]:
    counts: dict[str, int] = {}
    result = []
    for name in names:
        counts[name] = counts.get(name, 0) + 1
        result.append(name if counts[name] == 1 else f"{name}_{counts[name]}")
    return result


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__


_READERS: dict[str, Callable[[Path], Read]] = {
    ".csv": _read_csv,
    ".tsv": _read_csv,
    ".txt": _read_csv,
    ".parquet": _read_parquet,
    ".sqlite": _read_sqlite,
    ".sqlite3": _read_sqlite,
    ".db": _read_sqlite,
    ".xlsx": _read_excel,
    ".jsonl": _read_json,
    ".ndjson": _read_json,
    ".json": _read_json,
}
SUFFIXES = frozenset(_READERS)
