"""Text -> numbers, exactly: a clean column is read at once, another one value by value."""

from __future__ import annotations

import contextlib
import math
import re
from decimal import Decimal, InvalidOperation

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

_PATTERN = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?"
_NUMBER = re.compile(_PATTERN, re.ASCII)


def number(text: str) -> int | float | None:
    """Read one number in ASCII digits.

    Whole numbers are exact whatever their spelling: `1`, `1.0` and `1e0` give the same integer.

    Returns:
        The number; None for any other text, and for NaN and infinity.
    """
    if not _NUMBER.fullmatch(text):
        return None
    try:
        exact = Decimal(text)
    except InvalidOperation:
        return None
    if exact.adjusted() < 30 and exact == exact.to_integral_value():
        return int(exact)
    value = float(exact)
    return value if math.isfinite(value) else None


def as_integers(texts: pa.Array) -> NDArray[np.int64] | None:
    """Read a column of whole numbers; return None unless every value is one that fits 64 bits."""
    if not pc.call_function("any", [_with_x(texts)]).as_py():  # Arrow reads hexadecimal too
        with contextlib.suppress(pa.ArrowInvalid):  # not plain digits: spellings like 1.0 follow
            return pc.cast(texts, pa.int64()).to_numpy(zero_copy_only=False)
    values = as_floats(texts)
    if values is None or not np.all(np.abs(values) < 2**53) or np.any(values % 1):
        return None
    return values.astype(np.int64)


def _with_x(texts: pa.Array) -> pa.Array:
    options = pc.MatchSubstringOptions("x", ignore_case=True)
    return pc.call_function("match_substring", [texts], options)


def as_floats(texts: pa.Array) -> NDArray[np.float64] | None:
    """Read a column of finite numbers; return None if a value is not one."""
    values = as_plain_floats(texts)
    if values is None:
        if not is_number(texts).all():
            return None
        values = np.array([float(text) for text in texts.to_pylist()], dtype=np.float64)
    return values if np.isfinite(values).all() else None


def as_plain_floats(texts: pa.Array) -> NDArray[np.float64] | None:
    """Read a column in the spellings that every csv reader takes for numbers; else return None."""
    try:
        return pc.cast(texts, pa.float64()).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        return None


def is_number(texts: pa.Array) -> NDArray[np.bool_]:
    """Return a mask of the values spelled as numbers; one may be too large for a float."""
    options = pc.MatchSubstringOptions(f"^({_PATTERN})$")
    matches = pc.call_function("match_substring_regex", [texts], options)
    return matches.to_numpy(zero_copy_only=False)


def first_bad(texts: pa.Array) -> int:
    """Return the position of the first value that is not a finite number."""
    spelled = is_number(texts)
    bad = np.flatnonzero(~spelled)
    end = int(bad[0]) if len(bad) else len(texts)
    for place, text in enumerate(texts.slice(0, end).to_pylist()):
        if not math.isfinite(float(text)):
            return place
    return end
