"""Wrap the few pandas calls whose stubs return unions that no caller can narrow.

This is the only module of the room that switches rules of the type checker off.
"""

# pandas-stubs types these calls for every input at once; each wrapper takes and returns one kind.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false
# pyright: reportReturnType=false

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd


def is_numeric(values: pd.Series) -> bool:
    """Check whether a column holds numbers (truth values count)."""
    return bool(pd.api.types.is_numeric_dtype(values))


def numeric(values: pd.Series) -> pd.Series:
    """Read a column as numbers; what is not a number becomes missing."""
    return pd.to_numeric(values, errors="coerce")


def numbers(values: pd.Series) -> np.ndarray:
    """Read a column as floats of shape (n,); what is not a number becomes NaN."""
    return numeric(values).to_numpy(float)


def read_times(values: pd.Series, spelling: str, *, utc: bool = False) -> pd.Series:
    """Read a column as times by a strptime format or `mixed`; what is not one becomes missing."""
    return pd.to_datetime(values, errors="coerce", format=spelling, utc=utc)


def factorized(values: pd.Series, *, sort: bool = False) -> tuple[np.ndarray, pd.Index]:
    """Number the distinct values of a column: codes of shape (n,), -1 for missing, and values."""
    return pd.factorize(values, sort=sort)


def correlation(a: pd.Series, b: pd.Series) -> float:
    """Correlate two columns by position; 0 where one of them is constant."""
    value = a.corr(b.reset_index(drop=True))
    return 0.0 if pd.isna(value) else float(value)


def rank_correlation(x: np.ndarray, y: np.ndarray) -> float:
    """Correlate the ranks of two arrays of shape (n,)."""
    return float(pd.Series(x).corr(pd.Series(y), method="spearman"))


def row_hashes(columns: Sequence[pd.Series]) -> list[int]:
    """Hash the rows of a table that is given by its columns, which share an index."""
    frame = pd.DataFrame(dict(enumerate(columns)))
    return pd.util.hash_pandas_object(frame, index=False).tolist()


def text_hashes(texts: Sequence[str]) -> np.ndarray:
    """Hash texts to an array of shape (n,) of unsigned 64-bit integers."""
    if not texts:
        return np.empty(0, np.uint64)
    return pd.util.hash_array(np.array(texts, dtype=object))
