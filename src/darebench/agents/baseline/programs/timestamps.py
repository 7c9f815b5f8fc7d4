"""Reads what the files of a time series spell: timestamps, numbers, which column is the time."""

import re

import numpy as np
import pandas as pd

TIME_WORDS = re.compile(r"date|time|month|year|day|period|stamp|week|hour|quarter", re.IGNORECASE)
DAY_NS = 8.64e13
ZONE = r"(?<=\d)\s*(?:Z|UTC|GMT|[+-]\d\d:?\d\d)$"


def parse_times(values):
    """Read a column of timestamps in whatever spelling, day and month told apart as a whole."""
    if pd.api.types.is_numeric_dtype(values):
        return number_times(values.astype(float))
    texts = values.astype("str").str.strip()
    distinct = pd.Series(texts.unique())
    return texts.map(dict(zip(distinct, parse_texts(distinct), strict=True))).astype(
        "datetime64[ns]"
    )


def number_times(values):
    """Read numbers as dates, months, years, seconds or, failing that, days in a row."""
    known = values.dropna()
    whole = bool((known == known.round()).all())
    low, high = (known.min(), known.max()) if len(known) else (0.0, 0.0)
    if whole and low >= 19_000_000 and high < 22_000_000:
        return as_times(values, "%Y%m%d")
    if whole and low >= 190_000 and high < 220_000 and (known % 100).between(1, 12).all():
        return as_times(values, "%Y%m")
    if low >= 1680 and high < 2200:
        years = np.floor(values)
        starts = as_times(years, "%Y")
        return starts + pd.to_timedelta((values - years) * 365.25, unit="D")
    for unit, size in (("ns", 1e18), ("us", 1e15), ("ms", 1e12), ("s", 1e9)):
        if size / 10 <= low and high < size * 5:
            return pd.to_datetime(values, unit=unit).astype("datetime64[ns]")
    scale = 1.0 if high < 80_000 and low > -80_000 else 80_000 / max(abs(low), abs(high))
    return pd.Timestamp("1970-01-01") + pd.to_timedelta(values * scale, unit="D")


def as_times(values, way):
    """Read whole numbers by a format."""
    texts = values.map(lambda v: f"{v:.0f}", na_action="ignore")
    return bounded(pd.to_datetime(texts, format=way, errors="coerce"))


def bounded(times):
    """Keep the times of a few centuries, which nanoseconds can count."""
    return times.where(times.dt.year.between(1680, 2250)).dt.as_unit("ns")


def parse_texts(texts):
    """Read texts by the way that reads most of them and gives the most even steps."""
    clock = texts.str.contains(":", regex=False)
    texts = texts.where(~clock, texts.str.replace(ZONE, "", regex=True))
    texts = texts.str.replace(r"(?<=[ T])24(?=:00)", "00", regex=True)
    texts = texts.str.replace(r"^(\d{4})[-/ ]?M(\d{1,2})$", r"\1-\2", regex=True)
    texts = texts.str.replace(r"^(\d{4})/(\d{1,2})$", r"\1-\2", regex=True)
    quarters = texts.str.extract(r"^(\d{4})[-/ ]?Q([1-4])$")
    months = (quarters[1].astype(float) * 3 - 2).map("{:02.0f}".format)
    texts = texts.where(quarters[0].isna(), quarters[0] + "-" + months)
    ways = [{"format": f} for f in ("%Y%m%d", "ISO8601", "%Y-%m", "%b-%y", "%b %Y", "%d%b%Y")]
    ways += [{"dayfirst": False}, {"dayfirst": True}]
    ways += [{"format": "mixed", "dayfirst": False}, {"format": "mixed", "dayfirst": True}]
    best, most = None, -1.0
    for way in ways:
        parsed = bounded(pd.to_datetime(texts, errors="coerce", **way))
        known = parsed.notna().mean()
        if known + 0.01 > most + 1e-9:
            total = known + 0.01 * evenness(parsed.dropna())
            if total > most + 1e-9:
                best, most = parsed, total
        if known == 1.0 and way.get("format", "mixed") != "mixed":
            break
    return best


def evenness(times):
    """Return how even the steps between times are, as they come: 1 for all alike."""
    gaps = times.diff().dropna().dt.total_seconds().abs()
    return 1 / (1 + gaps.std() / (gaps.median() + 1)) if len(gaps) > 2 else 0.0


def find_time_column(frame):
    """Find the column of timestamps: by what parses, helped by its name."""
    scores = {}
    for column in frame.columns:
        if column == "row_id":
            continue
        sample = frame[column].dropna().head(200)
        is_number = pd.api.types.is_numeric_dtype(sample)
        if is_number and not sample.between(1000, 99_999_999).all():
            parses = 0.2
        else:
            parses = parse_times(sample).notna().mean() if len(sample) else 0.0
        named = bool(TIME_WORDS.search(str(column)))
        scores[column] = parses + 0.5 * named - (0.3 * is_number)
        if pd.api.types.is_float_dtype(sample):
            scores[column] -= 0.3
    return max(scores, key=scores.get)


def clean_number(values):
    """Read numbers that are written with thousands separators or units."""
    if pd.api.types.is_numeric_dtype(values):
        return values.astype(float)
    plain = values.astype("str").str.replace(r"[,$€£%\s]", "", regex=True)
    return pd.to_numeric(plain, errors="coerce").astype(float)


def as_days(times):
    """Count days since 1970, with fractions."""
    return times.astype("datetime64[ns]").astype("int64").to_numpy() / DAY_NS
