"""Decides what the columns of a table hold: numbers, times, codes or text, each as a whole.

A column is what nearly all of its cells say; the others become missing and are counted. Where one
column leaves two ways open, the other columns of the table decide.
"""

# pandas' indexing is typed as unions of everything that it can give.

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from darebench.curate.profiling.evidence import Became, ColumnReading
from darebench.curate.profiling.iso_times import as_text
from darebench.curate.profiling.missing_words import find_words, missing_words
from darebench.curate.profiling.number_spelling import SpelledNumbers, read_numbers
from darebench.curate.profiling.number_times import read_number_times
from darebench.curate.profiling.text_times import FIRST_YEAR, LAST_YEAR, TextTimes, read_text_times
from darebench.curate.reading.cells import is_value

LARGEST = 1e15
"""Largest whole number that is still exact as a float."""
LONGEST_VALUE = 120
NUMBERS = "numbers of the file"
"""Why a column that the file has as numbers is one of numbers."""
_TRUTHS = {"true": "yes", "false": "no"}
_NAMED_TIME = re.compile(
    r"(.*[ _.])?(date|datetime|time|timestamp|datum|fecha|data|month|quarter|week|day|period)s?|"
    r".*(Date|Time)",
    re.I,
)
_TIME_OF_DAY = re.compile(r"\d{1,2}[:.]\d{2}(?:[:.]\d{2})?")
_LIKE_TIME = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:\D.*)?")


@dataclass(slots=True)
class Texts:
    """A column of text: what it says, once each, and where."""

    name: str
    codes: np.ndarray
    """For each row, the position of its text; -1 for a missing one."""
    distinct: pd.Series
    weights: np.ndarray
    words: dict[str, int]
    """Words that may stand for missing values -> their counts."""
    numbers: SpelledNumbers | None = None
    times: TextTimes | None = None

    @property
    def known(self) -> np.ndarray:
        """Which distinct texts are other words."""
        return ~self.distinct.isin(self.words).to_numpy(bool)


def one_line(value: Any) -> str:
    """Write a cell as one line of text that can be printed."""
    text = value if isinstance(value, str) else _spell(value)
    text = "".join(c if c.isprintable() or c == " " else " " for c in text)
    return " ".join(text.encode("utf-8", "replace").decode().replace('"', "'").split())


def _spell(value: Any) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < LARGEST:
        return str(int(value))
    return str(value)


def read_texts(values: pd.Series) -> Texts | None:
    """Describe a column of text; return None where its cells are nested or all missing."""
    nested = (dict, list, tuple, set, np.ndarray, bytes)
    if values.dtype == object and values.map(lambda v: isinstance(v, nested)).any():
        return None
    codes, distinct = pd.factorize(values)
    lines = [one_line(value) for value in distinct]
    again, texts = pd.factorize(np.array(lines, dtype=object))
    codes = np.where(codes >= 0, again[codes], -1) if len(again) else codes
    series = pd.Series(texts, dtype=object)
    weights = np.bincount(codes[codes >= 0], minlength=len(series)).astype(float)
    words = find_words(series)
    words = {w: int(weights[series == w].sum()) for w in words}
    blank = [word for word in words if not word]
    if blank:
        codes = np.where(codes == int(np.flatnonzero(series == "")[0]), -1, codes)
        words.pop("")
        weights = weights * (series != "").to_numpy(float)
    if weights.sum() == 0 or (weights.sum() == sum(words.values()) and len(words) == 1):
        return None
    return Texts(name=str(values.name), codes=codes, distinct=series, weights=weights, words=words)


