"""Joins dates whose parts stand in several columns."""

from __future__ import annotations

import re
from collections.abc import Hashable

import pandas as pd

from darebench.curate.profiling.iso_times import as_text
from darebench.curate.profiling.number_times import dates
from darebench.curate.profiling.time_words import months_of

_YEAR = re.compile(r"year|yr|yyyy|año|ano|jahr|année|annee|anno", re.I)
_MONTH = re.compile(r"month|mon|mo|mm|mnth|mes|mês|mois|monat|mese|month[ _.]?name", re.I)
_QUARTER = re.compile(r"quarter|qtr|q", re.I)
_DAY = re.compile(r"day|mday|dom|day[ _.]?of[ _.]?month|dd|dy|día|dia|jour|tag|giorno", re.I)
_HOUR = re.compile(r"hour|hr|hh|h|hora|heure|stunde|ora", re.I)
_CLOCK = re.compile(r"(.*[ _.])?(time|zeit|uhrzeit|hora|heure|clock)", re.I)
_TIME_OF_DAY = re.compile(r"(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?")
FEWEST = 6
"""Distinct dates that are worth a column."""


def with_dates(frame: pd.DataFrame, constant: pd.DataFrame) -> pd.DataFrame:
    """Add a `date` before a year that has its month, quarter, day or hour in other columns.

    Args:
        frame: A table.
        constant: Columns of it that hold one value and were left out, such as the only year.
    """
    if "date" in {str(name).casefold() for name in frame.columns}:
        return frame
    # One year of a table that has its times already is none of their parts.
    parts = frame if any(map(_is_time, frame.items())) else pd.concat([frame, constant], axis=1)
    years = _part(parts, _YEAR, 1700, 2199)
    if years is None:
        return frame
    months = _part(parts, _MONTH, 1, 12)
    if months is None:
        quarters = _part(parts, _QUARTER, 1, 4)
        return frame if quarters is None else _first(frame, dates(years, quarters * 3 - 2))
    days = _part(parts, _DAY, 1, 31)
    found = dates(years, months, days)
    hours = _part(parts, _HOUR, 0, 24) if days is not None else None
    if hours is not None:
        found = found + pd.to_timedelta(hours, unit="h")
    return frame if found.isna().any() else _first(frame, found)


def with_clock(frame: pd.DataFrame) -> pd.DataFrame:
    """Join the only column of days with the only column of times of day beside it."""
    texts = [c for c in frame.columns if not pd.api.types.is_numeric_dtype(frame[c])]
    days = [
        c for c in texts if frame[c].dropna().astype(str).str.fullmatch(r"\d{4}-\d\d-\d\d").all()
    ]
    clocks = [c for c in texts if _CLOCK.fullmatch(str(c)) and _is_clock(frame[c])]
    if len(days) != 1 or len(clocks) != 1 or not frame[days[0]].duplicated().any():
        return frame
    parts = frame[clocks[0]].str.extract(_TIME_OF_DAY).astype(float).fillna(0)
    seconds = parts[0] * 3600 + parts[1] * 60 + parts[2]
    moments = pd.to_datetime(frame[days[0]]) + pd.to_timedelta(seconds, unit="s")
    joined = frame.assign(**{str(days[0]): as_text(moments)})
    return joined.drop(columns=[clocks[0]])


def _is_time(column: tuple[Hashable, pd.Series]) -> bool:
    """Check whether a column holds ISO times, by its first value."""
    first = str(column[1].dropna().iloc[0])
    return re.fullmatch(r"\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d)?", first) is not None


def _is_clock(values: pd.Series) -> bool:
    return bool(values.notna().all() and values.astype(str).str.fullmatch(_TIME_OF_DAY).all())


def _first(frame: pd.DataFrame, times: pd.Series) -> pd.DataFrame:
    if times.nunique() < FEWEST:
        return frame
    dated = frame.copy()
    dated.insert(0, "date", as_text(times))
    return dated


def _part(frame: pd.DataFrame, name: re.Pattern[str], low: int, high: int) -> pd.Series | None:
    """Find the column that holds one part of a date, in full."""
    for column in frame.columns:
        values = frame[column]
        if not name.fullmatch(str(column)) or values.isna().any():
            continue
        if not pd.api.types.is_numeric_dtype(values):
            values = values.map(months_of(set(values)))
        if values.between(low, high).all() and (values == values.round()).all():
            return values
    return None
