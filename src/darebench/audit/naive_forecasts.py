"""Forecast a target quickly, as a careful forecaster does before trying anything clever.

Trend and calendar of each series, with and without logarithms, over all and over the recent past;
autoregression about its season; and for panels, how a series differs from its own mean as its
features do. Their median errs less than most of them.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from darebench.audit.cycles import Sides, continued
from darebench.audit.frames import is_numeric, numbers, read_times
from darebench.audit.task_tables import TaskTables

MAX_SERIES = 300
FEWEST = 8
"""Known values of a series under which its mean is all that is forecast."""
RECENT = 0.5
"""Share of a series that counts as its recent past."""


def forecast(tables: TaskTables, target: str) -> list[np.ndarray]:
    """Forecast the validation rows in several ways.

    Returns:
        Arrays of shape (n_val,); an empty list where the table has no time column.
    """
    time = tables.time_column
    if time is None or time not in tables.val or time not in tables.train:
        return []
    calendar = _calendar(tables.train[time], tables.val[time])
    y = numbers(tables.train[target])
    codes = series_codes(tables.train, tables)
    guesses = list(_by_calendar(calendar, y, codes))
    times = calendar[0][:, 0], calendar[1][:, 0]
    guesses += continued(times, y, codes)
    if tables.entities:
        guesses += _within_series(tables, calendar, y, codes)
    return [*guesses, np.median(guesses, axis=0)] if len(guesses) > 1 else guesses


def _by_calendar(calendar: Sides, y: np.ndarray, codes: Sides) -> Iterator[np.ndarray]:
    """Extrapolate level, trend and season of each series."""
    (past, asked), (train_codes, val_codes) = calendar, codes
    if train_codes.max(initial=0) >= MAX_SERIES or not np.isfinite(y).any():
        return
    is_positive = bool(np.nanmin(y) > 0)
    for trend, recent, log in (
        (True, 1.0, False),
        (True, RECENT, False),
        (False, RECENT, False),
        (True, 1.0, True),
        (True, RECENT, True),
    ):
        if log and not is_positive:
            continue
        columns = slice(0 if trend else 1, None)
        guess = np.full(len(asked), np.nanmean(y))
        for code in np.unique(val_codes):
            rows = np.flatnonzero((train_codes == code) & np.isfinite(y))
            if len(rows) == 0:
                continue
            rows = rows[np.argsort(past[rows, 0], kind="stable")]
            rows = rows[int(len(rows) * (1 - recent)) :]
            wanted = val_codes == code
            values = np.log(y[rows]) if log else y[rows]
            found = _extrapolate(past[rows, columns], values, asked[wanted, columns])
            guess[wanted] = np.exp(np.clip(found, -50, 50)) if log else found
        yield guess


def _extrapolate(x: np.ndarray, y: np.ndarray, asked: np.ndarray) -> np.ndarray:
    varied = np.ptp(x, axis=0) > 0
    if len(y) < FEWEST or not varied.any():
        return np.full(len(asked), y.mean())
    return _ridge(x[:, varied], y, asked[:, varied], 0.1)


def _ridge(x: np.ndarray, y: np.ndarray, asked: np.ndarray, alpha: float) -> np.ndarray:
    """Predict by ridge regression, which so small a system solves faster than an estimator."""
    middle, level = x.mean(axis=0), y.mean()
    inner = x - middle
    products = inner.T @ inner + alpha * np.eye(x.shape[1])
    return level + (asked - middle) @ np.linalg.solve(products, inner.T @ (y - level))


def time_parts(times: pd.Series) -> np.ndarray:
    """Return days since 2000, month, weekday, hour and day of the year; NaN for what is not a time.

    Returns:
        An array of shape (n, 5).
    """
    read = read_times(times, "mixed", utc=True)
    days = (read - pd.Timestamp("2000-01-01", tz="UTC")) / pd.Timedelta(days=1)
    parts = [days, read.dt.month, read.dt.day_of_week, read.dt.hour, read.dt.day_of_year]
    return np.column_stack([part.astype(float).to_numpy() for part in parts])


def _calendar(past: pd.Series, asked: pd.Series) -> Sides:
    """Encode time from 0 to 1 over the past, then a column for each month, weekday and hour."""
    if is_numeric(past) and is_numeric(asked):
        parts = [times.to_numpy(float)[:, None] for times in (past, asked)]
    else:
        parts = [time_parts(times)[:, :4] for times in (past, asked)]
    low, high = (float(x) for x in pd.Series(parts[0][:, 0]).agg(["min", "max"]))
    span = max(high - low, 1e-9)
    cycles = [(n, v) for n in range(1, parts[0].shape[1]) for v in _distinct(parts[0][:, n])]
    past_columns, asked_columns = (
        np.column_stack(
            [np.nan_to_num((x[:, 0] - low) / span), *(x[:, n] == value for n, value in cycles)]
        )
        for x in parts
    )
    return past_columns, asked_columns


def _distinct(values: np.ndarray) -> np.ndarray:
    return np.unique(values[np.isfinite(values)])


def _within_series(
    tables: TaskTables, calendar: Sides, y: np.ndarray, codes: Sides
) -> list[np.ndarray]:
    """Explain how a series differs from its own mean by how its numbers differ from theirs."""
    taken = {tables.time_column, *tables.entities}
    names = [
        name
        for name in tables.features
        if name not in taken and is_numeric(tables.train[name]) and is_numeric(tables.val[name])
    ]
    (past, asked), (train_codes, val_codes) = calendar, codes
    x_train = np.column_stack([past[:, 0], tables.train[names].to_numpy(float)])
    x_val = np.column_stack([asked[:, 0], tables.val[names].to_numpy(float)])
    known = np.isfinite(y)
    if known.sum() < FEWEST:
        return []
    middle = pd.DataFrame(x_train).median().fillna(0.0).to_numpy()
    x_train, x_val = (np.where(np.isfinite(x), x, middle) for x in (x_train, x_val))
    means = pd.DataFrame(np.column_stack([x_train, y])[known]).groupby(train_codes[known]).mean()
    overall = means.mean().to_numpy()
    ours = means.reindex(train_codes[known]).to_numpy()
    theirs = means.reindex(val_codes).fillna(dict(enumerate(overall))).to_numpy()
    inner = x_train[known] - ours[:, :-1]
    scale = np.where(inner.std(axis=0) > 0, inner.std(axis=0), 1.0)
    wanted = np.clip((x_val - theirs[:, :-1]) / scale, -10, 10)
    change = _ridge(inner / scale, y[known] - ours[:, -1], wanted, 1.0)
    return [theirs[:, -1] + change]


def series_codes(train: pd.DataFrame, tables: TaskTables) -> Sides:
    """Number the series; those that only the validation rows have come last."""
    if not tables.entities:
        return np.zeros(len(train), int), np.zeros(len(tables.val), int)
    keys = list(tables.entities)
    both = pd.concat([train[keys], tables.val[keys]], ignore_index=True)
    codes = both.astype(str).groupby(keys, sort=False, dropna=False).ngroup().to_numpy()
    return codes[: len(train)], codes[len(train) :]
