"""Knows a table again by the values of its columns, under any names and types."""

from __future__ import annotations

import hashlib
from collections.abc import Set
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

SHARED = 0.6
"""Share of the smaller table's columns in the other one, from which on both are one."""
FEWEST = 2
MANY_VALUES = 20
HEAD = 500
"""Rows by which most columns of texts are told from numbers."""
_HAS_MANY, _IS_NUMBERS = "m", "n"
"""Marks behind a print; its digits are hexadecimal without them."""
_DATE = r"\d{1,4}[-/.: ]\d{1,2}\b|\d{4}\s*[Qq]"
ALIKE = 0.95
"""Share of numbers among texts, from which on a column is one of numbers."""


def are_twins(one: Set[str], other: Set[str]) -> bool:
    """Check by their prints whether two tables are one.

    Columns of few values may be coded in two ways, so those of many may decide alone. Names of
    states or countries are shared by unrelated tables, so one column must be of numbers.
    """
    shared = one & other
    if not any(_IS_NUMBERS in column for column in shared):
        return False
    for left, right in ((one, other), ({*filter(_has_many, one)}, {*filter(_has_many, other)})):
        n_shared = len(left & right)
        if n_shared >= FEWEST and n_shared >= SHARED * min(len(left), len(right)):
            return True
    return False


def _has_many(column: str) -> bool:
    return _HAS_MANY in column


def column_prints(frame: pd.DataFrame) -> frozenset[str]:
    """Hash each column's sorted values, whatever their types were when they were read.

    Row numbers, years, dates and the columns of balanced designs are left out: unrelated tables
    share those.
    """
    found = (_print(frame.iloc[:, i]) for i in range(frame.shape[1]))
    return frozenset(value for value in found if value)


def _print(column: pd.Series) -> str:
    import numpy as np
    import pandas as pd

    if pd.api.types.is_bool_dtype(column) or pd.api.types.is_datetime64_any_dtype(column):
        return ""
    numbers = column.dropna()
    if not pd.api.types.is_numeric_dtype(column):
        texts = numbers.astype(str)
        if not _are_numbers(texts.iloc[:HEAD]) or not _are_numbers(texts):
            return _print_texts(texts)
        numbers = pd.to_numeric(texts, errors="coerce").dropna()
    values = numbers.to_numpy(float)
    found, counts = np.unique(_rounded(values[np.isfinite(values)]), return_counts=True)
    is_whole = bool((found == np.round(found)).all())
    is_counter = is_whole and bool((np.diff(found) == 1).all()) and bool((counts == 1).all())
    is_years = is_whole and len(found) > 0 and found[0] >= 1500 and found[-1] <= 2200
    if is_counter or is_years or not _is_telling(counts):
        return ""
    return _hashed("\n".join(f"{value:.5g}" for value in found), counts) + _IS_NUMBERS


def _are_numbers(texts: pd.Series) -> bool:
    import pandas as pd

    return pd.to_numeric(texts, errors="coerce").notna().sum() >= ALIKE * len(texts)


def _print_texts(texts: pd.Series) -> str:
    found = texts.value_counts().sort_index()
    are_dates = found.index.str.match(_DATE).mean() > 0.5
    counts = found.to_numpy("int64")
    return "" if are_dates or not _is_telling(counts) else _hashed("\n".join(found.index), counts)


def _rounded(values: np.ndarray) -> np.ndarray:
    """Round to five digits, which all ways to write a number leave alone."""
    import numpy as np

    with np.errstate(divide="ignore"):
        sizes = np.floor(np.log10(np.abs(values)))
    units = np.power(10.0, np.where(np.isfinite(sizes), sizes, 0) - 4)
    return np.round(values / units) * units


def _is_telling(counts: np.ndarray) -> bool:
    """Check whether values tell a table: many ones, or few in shares that no design would give."""
    is_balanced = len(counts) > 0 and counts[0] > 1 and bool((counts == counts[0]).all())
    is_large = len(counts) >= MANY_VALUES or (len(counts) > 2 and counts.sum() >= 50)
    return is_large and not is_balanced


def _hashed(values: str, counts: np.ndarray) -> str:
    content = values.encode(errors="replace") + counts.astype("<i8").tobytes()
    mark = _HAS_MANY if len(counts) >= MANY_VALUES else ""
    return hashlib.blake2b(content, digest_size=8).hexdigest() + mark
