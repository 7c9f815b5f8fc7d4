"""Finds the times of a table in whatever way they are written, and writes them as ISO text.

Known are dates in common formats, numbers such as 20201120, decimal years of regular series, and a
year beside a month or quarter. One spelling holds for a whole column. ISO text survives being
parsed and written back, which keeps forecasts apart from how an agent spells their times.
"""

# pandas' indexing is typed as unions of everything that it can give.

from __future__ import annotations

import calendar
import re
from datetime import datetime

import numpy as np
import pandas as pd

DAY, MOMENT = "%Y-%m-%d", "%Y-%m-%d %H:%M:%S"
_FORMATS = (
    "%m/%d/%Y", "%d/%m/%Y", "%Y/%m/%d", "%d-%m-%Y", "%m-%d-%Y", "%d.%m.%Y", "%Y.%m.%d",
    "%m/%d/%y", "%d/%m/%y", "%Y-%m", "%Y/%m", "%YM%m", "%m/%Y", "%b %Y", "%B %Y", "%b-%y", "%b-%Y",
    "%d-%b-%Y", "%d-%b-%y", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%b %d %Y",
    "%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M:%S", "%d/%m/%Y %H:%M:%S",
    "%d-%m-%Y %H:%M", "%d-%m-%Y %H:%M:%S", "%d-%b-%Y %H:%M", "%d-%b-%Y %H:%M:%S",
    "%m/%d/%Y %I:%M %p", "%m/%d/%Y %I:%M:%S %p", "%d.%m.%Y %H:%M", "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
)  # fmt: skip
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?\s?(Z|[+-]\d{2}:?\d{2})?)?")
_QUARTER = re.compile(r"(\d{4})[ -]?[Qq]([1-4])")
_PACKED = re.compile(r"(.*[ _.])?(date|day|yyyymmdd|ymd|month|yyyymm|ym|period|time)s?", re.I)
_DECIMAL = re.compile(r"(.*[ _.])?(time|date|year|decimal|t)s?", re.I)
_YEAR = re.compile(r"year|yr|yyyy", re.I)
_MONTH = re.compile(r"month|mon|mo|mm", re.I)
_QUARTER_NAME = re.compile(r"quarter|qtr|q", re.I)
_DAY = re.compile(r"day|mday|dom|day[ _.]?of[ _.]?month|dd", re.I)
_SAMPLE = 200


def iso_times(values: pd.Series) -> pd.Series | None:
    """Write a column of times as ISO text; return None if it does not hold times."""
    if pd.api.types.is_numeric_dtype(values):
        times = _packed(values) if values.notna().all() else None
        times = _decimal_years(values) if times is None else times
    else:
        times = _parsed(values)
    return None if times is None else as_text(times)


def as_text(times: pd.Series) -> pd.Series:
    """Write instants as days, or to the second if any of them has a time of day."""
    known = times.dropna()
    midnight = bool((known == known.dt.normalize()).all())
    text = times.dt.strftime(DAY if midnight else MOMENT)
    return text.astype(object).where(times.notna(), np.nan)


def _parsed(values: pd.Series) -> pd.Series | None:
    codes, distinct = pd.factorize(values)
    texts = pd.Series(distinct, dtype=object).astype(str)
    if len(texts) < 3 or not re.search(r"\d", texts.iloc[0]) or texts.str.len().max() > 35:
        return None
    sample = texts.iloc[:_SAMPLE]
    if all(_ISO.fullmatch(text) for text in sample):
        times = pd.to_datetime(texts, format="ISO8601", errors="coerce", utc=True)
        times = times.dt.tz_localize(None).astype("datetime64[us]")
    elif all(_QUARTER.fullmatch(text) for text in sample):
        parts = texts.str.extract(_QUARTER).astype(float)
        times = _dates(parts[0], parts[1] * 3 - 2)
    else:
        likely = [f for f in _FORMATS if _fits(texts.iloc[0], f)]
        fitting = [f for f in likely if _read(sample, f).notna().all()]
        read = [times for f in fitting if (times := _read(texts, f)).notna().all()]
        # Where day and month could change places, the order of the rows tells.
        read.sort(key=lambda times: not times.is_monotonic_increasing)
        if not read:
            return None
        times = read[0]
    if times.isna().any():
        return None
    padded = pd.concat([times, pd.Series([pd.NaT])], ignore_index=True)
    return padded.iloc[codes].reset_index(drop=True)


