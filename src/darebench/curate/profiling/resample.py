"""Makes regular series of irregular ones."""

# pandas' indexing is typed as unions of everything that it can give.

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from darebench.curate.profiling.iso_times import as_text

INTERVALS = {"hour": "h", "day": "D", "week": "W", "month": "M", "quarter": "Q", "year": "Y"}
"""What is recorded -> pandas' period; from fine to coarse."""
AGGREGATIONS = ("mean", "sum", "median", "min", "max", "first", "last")
MIN_PERIODS, MIN_YEARS = 40, 12
"""Fewest periods of dates, and of a column that has years only."""
FILLED = 0.8
"""Share of the periods of all series that must have a value."""
MIN_ROWS = 100


class Resampling(NamedTuple):
    """An interval, and the columns that tell the series apart."""

    interval: str
    entities: tuple[str, ...]


def choose_resampling(frame: pd.DataFrame, time: str, entities: Sequence[str]) -> Resampling | None:
    """Choose the finest interval that fills most periods, with one entity column if one can be.

    Args:
        frame: A clean table.
        time: Its column of ISO times, or of years.
        entities: Columns that could tell series apart, the best first.
    """
    instants = _instants(frame[time])
    least = MIN_YEARS if pd.api.types.is_numeric_dtype(frame[time]) else MIN_PERIODS
    for choice in [*((name,) for name in entities), ()]:
        for interval, period in INTERVALS.items():
            codes = instants.dt.to_period(period).astype("int64").to_numpy()
            n_periods = int(codes.max() - codes.min()) + 1
            if n_periods < least:
                break
            groups = frame.groupby(list(choice)).ngroup().to_numpy() if choice else 0 * codes
            filled = len(np.unique(np.column_stack([groups, codes]), axis=0))
            n_series = int(np.max(groups)) + 1
            if filled >= FILLED * n_periods * n_series and filled >= MIN_ROWS:
                return Resampling(interval, choice)
    return None


def resample(
    frame: pd.DataFrame,
    time: str,
    how: Resampling,
    columns: Sequence[str],
    aggregation: str = "mean",
) -> pd.DataFrame:
    """Aggregate columns by series and period; the period's start is its time.

    Categories become their most frequent value, of equally frequent ones the first. A period
    without rows stays absent. For sums, so do the first and the last one where the table starts
    or ends inside: a sum over two days is not one of a week.
    """
    if aggregation == "sum":
        frame = frame[_in_whole_periods(_instants(frame[time]), INTERVALS[how.interval])]
    periods = _instants(frame[time]).dt.to_period(INTERVALS[how.interval])
    keys = [frame[name] for name in how.entities]
    numbers = [name for name in columns if pd.api.types.is_numeric_dtype(frame[name])]
    groups = frame[list(columns)].astype(dict.fromkeys(numbers, float))
    by_period = groups.groupby([periods, *keys], sort=True)
    found = by_period.agg({c: aggregation if c in numbers else _commonest for c in columns})
    rows = found.round(6).reset_index()
    return rows.assign(**{time: as_text(rows[time].dt.start_time)})


def _in_whole_periods(instants: pd.Series, period: str) -> np.ndarray:
    """Check of each row whether the table covers its period, up to the usual step of its times."""
    periods, times = instants.dt.to_period(period), instants.drop_duplicates().sort_values()
    step = times.diff().median()
    kept = np.ones(len(instants), dtype=bool)
    if len(times) < 2:
        return kept
    first, last = periods.min(), periods.max()
    if times.iloc[0] - first.start_time >= step:
        kept &= (periods != first).to_numpy()
    if last.end_time - times.iloc[-1] >= step:
        kept &= (periods != last).to_numpy()
    return kept


def _instants(times: pd.Series) -> pd.Series:
    """Read ISO text, and years as their first day."""
    if pd.api.types.is_numeric_dtype(times):
        return pd.to_datetime(times.astype(int).astype(str), format="%Y")
    return pd.to_datetime(times)


def _commonest(values: pd.Series) -> object:
    modes = values.mode()
    return modes.iloc[0] if len(modes) else np.nan
