"""Reads times that are written as text, in one spelling for a whole column.

What each part of a date is follows from the column: a part of four digits is a year, one beyond 12
is a day. Where day and month could change places, equal steps between the times tell, then the
order of the rows, then the other columns of the table.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from darebench.curate.profiling.time_words import LINKS, is_weekday, months_of

NEARLY_ALL = 0.95
"""Share of the cells that must be times for a column to be one of times."""
FIRST_YEAR, LAST_YEAR = 1678, 2200
"""Years outside stand for no time at all, such as 9999."""
_SAMPLE = 300
_ISO = re.compile(
    r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?\s?(Z|UTC|GMT|[+-]\d{2}:?\d{2})?)?"
)
_CLOCK = re.compile(
    r"(?:^|(?<=[\sT,;:_-])|(?<=\dT))(\d{1,2})(?:[:.h](\d{2})(?:[:.](\d{2})(?:[.,](\d{1,9}))?)?)?\s*"
    r"([AaPp])?(?:\.?[Mm]\.?)?\s*(?:Uhr)?\s*(Z|UTC|GMT|[A-Z]{3,4}|[+-]\d{2}:?\d{2})?$"
)
_PARTS = re.compile(r"\d+|[^\W\d_]+")
_SUFFIXES = frozenset(("st", "nd", "rd", "th", "er", "º"))


@dataclass(frozen=True, slots=True, kw_only=True)
class TextTimes:
    """Times of the distinct texts of a column."""

    times: pd.Series
    """NaT where a text is not a time, or stands for none."""
    spelling: str
    """How they are written, for people."""
    is_unsure: bool = False
    """Whether nothing but custom tells day from month."""


def read_text_times(
    texts: pd.Series, order: np.ndarray, day_first: bool | None = None, *, is_told: bool = False
) -> TextTimes | None:
    """Read distinct texts as times; return None if they are none.

    Args:
        texts: Distinct texts.
        order: For each row of the table, the position of its text; -1 for a missing one.
        day_first: What the other columns of the table say, or the user.
        is_told: Whether the user says so, which counts before what the column itself says.
    """
    rows = order
    weights = np.bincount(rows[rows >= 0], minlength=len(texts)).astype(float)
    sample = texts.iloc[:_SAMPLE]
    if sample.str.contains(r"\d", regex=True).mean() < NEARLY_ALL or texts.str.len().median() > 40:
        return None
    if sample.str.fullmatch(_ISO.pattern).mean() >= NEARLY_ALL:
        times = _iso(texts)
        return _checked(TextTimes(times=times, spelling="ISO 8601"), weights)
    if len(texts) > _SAMPLE:
        first = read_text_times(
            sample.reset_index(drop=True), np.arange(_SAMPLE), day_first, is_told=is_told
        )
        if first is None:
            return None
    split = [_split(text) for text in texts]
    shapes = pd.Series([shape for _, shape, _ in split])
    usual = shapes[shapes != ""].mode()
    if usual.empty:
        return None
    shape = str(usual.iloc[0])
    fields = _fields(split, shape)
    if fields is None or weights[fields.fits].sum() < 0.8 * weights.sum():
        return None
    choices = [
        choice
        for roles in _roles(shape, fields)
        if (choice := _checked(_assemble(fields, roles), weights)) is not None
    ]
    if set(shape) == {"b", "n"} and len(shape) == 2:
        # `Oct18` is a day of October, unless the months follow each other over the years.
        choices = [choice for choice in choices if _steadiness(choice.times) >= 0.8]
    if is_told:
        choices = [c for c in choices if order_of(day_first=bool(day_first)) in c.spelling]
    return _choose(choices, rows, day_first)


def _iso(texts: pd.Series) -> pd.Series:
    plain = texts.str.replace(r"\s?(?:UTC|GMT)$", "Z", regex=True).str.replace(",", ".")
    times = pd.to_datetime(plain, format="ISO8601", errors="coerce", utc=True)
    return times.dt.tz_localize(None).astype("datetime64[us]")


def _split(text: str) -> tuple[list[str], str, tuple[str | None, ...]]:
    """Split a text into the parts of its date, their shape, and the parts of its clock."""
    text = text.strip()
    clock: tuple[str | None, ...] = ()
    date = text
    found = _CLOCK.search(text)
    if found and (found[2] or found[5]) and found.start() >= 4:
        date, clock = text[: found.start()], found.groups()
    parts, shape = [], []
    found_parts = _without_weekday(_PARTS.findall(date))
    for part in found_parts:
        word = part.casefold()
        if part.isdigit():
            parts.append(part)
            shape.append("N" if len(part) == 4 else "n" if len(part) <= 2 else "?")
        elif (word == "t" and clock) or word in LINKS or word in _SUFFIXES:
            continue
        elif word in ("q", "w", "kw", "m", "qtr", "quarter", "week"):
            shape.append({"k": "w"}.get(word[0], word[0]))
        else:
            parts.append(part)
            shape.append("b")
    marks = "".join(sorted(set(re.sub(r"[\w\s,']", "", date)))) if "b" not in shape else ""
    return parts, "".join(shape) + (f" {marks}" if marks else ""), clock


def _without_weekday(parts: list[str]) -> list[str]:
    """Leave out the first word if it is a weekday beside a whole date: `mar` may be a month."""
    words = [part for part in parts if not part.isdigit() and part.casefold() not in LINKS]
    n_numbers = sum(part.isdigit() for part in parts)
    if not words or n_numbers + len(words) < 4 or not is_weekday(words[0]):
        return parts
    first = parts.index(words[0])
    return [*parts[:first], *parts[first + 1 :]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fields:
    """Parts of the dates of one shape."""

    columns: list[np.ndarray]
    """One array of numbers for each part, NaN for other texts."""
    lengths: list[int]
    """Digits of the longest of each part; 0 for months' names."""
    padded: bool
    fits: np.ndarray
    clock: np.ndarray
    """Seconds since midnight."""


