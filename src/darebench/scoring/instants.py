"""Timestamps in any common spelling -> instants, whole columns at a time.

A spelling is judged for the column as a whole, never value by value, so that day and month are not
swapped in some rows only. A column is read as clock readings (`wall`) with offsets left out and,
where every value has an offset or Z, as instants in UTC (`utc`). Where only one side of a
comparison has offsets, the other's clock readings may be taken as UTC.
"""

from __future__ import annotations

import hashlib
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

_OFFSET = re.compile(r"(?<=\d)\s*(?:(Z|UTC|GMT)|([+-])(\d{2}):?(\d{2})?)$")
_SOME_OFFSET = r":.*(Z|UTC|GMT|[+-]\d{2}(:?\d{2})?)$|Z$"
_IRREGULAR = r"Q|M|\.0$"
_COMPACT = r"^\d{8}$"
_YEAR_MONTH = r"^\d{4}/\d{1,2}$"
_QUARTER = re.compile(r"(\d{4})[- ]?Q([1-4])")
_MONTH = re.compile(r"(\d{4})M(\d{1,2})")
_NOT_A_TIME = np.iinfo(np.int64).min

Microseconds = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One way to read a column: clock readings, and instants where offsets are written."""

    wall: Microseconds
    """Clock readings in microseconds since 1970; the smallest integer where one is unreadable."""
    utc: Microseconds | None
    """Instants in microseconds since 1970 UTC; None unless every readable value has an offset."""


def readings(texts: pa.Array, hint: str | None = None) -> Iterator[Reading]:
    """Yield the readings of a column in every plausible way, the likeliest first.

    Args:
        texts: Distinct values, stripped.
        hint: A strptime format to try first.
    """
    if len(texts) == 0:
        return
    bases, offsets = _split_offsets(texts)
    seen: set[bytes] = set()
    for wall in _walls(bases, hint):
        known = wall != _NOT_A_TIME
        if not known.any() or (mark := hashlib.sha256(wall.tobytes()).digest()) in seen:
            continue
        seen.add(mark)
        utc = None
        if not np.isnan(offsets[known]).any():
            minutes = np.nan_to_num(offsets).astype(np.int64)
            utc = np.where(known, wall - minutes * 60_000_000, _NOT_A_TIME)
        yield Reading(wall=wall, utc=utc)


def readable(wall: Microseconds) -> NDArray[np.bool_]:
    """Return a mask of the values of a reading that are instants, shape (n,)."""
    return wall != _NOT_A_TIME


def _split_offsets(texts: pa.Array) -> tuple[pa.Array, NDArray[np.float64]]:
    """Split UTC offsets from times of day; return them in minutes, NaN where a value has none."""
    offsets = np.full(len(texts), np.nan)
    if not _any_matches(texts, _SOME_OFFSET):
        return texts, offsets
    bases: list[str] = []
    for position, text in enumerate(texts.to_pylist()):
        found = _OFFSET.search(text) if ":" in text or text.endswith("Z") else None
        if found is None:
            bases.append(text)
            continue
        bases.append(text[: found.start()])
        zulu, sign, hours, minutes = found.groups()
        size = 0 if zulu else int(hours) * 60 + int(minutes or 0)
        offsets[position] = -size if sign == "-" else size
    return pa.array(bases, pa.string()), offsets


def _walls(bases: pa.Array, hint: str | None) -> Iterator[Microseconds]:
    written = pd.Series(bases.to_pylist(), dtype="str")
    if hint:
        yield _parse(written, format=hint)
    plain = written
    if _any_matches(bases, _IRREGULAR):
        bases = pa.array(map(_regular, bases.to_pylist()), pa.string())
        plain = pd.Series(bases.to_pylist(), dtype="str")
    if _any_matches(bases, _COMPACT):
        yield _parse(plain, format="%Y%m%d")
    yield _iso(bases, plain)
    if _any_matches(bases, _YEAR_MONTH):
        yield _parse(plain, format="%Y/%m")
    yield _parse(plain, dayfirst=False)
    yield _parse(plain, dayfirst=True)


def _any_matches(texts: pa.Array, pattern: str) -> bool:
    options = pc.MatchSubstringOptions(pattern)
    return pc.call_function(
        "any", [pc.call_function("match_substring_regex", [texts], options)]
    ).as_py()


def _regular(text: str) -> str:
    """Rewrite quarters and `2023M03` months as ISO months; drop the `.0` of a number."""
    if found := _MONTH.fullmatch(text):
        return f"{found[1]}-{int(found[2]):02d}"
    if found := _QUARTER.fullmatch(text):
        return f"{found[1]}-{3 * int(found[2]) - 2:02d}"
    return text[:-2] if text.endswith(".0") and text[:-2].isdigit() else text


def _iso(texts: pa.Array, series: pd.Series) -> Microseconds:
    try:  # many times as fast, for columns without an exception
        return pc.cast(texts, pa.timestamp("us")).to_numpy(zero_copy_only=False).astype(np.int64)
    except pa.ArrowInvalid:
        return _parse(series, format="ISO8601")


def _parse(texts: pd.Series, **how: object) -> Microseconds:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pandas warns when it guesses; every guess is judged
        try:
            parsed = pd.to_datetime(texts, errors="coerce", cache=False, **how)  # pyright: ignore
        except (ValueError, TypeError, OverflowError):
            return np.full(len(texts), _NOT_A_TIME)
    if not isinstance(parsed.dtype, np.dtype):
        parsed = parsed.dt.tz_localize(None)
    return parsed.astype("datetime64[us]").to_numpy().astype(np.int64)
