"""Text -> numbers, exactly: whole columns at once where they are clean, one by one where not."""

from __future__ import annotations

import contextlib
import math
import re
from decimal import Decimal, InvalidOperation

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?")


def number(text: str) -> int | float | None:
    """Read one number; None for anything else, also for NaN and infinity.

    Whole numbers are exact whatever their spelling: `1`, `1.0` and `1e0` give the same integer.
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
    """Read a column of whole numbers; None unless every value is one that fits 64 bits."""
    with contextlib.suppress(pa.ArrowInvalid):  # not plain digits: spellings like 1.0 follow
        return pc.cast(texts, pa.int64()).to_numpy(zero_copy_only=False)
    values = as_floats(texts)
    if values is None or not np.all(np.abs(values) < 2**53) or np.any(values % 1):
        return None
    return values.astype(np.int64)


def as_floats(texts: pa.Array) -> NDArray[np.float64] | None:
    """Read a column of finite numbers; None if a value is not one."""
    try:
        values = pc.cast(texts, pa.float64()).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        read = [number(text) for text in texts.to_pylist()]
        if any(value is None for value in read):
            return None
        values = np.array([float(v) for v in read if v is not None])
    return values if np.isfinite(values).all() else None


def first_bad(texts: pa.Array) -> int:
    """Find the position of the first value that is no finite number."""
    return next(i for i, text in enumerate(texts.to_pylist()) if number(text) is None)