def _fields(split: list, shape: str) -> _Fields | None:
    fits = np.array([one == shape for _, one, _ in split])
    chosen = [parts for parts, one, _ in split if one == shape]
    n_parts = len(chosen[0])
    if not 2 <= n_parts <= 3 or shape.split(" ")[0].count("b") > 1:
        return None
    columns, lengths = [], []
    for i in range(n_parts):
        column = np.full(len(split), np.nan)
        texts = [parts[i] for parts in chosen]
        if texts[0].isdigit():
            column[fits] = [int(text) for text in texts]
            lengths.append(max(map(len, texts)))
        else:
            months = months_of(set(texts))
            if not months:
                return None
            column[fits] = [months[text] for text in texts]
            lengths.append(0)
        columns.append(column)
    clock = np.array(
        [_seconds(one) if fit else np.nan for fit, (*_, one) in zip(fits, split, strict=True)]
    )
    return _Fields(
        columns=columns,
        lengths=lengths,
        padded=all(len(part) == 2 for parts in chosen for part in parts if len(part) < 3),
        fits=fits,
        clock=clock,
    )


def _seconds(clock: tuple[str | None, ...]) -> float:
    if not clock:
        return 0.0
    hour, minute, second = (int(part or 0) for part in clock[:3])
    if clock[4]:
        if not 1 <= hour <= 12:
            return np.nan
        hour = hour % 12 + 12 * (clock[4] in "Pp")
    if hour > 24 or minute > 59 or second > 60:
        return np.nan
    seconds = hour * 3600 + minute * 60 + second + float(f"0.{clock[3] or 0}")
    zone = re.fullmatch(r"([+-])(\d{2}):?(\d{2})", clock[5] or "")
    shift = (int(zone[2]) * 3600 + int(zone[3]) * 60) if zone else 0
    return seconds - shift if zone and zone[1] == "+" else seconds + shift


def _roles(shape: str, fields: _Fields) -> list[str]:
    """List what the parts can be, in their order: year, month, day, quarter, week; usual first."""
    letters, _, marks = shape.partition(" ")
    if letters.replace("n", "N") in ("NqN", "qNN", "NNq"):
        year_first = fields.lengths[0] == 4 or letters in ("Nqn",)
        return ["YQ" if letters[1] == "q" and year_first else "QY"]
    if letters in ("Nwn", "Nwnn"):
        return ["YW" if letters == "Nwn" else "YWd"]
    if letters in ("wnN",):
        return ["WY"]
    if letters in ("Nmn",):
        return ["YM"]
    if not set(letters) <= set("Nnb") or "?" in letters:
        return []
    if len(letters) == 2:
        if "b" in letters:
            return ["MY" if letters[0] == "b" else "YM"]
        return {"Nn": ["YM"], "nN": ["MY"]}.get(letters, []) if marks in ("-", "/", ".") else []
    if "b" in letters:
        return _beside_name(letters, fields)
    if marks not in ("-", "/", ".", "") or (not marks and not fields.padded):
        return []
    if letters == "Nnn":
        return ["YMD", "YDM"]
    if letters == "nnN":
        return ["MDY", "DMY"]
    # Two digits each: versions and counts look alike, unless each part has both digits.
    if letters == "nnn" and (fields.padded or marks == "/") and fields.lengths == [2, 2, 2]:
        return ["MDY", "DMY", "YMD"]
    return []


def _beside_name(letters: str, fields: _Fields) -> list[str]:
    others = [i for i, letter in enumerate(letters) if letter != "b"]
    years = [i for i in others if letters[i] == "N"]
    roles = ["M"] * 3
    if years:
        roles[years[0]] = "Y"
        roles[next(i for i in others if i != years[0])] = "D"
        return ["".join(roles)]
    roles[others[0]], roles[others[1]] = "D", "Y"
    return ["".join(roles)]


