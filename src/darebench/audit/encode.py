"""Turn the features of a task into numbers, as learned from its training rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.preprocessing import StandardScaler

from darebench.audit.frames import is_numeric
from darebench.audit.naive_forecasts import time_parts
from darebench.audit.task_tables import TaskTables

MAX_COLUMNS = 100
MAX_CODES = 200


def encode(
    train: pd.DataFrame, val: pd.DataFrame, tables: TaskTables
) -> tuple[np.ndarray, np.ndarray]:
    """Turn features into numbers, as learned from training: codes by frequency, parts of time.

    Returns:
        Arrays of shape (n_train, n_columns) and (n_val, n_columns).
    """
    blocks_train: list[np.ndarray] = []
    blocks_val: list[np.ndarray] = []
    for name in tables.features[:MAX_COLUMNS]:
        a, b = train[name], val[name]
        if name == tables.time_column and not is_numeric(a):
            a_parts, b_parts = time_parts(a), time_parts(b)
        elif is_numeric(a) and is_numeric(b):
            a_parts, b_parts = _finite(a)[:, None], _finite(b)[:, None]
        else:
            a_parts, b_parts = _codes(a, b)
        blocks_train.append(a_parts)
        blocks_val.append(b_parts)
    if not blocks_train:
        return np.empty((len(train), 0)), np.empty((len(val), 0))
    x_train, x_val = np.hstack(blocks_train), np.hstack(blocks_val)
    present = np.isfinite(x_train).any(axis=0)
    return x_train[:, present], x_val[:, present]


def standardised(x_train: np.ndarray, x_val: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fill gaps with training medians, and scale; far values of the validation rows are clipped."""
    if x_train.shape[1] == 0:
        return x_train, x_val
    middle = np.nan_to_num(np.nanmedian(x_train, axis=0))
    a, b = (np.where(np.isfinite(x), x, middle) for x in (x_train, x_val))
    scaler = StandardScaler().fit(a)
    return np.asarray(scaler.transform(a)), np.clip(scaler.transform(b), -10, 10)


def _finite(values: pd.Series) -> np.ndarray:
    numbers = values.astype(float).to_numpy()
    return np.where(np.abs(numbers) < 1e30, numbers, np.nan)


def _codes(a: pd.Series, b: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Code a category by its rank in frequency, and the commonest ones by a column each."""
    counts = a.astype(str).value_counts().index[:MAX_CODES]
    ranks = {value: float(rank) for rank, value in enumerate(counts)}
    parts = []
    for values in (a, b):
        codes = values.astype(str).map(ranks).astype(float).to_numpy()
        parts.append(
            np.column_stack([codes, *(codes == rank for rank in range(min(8, len(ranks))))])
        )
    return parts[0], parts[1]
