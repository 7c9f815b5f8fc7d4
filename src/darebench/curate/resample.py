"""Turns irregular series into regular ones: rows of one interval become one row."""

# pandas' indexing is typed as unions of everything that it can give.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false
# pyright: reportReturnType=false

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from darebench.curate.records import Design

INTERVALS = {"hour": "h", "day": "D", "week": "W", "month": "M", "quarter": "Q", "year": "Y"}
"""Word -> pandas' period."""
AGGREGATIONS = ("mean", "sum", "median", "min", "max", "first", "last")
_FORMATS = {"hour": "%Y-%m-%d %H:%M:%S"}


def resample(rows: pd.DataFrame, design: Design) -> tuple[pd.DataFrame, Design]:
    """Join the rows of each entity and interval; intervals without rows stay absent.

    Numbers are aggregated as the design says, categories by their most frequent value, of equally
    frequent ones the first. The time of an interval is its start.
    """
    if not design.interval:
        return rows, design
    times = pd.to_datetime(rows[design.time_column], format=design.time_format)
    starts = times.dt.to_period(INTERVALS[design.interval]).dt.start_time
    time_format = _FORMATS.get(design.interval, "%Y-%m-%d")
    keys = [design.time_column, *design.entities]
    told = rows.assign(**{design.time_column: starts.dt.strftime(time_format)})
    how = {
        name: design.aggregation if pd.api.types.is_numeric_dtype(rows[name]) else _commonest
        for name in (*design.features, design.target)
    }
    joined = told.groupby(keys, sort=True, as_index=False).agg(how)
    return joined[list(rows.columns)], replace(design, time_format=time_format)


def _commonest(values: pd.Series) -> object:
    modes = values.mode()
    return modes.iloc[0] if len(modes) else float("nan")