def decide(columns: Sequence[Texts], told: Mapping[str, bool]) -> None:
    """Read each column as numbers or times; what one column leaves open the others decide.

    Args:
        columns: The columns of text of a table.
        told: Column -> whether its day stands before its month, where the user says so.
    """
    for decimal_comma in (False, True):
        for column in columns:
            _read_numbers(column, decimal_comma=decimal_comma)
        if not any(c.numbers is not None and c.numbers.has_decimal_commas for c in columns):
            break
    for column in columns:
        _read_times(column, told.get(column.name), is_told=column.name in told)
    sure = [c.times.spelling for c in columns if c.times is not None and not c.times.is_unsure]
    firsts = {"day, month" in s for s in sure if "day, month" in s or "month, day" in s}
    if len(firsts) == 1:
        for column in columns:
            if column.times is not None and column.times.is_unsure:
                _read_times(column, next(iter(firsts)))


def _read_numbers(column: Texts, *, decimal_comma: bool) -> None:
    keep = column.known
    if not keep.any():
        return
    texts, weights = column.distinct[keep].reset_index(drop=True), column.weights[keep]
    said = sum(column.words.get(w, 0) for w in column.words if w.lower() in ("none", "unknown"))
    if weights.sum() < 0.4 * (weights.sum() + said):
        return  # mostly a level, with a few numbers beside it
    column.numbers = read_numbers(texts, weights, column.name, decimal_comma=decimal_comma)


def _read_times(column: Texts, day_first: bool | None, *, is_told: bool = False) -> None:
    numbers = column.numbers
    keep = column.known
    if (numbers is not None and (numbers.values is not None or numbers.is_code)) or keep.sum() < 3:
        return
    positions = np.where(keep, np.cumsum(keep) - 1, -1)
    rows = np.where(column.codes >= 0, positions[column.codes], -1)
    texts = column.distinct[keep].reset_index(drop=True)
    column.times = read_text_times(texts, rows, day_first, is_told=is_told)


def finish(
    column: Texts, source_name: str, elsewhere: frozenset[str], said: str
) -> tuple[pd.Series | None, ColumnReading]:
    """Make the values of a column of what was decided.

    Args:
        column: What was decided.
        source_name: Its name in the source.
        elsewhere: Words that are missing in other columns of the table.
        said: What the page says of it.
    """
    base = ColumnReading(name=column.name, source_name=source_name, became=Became.TEXT, why="")
    numbers, times = column.numbers, column.times
    keep = np.flatnonzero(column.known)
    if numbers is not None and numbers.values is not None:
        values = np.full(len(column.distinct), np.nan)
        values[keep] = numbers.values
        reading = replace(base, became=Became.NUMBERS, why=numbers.spelling, unit=numbers.unit)
        series = _spread(values, column)
        return series, _blanked(reading, column, np.isnan(values))
    if times is not None:
        instants = pd.Series(pd.NaT, index=column.distinct.index, dtype="datetime64[us]")
        instants.iloc[keep] = times.times.to_numpy()
        why = times.spelling + (", which only custom says" if times.is_unsure else "")
        reading = replace(base, became=Became.TIMES, why=why)
        padded = pd.concat([instants, pd.Series([pd.NaT])], ignore_index=True)
        series = as_text(padded.iloc[column.codes].reset_index(drop=True))
        return series, _blanked(reading, column, instants.isna().to_numpy())
    return _text(column, base, elsewhere, said)


def _text(
    column: Texts, base: ColumnReading, elsewhere: frozenset[str], said: str
) -> tuple[pd.Series | None, ColumnReading]:
    n_cells = int(column.weights.sum())
    missing = missing_words(column.words, n_cells, elsewhere, said)
    texts = column.distinct.where(~column.distinct.isin(missing), None)
    lower = texts.dropna().str.lower()
    if lower.isin(_TRUTHS).all():
        texts = texts.str.lower().map(_TRUTHS)
    longest = texts.dropna().str.len().max()
    is_code = column.numbers is not None and column.numbers.is_code
    reading = replace(
        base,
        became=Became.CODES if is_code else Became.TEXT,
        why=column.numbers.spelling if is_code and column.numbers else "text",
        levels=tuple(sorted(set(column.words) - missing)),
        not_understood="" if is_code else _not_understood(column),
    )
    if longest > LONGEST_VALUE:
        return None, replace(reading, became=Became.LEFT_OUT, why="cells are long texts")
    return _spread(texts.to_numpy(object), column), reading


