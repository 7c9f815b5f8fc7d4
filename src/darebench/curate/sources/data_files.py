"""Reads one data file of any kind that people publish; what cannot be read is refused by name."""

from __future__ import annotations

import csv
import inspect
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from darebench.curate.reading.delimited import read_delimited
from darebench.curate.reading.evidence import ReadTable
from darebench.curate.reading.json_tables import read_json
from darebench.curate.reading.stored import read_parquet, read_sqlite
from darebench.curate.reading.workbook import read_workbook
from darebench.errors import CurationReject

MAX_BYTES = 4 << 30


def read_any(path: Path, *, sheet: str = "", header_row: int | None = None) -> ReadTable:
    """Read a data file by its suffix.

    Args:
        path: The file.
        sheet: The sheet of a workbook; empty for the largest one.
        header_row: Counted from 1, 0 for none; None to find it.

    Raises:
        CurationReject: The file is empty, broken, or of an unknown kind.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        known = ", ".join(sorted(SUFFIXES))
        raise CurationReject(f"{path.name} is of an unknown kind; known are {known}")
    if not path.is_file():
        raise CurationReject(f"{path.name} is not a file; it may be a link to one that is gone")
    asked: dict[str, Any] = {"sheet": sheet} if sheet else {}
    asked |= {} if header_row is None else {"header_row": header_row}
    for name in asked:
        if name not in inspect.signature(reader).parameters:
            raise CurationReject(f"{path.name} has no {name.replace('_', ' ')} that one could name")
    size = path.stat().st_size
    if size == 0 or size > MAX_BYTES:
        raise CurationReject(f"{path.name} has {size} bytes; between 1 and {MAX_BYTES} are read")
    try:
        table = reader(path, **asked)
    except CurationReject:
        raise
    except (ValueError, OSError, EOFError, KeyError, TypeError, OverflowError) as error:
        raise CurationReject(f"{path.name} cannot be read: {_one_line(error)}") from None
    except (csv.Error, sqlite3.Error, zipfile.BadZipFile, RecursionError, MemoryError) as error:
        raise CurationReject(f"{path.name} cannot be read: {_one_line(error)}") from None
    if len(table.frame) == 0:
        raise CurationReject(f"{path.name} holds no row")
    return table


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__


_READERS: dict[str, Callable[..., ReadTable]] = {
    **dict.fromkeys((".csv", ".tsv", ".tab", ".txt", ".data", ".dat"), read_delimited),
    ".parquet": read_parquet,
    **dict.fromkeys((".sqlite", ".sqlite3", ".db"), read_sqlite),
    **dict.fromkeys((".xlsx", ".xlsm", ".xls", ".xlsb", ".ods"), read_workbook),
    **dict.fromkeys((".jsonl", ".ndjson", ".json"), read_json),
}
SUFFIXES = frozenset(_READERS)
