"""Reads tables that programs stored with their types: parquet files and sqlite databases."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pandas as pd

from darebench.curate.reading.evidence import Reading, ReadTable
from darebench.curate.reading.sample import CHUNK, sample
from darebench.errors import CurationReject


def read_parquet(path: Path) -> ReadTable:
    """Read a parquet file; an index that pandas stored is a column.

    Raises:
        CurationReject: It is broken.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
        frame, remarks = sample(with_index(batch.to_pandas()) for batch in file.iter_batches(CHUNK))
    except pa.ArrowException as error:
        text = " ".join(str(error).split())[:200]
        raise CurationReject(f"{path.name} cannot be read: {text}") from None
    return ReadTable(frame=frame, reading=Reading(container="parquet", remarks=remarks))


def with_index(frame: pd.DataFrame) -> pd.DataFrame:
    """Make columns of an index that says more than the rows' order."""
    index = frame.index
    if isinstance(index, pd.RangeIndex) or (index.nlevels == 1 and len(index) == 0):
        return frame
    if index.nlevels == 1 and index.name is None and pd.api.types.is_integer_dtype(index):
        return frame.reset_index(drop=True)
    names = [_free(str(n) if n is not None else "index", frame) for n in index.names]
    return frame.reset_index(names=names if index.nlevels > 1 else names[0])


def _free(name: str, frame: pd.DataFrame) -> str:
    while name in frame.columns:
        name += "_index"
    return name


def read_sqlite(path: Path) -> ReadTable:
    """Read the longest table of a database.

    Raises:
        CurationReject: It holds no table.
    """
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
        frame, remarks = sample(_rows(connection, quoted[main]))
    left = tuple(f"table {name!r} is left out" for name in sorted(names) if name != main)
    reading = Reading(container=f"sqlite, table {main!r}", remarks=(*remarks, *left))
    return ReadTable(frame=frame, reading=reading)


def _rows(connection: sqlite3.Connection, quoted: str) -> Iterator[pd.DataFrame]:
    yield from pd.read_sql_query(f"SELECT * FROM {quoted}", connection, chunksize=CHUNK)