def _not_understood(column: Texts) -> str:
    """Return a cell of a column that looks like time; empty for others."""
    texts = column.distinct[column.known]
    if len(texts) < 3 or texts.astype(str).str.fullmatch(_TIME_OF_DAY.pattern).all():
        return ""
    like = texts.astype(str).str.fullmatch(_LIKE_TIME.pattern).mean()
    named = _NAMED_TIME.fullmatch(column.name) is not None and texts.map(is_value).mean() >= 0.5
    return str(texts.iloc[0]) if like >= 0.8 or named else ""


def _spread(distinct: np.ndarray, column: Texts) -> pd.Series:
    """Return the value of each row's text, NaN where there is none."""
    padded = np.append(distinct, np.array([np.nan], dtype=distinct.dtype))
    series = pd.Series(padded[column.codes], dtype=distinct.dtype)
    return series.where(series.notna(), np.nan)


def _blanked(reading: ColumnReading, column: Texts, missing: np.ndarray) -> ColumnReading:
    out = missing & (column.weights > 0)
    order = np.argsort(-column.weights * out, kind="stable")[: min(3, int(out.sum()))]
    examples = tuple(str(text)[:40] for text in column.distinct.iloc[order])
    return replace(reading, blanked=int(column.weights[out].sum()), examples=examples)


def words_elsewhere(columns: Sequence[Texts]) -> frozenset[str]:
    """Return the words that are missing in columns of numbers or times, or rare in one of text."""
    found = set()
    for column in columns:
        is_value_column = column.times is not None or (
            column.numbers is not None and column.numbers.values is not None
        )
        n_cells = int(column.weights.sum())
        for word, count in column.words.items():
            if is_value_column or count < 0.05 * n_cells:
                found.add(word.lower())
    return frozenset(found)


def plain_number(values: pd.Series) -> pd.Series | None:
    """Return finite numbers, as whole ones where all are; None where they are beyond floats."""
    numbers = values.astype(object).map(_as_float).astype(float)
    numbers = numbers.where(np.isfinite(numbers))
    if numbers.notna().sum() == 0 or numbers.abs().max() > LARGEST:
        return None
    if numbers.notna().all() and (numbers == numbers.round()).all():
        return numbers.astype(np.int64)
    return numbers


def _as_float(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return float("nan")


def read_typed(values: pd.Series) -> tuple[pd.Series | None, str]:
    """Turn a column with a type of its own into int, float or text; also say what it was."""
    kind = values.dtype
    if pd.api.types.is_bool_dtype(kind):
        return values.astype(object).map({True: "yes", False: "no"}).astype(object), "truth values"
    if pd.api.types.is_datetime64_any_dtype(kind):
        if values.dt.tz is not None:
            values = values.dt.tz_convert("UTC").dt.tz_localize(None)
        usable = values.dt.year.between(FIRST_YEAR, LAST_YEAR)
        return as_text(values.where(usable)), "times of the file"
    if pd.api.types.is_timedelta64_dtype(kind):
        return plain_number(values.dt.total_seconds()), "durations in seconds"
    if pd.api.types.is_complex_dtype(kind):
        return None, "complex numbers"
    return plain_number(values.astype(float) if kind.kind == "f" else values), NUMBERS


def number_times(values: pd.Series) -> tuple[pd.Series, str] | None:
    """Write a column of numbers that are times as ISO text, and say how they are written."""
    found = read_number_times(values)
    return None if found is None else (as_text(found.times), found.spelling)


def is_text(values: pd.Series) -> bool:
    """Check whether a column holds texts, or values of several kinds."""
    kind = values.dtype
    return isinstance(kind, pd.CategoricalDtype) or not (
        pd.api.types.is_numeric_dtype(kind)
        or pd.api.types.is_bool_dtype(kind)
        or pd.api.types.is_datetime64_any_dtype(kind)
        or pd.api.types.is_timedelta64_dtype(kind)
    )