def _fits(text: str, spelling: str) -> bool:
    try:
        datetime.strptime(text, spelling)
    except ValueError:
        return False
    return True


def _read(texts: pd.Series, spelling: str) -> pd.Series:
    times = pd.to_datetime(texts, format=spelling, errors="coerce")
    return times.where(times.between("1677-10-01", "2200-01-01"))


def _packed(values: pd.Series) -> pd.Series | None:
    """Read whole numbers such as 20201120 and 202011 in a column that is named after time."""
    if not _PACKED.fullmatch(str(values.name)) or not (values == values.round()).all():
        return None
    for low, high, spelling in ((18000101, 21001231, "%Y%m%d"), (180001, 210012, "%Y%m")):
        if values.between(low, high).all():
            times = pd.to_datetime(
                values.astype("int64").astype(str), format=spelling, errors="coerce"
            )
            return times if times.notna().all() else None
    return None


def _decimal_years(values: pd.Series) -> pd.Series | None:
    """Read 1949.083 of a regular series as February 1949."""
    known = values.dropna()
    if len(known) < len(values) or not _DECIMAL.fullmatch(str(values.name)):
        return None
    if not known.between(1500, 2100).all() or (known == known.round()).all():
        return None
    steps = np.diff(np.unique(known.to_numpy(float))).astype(float)
    if len(steps) < 5 or steps.max() > 1.3 * steps.min() + 0.003:
        return None
    per_year = round(1 / float(np.median(steps)))
    years = np.floor(known + 1e-6)
    if per_year in (2, 4, 12):
        months = ((known - years) * 12 + 0.5).clip(0, 11).astype(int)
        return _dates(years, months + 1)
    if years.min() < 1700:
        return None
    start = _dates(years, pd.Series(1, index=years.index))
    length = 365 + start.dt.is_leap_year.astype(int)
    return start + pd.to_timedelta(((known - years) * length).round(), unit="D")


def with_dates(frame: pd.DataFrame) -> pd.DataFrame:
    """Add a `date` before a year that has its month, quarter or day in other columns."""
    if "date" in {str(name).casefold() for name in frame.columns}:
        return frame
    years = _part(frame, _YEAR, 1700, 2199)
    if years is None:
        return frame
    months = _part(frame, _MONTH, 1, 12)
    if months is None:
        quarters = _part(frame, _QUARTER_NAME, 1, 4)
        if quarters is None:
            return frame
        return _first(frame, _dates(years, quarters * 3 - 2))
    days = _part(frame, _DAY, 1, 31)
    dates = _dates(years, months, days)
    return frame if dates.isna().any() else _first(frame, dates)


def _first(frame: pd.DataFrame, dates: pd.Series) -> pd.DataFrame:
    if dates.nunique() < 6:
        return frame
    dated = frame.copy()
    dated.insert(0, "date", as_text(dates))
    return dated


def _part(frame: pd.DataFrame, name: re.Pattern[str], low: int, high: int) -> pd.Series | None:
    """Find the column that holds one part of a date, in full."""
    spelled = {text.lower(): n for n, text in enumerate(calendar.month_name) if text}
    spelled |= {text.lower(): n for n, text in enumerate(calendar.month_abbr) if text}
    for column in frame.columns:
        values = frame[column]
        if not name.fullmatch(str(column)) or values.isna().any():
            continue
        if not pd.api.types.is_numeric_dtype(values):
            values = values.str.lower().map(spelled)
        if values.between(low, high).all() and (values == values.round()).all():
            return values
    return None


def _dates(years: pd.Series, months: pd.Series, days: pd.Series | None = None) -> pd.Series:
    parts = {"year": years, "month": months, "day": 1 if days is None else days}
    return pd.to_datetime(pd.DataFrame(parts).astype(int), errors="coerce")