def _assemble(fields: _Fields, roles: str) -> TextTimes:
    parts = dict(zip(roles, fields.columns, strict=True))
    years = parts["Y"].copy()
    if fields.lengths[roles.index("Y")] <= 2:
        years += np.where(years < 69, 2000, 1900)
        years[years > 2035] -= 100
    ones = np.ones(len(years))
    months = parts.get("M", ones)
    if "Q" in parts:
        months = np.where(parts["Q"] <= 4, parts["Q"] * 3 - 2, np.nan)
    far = (years < FIRST_YEAR) | (years > LAST_YEAR)
    frame = pd.DataFrame({"year": years, "month": months, "day": parts.get("D", ones)})
    known = frame.notna().all(axis=1).to_numpy() & ~far & ~np.isnan(fields.clock)
    known &= frame["month"].between(1, 12).to_numpy() & frame["day"].between(1, 31).to_numpy()
    times = pd.Series(np.full(len(years), np.datetime64("NaT"), dtype="datetime64[us]"))
    dates = pd.to_datetime(frame[known].astype(int), errors="coerce").astype("datetime64[us]")
    if "W" in parts:
        dates = dates + pd.to_timedelta(
            _weeks(dates, parts["W"][known], parts.get("d", ones)[known])
        )
    clock = pd.to_timedelta(fields.clock[known], unit="s")
    times[known] = (dates + clock).dt.round("us").to_numpy()
    # A year that stands for no time is a time all the same, only not one that can be used.
    times.attrs["far"] = far & fields.fits
    names = {"Y": "year", "M": "month", "D": "day", "Q": "quarter", "W": "week", "d": "weekday"}
    clocked = " and a time of day" if np.nansum(np.abs(fields.clock)) > 0 else ""
    spelling = ", ".join(names[role] for role in roles) + clocked
    return TextTimes(times=times, spelling=spelling)


def _weeks(starts: pd.Series, weeks: np.ndarray, days: np.ndarray) -> np.ndarray:
    """Return what must be added to the first of January for a day of an ISO week."""
    weekday = starts.dt.day_of_week.to_numpy()
    to_first = np.where(weekday <= 3, -weekday, 7 - weekday)
    valid = (weeks >= 1) & (weeks <= 53)
    shift = to_first + 7 * (weeks - 1) + days - 1
    return np.where(valid, shift, np.nan) * np.timedelta64(86_400_000_000, "us")


def _checked(read: TextTimes, weights: np.ndarray) -> TextTimes | None:
    """Return what was read if nearly all of it is times; far years become missing."""
    far = read.times.attrs.get("far")
    if far is None:
        years = read.times.dt.year
        far = ((years < FIRST_YEAR) | (years > LAST_YEAR)).to_numpy()
    times = read.times.where(~far)
    times.attrs = {}
    good = times.notna().to_numpy()
    total = weights.sum()
    if weights[good | far].sum() < NEARLY_ALL * total or weights[good].sum() < 0.05 * total:
        return None
    return TextTimes(times=times, spelling=read.spelling)


def _choose(choices: list[TextTimes], rows: np.ndarray, day_first: bool | None) -> TextTimes | None:
    """Choose between day first and month first by steps, the rows' order, other columns, custom."""
    if len(choices) < 2:
        return choices[0] if choices else None
    best = max(choice.times.notna().sum() for choice in choices)
    choices = [choice for choice in choices if choice.times.notna().sum() >= 0.99 * best]
    steps = [_steadiness(choice.times) for choice in choices]
    top = max(steps)
    even = [c for c, s in zip(choices, steps, strict=True) if s >= top - 0.05]
    if len(even) == 1 and top >= 0.5:
        return even[0]
    choices = even if top >= 0.5 else choices
    ordered = [c for c in choices if _is_ordered(c.times, rows)]
    if len(ordered) == 1:
        return ordered[0]
    choices = ordered or choices
    if day_first is not None:
        wanted = order_of(day_first=day_first)
        choices = [c for c in choices if wanted in c.spelling] or choices
    first = choices[0]
    return TextTimes(times=first.times, spelling=first.spelling, is_unsure=len(choices) > 1)


def order_of(*, day_first: bool) -> str:
    """Return how a spelling says which of day and month comes first."""
    return "day, month" if day_first else "month, day"


def _steadiness(times: pd.Series) -> float:
    """Return the share of the commonest step between times, in days or in months."""
    known = times.dropna().drop_duplicates().sort_values()
    if len(known) < 4:
        return 0.0
    days = known.diff().iloc[1:].value_counts(normalize=True).iloc[0]
    if known.dt.day.nunique() > 1:
        return float(days)
    months = pd.Series(known.dt.year * 12 + known.dt.month).diff().iloc[1:]
    return max(float(days), float(months.value_counts(normalize=True).iloc[0]))


def _is_ordered(times: pd.Series, rows: np.ndarray) -> bool:
    known = times.iloc[rows[rows >= 0]].dropna()
    return bool(known.is_monotonic_increasing or known.is_monotonic_decreasing)
