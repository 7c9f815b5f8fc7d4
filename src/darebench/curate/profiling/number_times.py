"""Reads times that are written as numbers, by the column's name, its range and its steps."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
import pandas as pd

_PACKED = re.compile(
    r"(.*[ _.])?(date|day|yyyymmdd|ymd|month|yyyymm|ym|period|time|datum|fecha|data|timestamp|"
    r"datetime)s?",
    re.I,
)
_DECIMAL = re.compile(r"(.*[ _.])?(time|date|year|decimal|t)s?", re.I)
_INSTANT = re.compile(
    r"(.*[ _.])?(time|date|datetime|timestamp|epoch|unix|unixtime|ts|datum|fecha|created|updated|"
    r"modified|start|end|begin|when|at)s?([ _.](at|on|utc|ms|s|sec|seconds|millis|ns|us))?|"
    r".*(Time|Date|Timestamp|At)",
    re.I,
)
_SERIAL = re.compile(
    r"(.*[ _.])?(date|datum|fecha|data|day|datetime|timestamp|time|when)s?|.*Date", re.I
)
_PACKINGS = (
    (18000101, 21001231, "%Y%m%d"),
    (180001, 210012, "%Y%m"),
    (1800010100, 2100123123, "%Y%m%d%H"),
    (180001010000, 210012312359, "%Y%m%d%H%M"),
    (18000101000000, 21001231235959, "%Y%m%d%H%M%S"),
)
_MEANT = 20
_EPOCHS = (("s", 1.0), ("ms", 1e3), ("us", 1e6), ("ns", 1e9))
_FIRST, _LAST = 473_385_600, 4_102_444_800
"""Seconds since 1970 of the first days of 1985 and 2100."""


class NumberTimes(NamedTuple):
    """Times, and how they are written."""

    times: pd.Series
    spelling: str


def read_number_times(values: pd.Series) -> NumberTimes | None:
    """Read a column of numbers as times; return None if they are none."""
    known = values.dropna()
    if len(known) < max(3, 0.99 * len(values)):
        return None
    for read in (_packed, _decimal_years, _epochs, _serial_days):
        found = read(known, str(values.name))
        if found is not None:
            return NumberTimes(found.times.reindex(values.index), found.spelling)
    return None


def _packed(values: pd.Series, name: str) -> NumberTimes | None:
    """Read whole numbers such as 20201120, and 202011 in a column that is named after time.

    Twenty numbers of eight digits are all days only if they are meant to be.
    """
    is_named = _PACKED.fullmatch(name) is not None
    if not (values == values.round()).all() or not (is_named or values.nunique() >= _MEANT):
        return None
    for low, high, spelling in _PACKINGS:
        if values.between(low, high).all() and (is_named or spelling == "%Y%m%d"):
            texts = values.astype("int64").astype(str)
            times = pd.to_datetime(texts, format=spelling, errors="coerce")
            if times.notna().all():
                return NumberTimes(times, f"packed as {spelling}")
    return None


def _epochs(values: pd.Series, name: str) -> NumberTimes | None:
    """Read seconds since 1970, or parts of seconds, by the name or by steps of whole minutes."""
    numbers = values.astype(float)
    for unit, per_second in _EPOCHS:
        seconds = numbers / per_second
        if not seconds.between(_FIRST, _LAST).all():
            continue
        steps = np.diff(np.unique(seconds))
        if len(steps) < 2 or not (_INSTANT.fullmatch(name) or _are_clocked(steps)):
            return None
        micros = (seconds * 1e6).round().astype("int64") if unit == "s" else _micros(values, unit)
        times = micros.astype("datetime64[us]")
        return NumberTimes(times, f"{unit} since 1970")
    return None


def _micros(values: pd.Series, unit: str) -> pd.Series:
    """Return whole microseconds, without what floats would lose."""
    whole = values.round().astype("int64")
    return {"ms": whole * 1000, "us": whole, "ns": whole // 1000}[unit]


def _are_clocked(steps: np.ndarray) -> bool:
    """Check whether most steps are the same number of whole minutes."""
    lengths, counts = np.unique(np.round(steps), return_counts=True)
    usual = lengths[counts.argmax()]
    return bool(usual >= 60 and usual % 60 == 0 and counts.max() >= 0.9 * len(steps))


def _serial_days(values: pd.Series, name: str) -> NumberTimes | None:
    """Read the days that spreadsheets count from 1899-12-30."""
    if not _SERIAL.fullmatch(name) or not values.between(20_000, 73_050).all():
        return None
    if values.nunique() < 3:
        return None
    whole = bool((values == values.round()).all())
    span = values.max() - values.min()
    if whole and span > 40 * max(values.nunique(), 10) and not re.search("dat|fecha", name, re.I):
        return None
    times = pd.Timestamp("1899-12-30") + pd.to_timedelta((values * 86_400).round(), unit="s")
    return NumberTimes(times.astype("datetime64[us]"), "days of a spreadsheet")


def _decimal_years(values: pd.Series, name: str) -> NumberTimes | None:
    """Read 1949.083 of a regular series as February 1949."""
    if not _DECIMAL.fullmatch(name):
        return None
    if not values.between(1500, 2100).all() or (values == values.round()).all():
        return None
    steps = np.diff(np.unique(values.to_numpy(float))).astype(float)
    if len(steps) < 5 or steps.max() > 1.3 * steps.min() + 0.003:
        return None
    per_year = round(1 / float(np.median(steps)))
    years = np.floor(values + 1e-6)
    if per_year in (2, 4, 12):
        months = ((values - years) * 12 + 0.5).clip(0, 11).astype(int)
        return NumberTimes(dates(years, months + 1), "decimal years")
    if years.min() < 1700:
        return None
    start = dates(years, pd.Series(1, index=years.index))
    length = 365 + start.dt.is_leap_year.astype(int)
    times = start + pd.to_timedelta(((values - years) * length).round(), unit="D")
    return NumberTimes(times, "decimal years")


def dates(years: pd.Series, months: pd.Series, days: pd.Series | None = None) -> pd.Series:
    """Return dates of their parts."""
    parts = {"year": years, "month": months, "day": 1 if days is None else days}
    return pd.to_datetime(pd.DataFrame(parts).astype(int), errors="coerce")
