"""States the range of a column as somebody would who knows the matter but not the rows."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

MARGIN = 0.1
"""How far beyond the values a bound lies at least, as a share of their span."""
MOST_CODES = 10
"""Whole numbers in a row, from 0 or 1, up to which they are a scale whose ends are known."""
LEAST_CODE = 0.01
"""Share of the values that each number of a scale has at least."""
_PERCENT = re.compile(r"per ?cent|\bpct\b|%|\bpercentage\b", re.IGNORECASE)
_SHARE = re.compile(r"proportion|\bshare\b|fraction|probabilit", re.IGNORECASE)


def stated_range(parts: Sequence[pd.Series], meaning: str = "") -> list[Any]:
    """Return what a question states of a column: low and high, or the allowed values.

    Args:
        parts: Its training values, and those of the rows to predict, which lie inside too.
        meaning: The column's name and description.
    """
    import pandas as pd

    known = pd.concat(list(parts), ignore_index=True).dropna()
    if not pd.api.types.is_numeric_dtype(known):
        return sorted(known.unique().tolist())
    values = known.to_numpy(float)
    low, high = float(values.min()), float(values.max())
    whole = bool((values == np.round(values)).all())
    natural = _natural(values, meaning, whole=whole)
    if natural:
        return list(natural)
    span = max(high - low, 1e-6 * max(abs(low), abs(high)), 1e-9)
    exponent = math.floor(math.log10(span)) - 1
    if whole:
        exponent = max(exponent, 0)
    bottom = _rounded(low - MARGIN * span, exponent, up=False)
    top = _rounded(high + MARGIN * span, exponent, up=True)
    if low >= 0 and low <= 0.5 * span:
        bottom = 0
    if high <= 0 and high >= -0.5 * span:
        top = 0
    return [bottom, top]


def _natural(values: np.ndarray, meaning: str, *, whole: bool) -> tuple[int, int] | None:
    """Find the bounds that a quantity has by itself: a scale, a percentage, a share."""
    low, high = values.min(), values.max()
    if whole and low in (0, 1) and high - low < MOST_CODES:
        counts = np.bincount(values.astype(np.int64) - int(low))
        if (counts >= max(1.0, LEAST_CODE * len(values))).all():
            return int(low), int(high)
    if low >= 0 and 1 < high <= 100 and _PERCENT.search(meaning):
        return 0, 100
    if low >= 0 and high <= 1 and not whole and _SHARE.search(meaning):
        return 0, 1
    return None


def _rounded(value: float, exponent: int, *, up: bool) -> float | int:
    """Round outwards to a step of 5 times ten to the exponent, without digits of binary noise."""
    step = 5 * 10.0**exponent
    count = math.ceil(value / step) if up else math.floor(value / step)
    if exponent >= 0:
        return count * 5 * 10**exponent
    result = round(count * step, -exponent)
    return int(result) if result == int(result) else result
