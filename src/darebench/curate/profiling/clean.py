"""Makes a raw table safe to write in every format: names, types, missing values, useless columns.

What is changed here is what reading the written file back would change anyway: values that look
like numbers are numbers, truth values are `yes` and `no`, dates are ISO text.
"""

# pandas' indexing is typed as unions of everything that it can give.

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from darebench.curate.profiling.columns import (
    NUMBERS,
    decide,
    finish,
    is_text,
    number_times,
    plain_number,
    read_texts,
    read_typed,
    words_elsewhere,
)
from darebench.curate.profiling.evidence import Became, ColumnReading, Tidy
from darebench.curate.profiling.time_parts import with_clock, with_dates
from darebench.curate.reading.sample import MAX_ROWS
from darebench.errors import CurationReject
from darebench.store.layout import ROW_ID

MAX_COLUMNS = 200
MOST_MISSING = 0.6
CONSTANT = "it holds one value"
_INDEX_NAME = re.compile(
    r"(unnamed: \d+|rownames?|row|index|idx|no\.?|nr|obs|x|id|rowid|\W*)", re.I
)


def clean(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table of numbers and plain text, with unique names and without useless columns.

    Raises:
        CurationReject: Nothing is left of the table.
    """
    return tidy(frame).frame


def tidy(
    frame: pd.DataFrame,
    descriptions: Mapping[str, str] | None = None,
    day_first: Mapping[str, bool] | None = None,
) -> Tidy:
    """Clean a table, and say how each column was read.

    Args:
        frame: The table as its source has it.
        descriptions: What the source says of columns, by their names there.
        day_first: Column of times, by its clean name -> whether its day stands before its month,
            where that is known and not to be found.

    Raises:
        CurationReject: Nothing is left of the table.
    """
    if frame.shape[1] == 0 or len(frame) == 0:
        raise CurationReject("the table is empty: it has no column or no row")
    if len(frame) > MAX_ROWS:
        kept = np.sort(np.random.default_rng(0).choice(len(frame), MAX_ROWS, replace=False))
        frame = frame.iloc[kept]
    names = column_names(list(frame.columns))
    columns: dict[str, pd.Series] = {}
    constant: dict[str, pd.Series] = {}
    readings: list[ColumnReading] = []
    for values, reading in _read_columns(frame, names, descriptions or {}, day_first or {}):
        useless = "" if values is None else _uselessness(values, reading)
        if values is None or useless:
            why = useless or reading.why
            reading = replace(reading, became=Became.LEFT_OUT, why=why, blanked=0)
            if values is not None and useless == CONSTANT:
                constant[reading.name] = values
        else:
            columns[reading.name] = values.rename(reading.name)
        readings.append(reading)
        if len(columns) == MAX_COLUMNS:
            break
    if not columns:
        raise CurationReject(
            f"none of the {len(names)} columns is usable: they are constant, nearly all missing, "
            "indexes, free text or nested"
        )
    dated = with_clock(with_dates(pd.DataFrame(columns), pd.DataFrame(constant)))
    kept = _without_copies(dated).drop_duplicates(ignore_index=True)
    return Tidy(frame=kept, columns=tuple(readings))


def _read_columns(
    frame: pd.DataFrame,
    names: Sequence[str],
    descriptions: Mapping[str, str],
    day_first: Mapping[str, bool],
) -> Iterator[tuple[pd.Series | None, ColumnReading]]:
    """Yield the values of each column, None where it holds nothing usable, and how it was read.

    A table of very many columns is read in parts, since no more than some are kept.
    """
    for start in range(0, len(names), 2 * MAX_COLUMNS):
        part = slice(start, start + 2 * MAX_COLUMNS)
        yield from _read_part(frame.iloc[:, part], names[part], descriptions, day_first)


def _read_part(
    frame: pd.DataFrame,
    names: Sequence[str],
    descriptions: Mapping[str, str],
    day_first: Mapping[str, bool],
) -> Iterator[tuple[pd.Series | None, ColumnReading]]:
    series = [frame.iloc[:, i].reset_index(drop=True).rename(n) for i, n in enumerate(names)]
    texts = {n: read_texts(v) for n, v in zip(names, series, strict=True) if is_text(v)}
    written = [column for column in texts.values() if column is not None]
    decide(written, day_first)
    elsewhere = words_elsewhere(written)
    for name, values, raw in zip(names, series, frame.columns, strict=True):
        source = str(raw)
        base = ColumnReading(name=name, source_name=source, became=Became.LEFT_OUT, why="")
        if name not in texts:
            plain, why = read_typed(values)
            reading = replace(base, became=_kind(plain, why), why=why)
            numbers = values if why == NUMBERS else None
        elif (column := texts[name]) is None:
            yield None, replace(base, why="nested or without a value")
            continue
        else:
            said = descriptions.get(source, "")
            plain, reading = finish(column, source, elsewhere, said)
            numbers = plain if reading.became is Became.NUMBERS else None
            plain = plain if numbers is None else plain_number(numbers)
        times = None if numbers is None else number_times(numbers.rename(name))
        if times is not None:
            plain, why = times
            reading = replace(reading, became=Became.TIMES, why=why)
        yield plain, reading


def _kind(values: pd.Series | None, why: str) -> Became:
    if values is None:
        return Became.LEFT_OUT
    if why == "times of the file":
        return Became.TIMES
    return Became.NUMBERS if pd.api.types.is_numeric_dtype(values) else Became.TEXT


def column_names(names: Sequence[Any]) -> list[str]:
    """Make names plain, not empty and unique, whatever their case."""
    given: set[str] = set()
    result = []
    for position, raw in enumerate(names, 1):
        text = " ".join(str(part) for part in raw) if isinstance(raw, tuple) else str(raw)
        text = "".join(c if c.isprintable() else " " for c in text).replace("`", "'")
        text = text.encode("utf-8", "replace").decode()
        name = " ".join(text.split())[:80] or f"column_{position}"
        if name.casefold() in (ROW_ID, "nan"):
            name = f"{name}_original"
        base, number = name, 2
        while name.casefold() in given:
            name, number = f"{base}_{number}", number + 1
        given.add(name.casefold())
        result.append(name)
    return result


def _uselessness(values: pd.Series, reading: ColumnReading) -> str:
    """Return why a column is of no use; empty for one that is."""
    if values.isna().mean() > MOST_MISSING:
        return f"{values.isna().mean():.0%} of it is missing"
    if values.nunique() < 2:
        return CONSTANT
    if reading.became is Became.TIMES or not _INDEX_NAME.fullmatch(reading.source_name):
        return ""
    if not pd.api.types.is_numeric_dtype(values):
        return "an index: each row has a name of its own" if values.nunique() == len(values) else ""
    whole = (values.dropna() == values.dropna().round()).all()
    unique = values.nunique() == len(values)
    counts = bool(whole and (unique or (values.diff().iloc[1:] == 1).all()))
    return "an index: it counts the rows" if counts else ""


def _without_copies(frame: pd.DataFrame) -> pd.DataFrame:
    """Leave out columns that repeat an earlier one, value by value."""
    seen: set[bytes] = set()
    kept = []
    for name in frame.columns:
        digest = _digest(frame[name])
        if digest not in seen:
            kept.append(name)
        seen.add(digest)
    return frame[kept]


def _digest(values: pd.Series) -> bytes:
    hashes = pd.util.hash_pandas_object(values, index=False).to_numpy()
    return hashlib.blake2b(hashes.tobytes(), digest_size=16).digest()
