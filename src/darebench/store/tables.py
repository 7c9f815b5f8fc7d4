"""Reading rules for csv, parquet and sqlite. They are part of the task: they change results.

csv: only the empty string is missing. parquet and sqlite: None is missing (NaN). An sqlite file
with several tables holds one table that is split over them: they are joined on `row_id`, in the
order of the numbers in their names.
"""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from darebench.errors import TaskFormatError
from darebench.store.layout import ROW_ID
from darebench.types import Task

if TYPE_CHECKING:
    import pandas as pd


def read_table(path: Path) -> pd.DataFrame:
    """Read one data file of a task, by its suffix.

    Raises:
        TaskFormatError: The file is missing, broken, or of another kind.
    """
    import pandas as pd

    readers = {".csv": _read_csv, ".parquet": _read_parquet, ".sqlite": _read_sqlite}
    reader = readers.get(path.suffix)
    if reader is None:
        raise TaskFormatError(f"{path}: unknown table format {path.suffix!r}")
    if not path.is_file():
        raise TaskFormatError(f"{path} is missing; fetch or write the store again")
    try:
        return reader(path)
    except (ValueError, OSError, sqlite3.Error, pd.errors.ParserError) as error:
        raise TaskFormatError(f"{path} cannot be read: {_one_line(error)}") from None


def read_head(path: Path, n_rows: int) -> pd.DataFrame:
    """Read the first rows of a data file, as `read_table` does, without reading the others.

    Raises:
        TaskFormatError: The file is missing, broken, or of another kind.
    """
    import pandas as pd
    import pyarrow as pa

    if path.suffix not in (".csv", ".parquet", ".sqlite") or not path.is_file():
        return read_table(path)  # which says what is wrong
    try:
        if path.suffix == ".csv":
            return _read_csv(path, n_rows)
        return (
            _parquet_head(path, n_rows) if path.suffix == ".parquet" else _sqlite_head(path, n_rows)
        )
    except (ValueError, OSError, sqlite3.Error, pd.errors.ParserError, pa.ArrowInvalid) as error:
        raise TaskFormatError(f"{path} cannot be read: {_one_line(error)}") from None


def check_whole(path: Path) -> None:
    """Check the two ends of a data file, which show one that was cut off or is of another kind.

    Raises:
        TaskFormatError: The file cannot be whole.
    """
    n_bytes = path.stat().st_size
    with path.open("rb") as stream:
        start = stream.read(32)
        stream.seek(max(0, n_bytes - 4))
        end = stream.read(4)
    whole = n_bytes > 0
    if path.suffix == ".parquet":
        whole = n_bytes > 12 and start[:4] == end == b"PAR1"
    elif path.suffix == ".sqlite":
        page = int.from_bytes(start[16:18], "big")
        pages = int.from_bytes(start[28:32], "big")
        whole = start.startswith(b"SQLite format 3\0")
        whole = whole and n_bytes >= (1 << 16 if page == 1 else page) * pages
    if not whole:
        raise TaskFormatError(
            f"{path} is empty, cut off or of another kind; fetch or write the store again"
        )


def count_rows(path: Path) -> int:
    """Return the number of rows of a data file, without loading it where the format allows that.

    Raises:
        TaskFormatError: The file is missing, broken, or of another kind.
    """
    if path.suffix == ".parquet" and path.is_file():
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            return pq.read_metadata(path).num_rows
        except (OSError, pa.ArrowInvalid) as error:
            raise TaskFormatError(f"{path} cannot be read: {_one_line(error)}") from None
    if path.suffix == ".sqlite" and path.is_file():
        try:
            with closing(_connect(path)) as connection:
                tables = _table_names(connection)
                return connection.execute(f"SELECT count(*) FROM {_quoted(tables[0])}").fetchone()[
                    0
                ]
        except (sqlite3.Error, ValueError) as error:
            raise TaskFormatError(f"{path} cannot be read: {_one_line(error)}") from None
    return len(read_table(path))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Numbers of rows of a task's files; None where a file is missing or broken."""

    train: int | None
    test: int | None
    problems: tuple[str, ...]
    """What is wrong with the other files, a sentence for each."""


def measure_files(task: Task) -> Sizes:
    """Count the rows of the training and the validation file of a task."""
    found: dict[str, int] = {}
    problems = []
    for name in task.files:
        part = next((part for part in ("train", "val") if name.startswith(part)), None)
        if part is not None:
            try:
                found[part] = count_rows(task.source / name)
            except TaskFormatError as error:
                problems.append(str(error))
    return Sizes(train=found.get("train"), test=found.get("val"), problems=tuple(problems))


def _read_csv(path: Path, n_rows: int | None = None) -> pd.DataFrame:
    import pandas as pd

    return pd.read_csv(path, keep_default_na=False, na_values=[""], low_memory=False, nrows=n_rows)


def _read_parquet(path: Path) -> pd.DataFrame:
    import pandas as pd

    return _none_to_nan(pd.read_parquet(path))


def _read_sqlite(path: Path) -> pd.DataFrame:
    import pandas as pd

    with closing(_connect(path)) as connection:
        parts = [
            pd.read_sql_query(f"SELECT * FROM {_quoted(name)}", connection)
            for name in _table_names(connection)
        ]
    frame = parts[0]
    for part in parts[1:]:
        frame = frame.merge(part, on=ROW_ID, how="inner")
    return _none_to_nan(frame)


def _parquet_head(path: Path, n_rows: int) -> pd.DataFrame:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        batch = next(file.iter_batches(batch_size=n_rows), None)
        frame = file.schema_arrow.empty_table().to_pandas() if batch is None else batch.to_pandas()
    return _none_to_nan(frame)


def _sqlite_head(path: Path, n_rows: int) -> pd.DataFrame:
    import pandas as pd

    with closing(_connect(path)) as connection:
        first, *others = _table_names(connection)
        frame = pd.read_sql_query(f"SELECT * FROM {_quoted(first)} LIMIT {n_rows:d}", connection)
        for name in others:
            rows = frame[ROW_ID].tolist()
            marks = ", ".join("?" * len(rows))
            query = f"SELECT * FROM {_quoted(name)} WHERE {ROW_ID} IN ({marks})"
            frame = frame.merge(pd.read_sql_query(query, connection, params=rows), on=ROW_ID)
    return _none_to_nan(frame)


def _none_to_nan(frame: pd.DataFrame) -> pd.DataFrame:
    import numpy as np

    for name in frame.columns:
        if frame[name].dtype == object:
            frame[name] = frame[name].where(frame[name].notna(), np.nan)
    return frame


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)


def _table_names(connection: sqlite3.Connection) -> list[str]:
    rows = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    )
    names = sorted((row[0] for row in rows), key=_natural)
    if not names:
        raise ValueError("it does not hold a table")
    return names


def _natural(name: str) -> list[tuple[int, str]]:
    """Return a sort key that puts `table_10` after `table_9`."""
    return [(int(part or 0), text) for text, part in re.findall(r"(\D*)(\d*)", name)]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
