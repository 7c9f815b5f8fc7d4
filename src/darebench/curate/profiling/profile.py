"""What a clean table looks like: kinds of columns, its time axis, what identifies its entities."""

# pandas' indexing is typed as unions of everything that it can give.

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd

from darebench.curate.profiling.evidence import Became, ColumnReading
from darebench.curate.profiling.groups import find_groups
from darebench.curate.profiling.iso_times import DAY, MOMENT
from darebench.curate.profiling.resample import choose_resampling
from darebench.curate.records import INDEX, Column, Kind, Profile, TimeAxis

_YEAR = re.compile(r"(.*[ _.])?(year|yr|ano|jahr)s?", re.I)
_COUNTS_TIME = re.compile(
    r"(.*[ _.])?(t|time|period|tick|step|days?|weeks?|months?|hours?|minutes?|seconds?|wave|visit|"
    r"occasion|session|round|age|years?|yr|quarters?|season)",
    re.I,
)
_CALENDAR = re.compile(r"(.*[ _.])?(years?|yr|month|quarter|week)s?", re.I)
"""Parts of a date, within which counted time would start anew."""
_KEY = re.compile(
    r"(.*[ _.])?(id|ids|key|code|subject|person|patient|nr|number|no|name|serial|uuid|case)|"
    r".*(Id|ID|_no|_nr|code|name)",
)


MIN_TIMES = 6
SHORTEST = 4
"""Fewest rows of a series, on average."""
YEARS_IN_A_ROW = 20
"""Years after each other that are years whatever their column is called."""
FULL_PANEL = 0.75
"""Share of all pairs of time and number that must be there for the number to name series."""
_DAY_NS = 86_400_000_000_000


def profile(
    frame: pd.DataFrame,
    readings: Sequence[ColumnReading] = (),
    descriptions: Mapping[str, str] | None = None,
) -> Profile:
    """Profile a clean table.

    Args:
        frame: The table.
        readings: How its columns were read, where that is known: codes are keys whatever they hold.
        descriptions: Column -> what it means, where that is known.
    """
    read = {reading.name: reading for reading in readings}
    columns = tuple(_with_reading(_column(frame[n]), read.get(str(n))) for n in frame.columns)
    axis = find_time_axis(frame, columns)
    panel = axis.entities if axis is not None and not axis.interval else ()
    groups = panel or find_groups(frame, columns, descriptions or {})
    return Profile(n_rows=len(frame), columns=columns, time=axis, groups=groups)


def _with_reading(column: Column, reading: ColumnReading | None) -> Column:
    if reading is None:
        return column
    kind = Kind.KEY if reading.became is Became.CODES else column.kind
    return replace(column, kind=kind, reading=reading)


def _column(values: pd.Series) -> Column:
    n_distinct = int(values.nunique())
    missing = float(values.isna().mean())
    name = str(values.name)
    if pd.api.types.is_numeric_dtype(values):
        known = values.dropna()
        whole = bool((known == known.round()).all())
        named_key = _KEY.fullmatch(name) is not None
        is_key = whole and named_key and n_distinct > 20 and known.min() >= 0
        is_year = whole and known.between(1500, 2100).all()
        is_year = is_year and (_YEAR.fullmatch(name) is not None or _counts_years(values))
        counts = _COUNTS_TIME.fullmatch(name) and whole and n_distinct >= MIN_TIMES
        return Column(
            name=name,
            kind=Kind.KEY if is_key else Kind.NUMBER,
            n_distinct=n_distinct,
            missing=missing,
            whole=whole,
            low=float(known.min()),
            high=float(known.max()),
            time_format="%Y" if is_year else INDEX if counts else "",
        )
    time_format = _time_format(values.dropna())
    if time_format:
        kind = Kind.TIME
    elif n_distinct > max(30, 0.2 * len(values)):
        kind = Kind.KEY if n_distinct > 0.9 * len(values) or _KEY.fullmatch(name) else Kind.TEXT
    else:
        kind = Kind.CATEGORY
    return Column(
        name=name, kind=kind, n_distinct=n_distinct, missing=missing, time_format=time_format
    )


def _time_format(texts: pd.Series) -> str:
    """Return the format of what `clean` wrote as ISO times; empty for other texts."""
    sample = texts.drop_duplicates()
    spelling = {10: DAY, 19: MOMENT}.get(len(str(sample.iloc[0])), "")
    if not spelling or len(sample) < 3:
        return ""
    times = pd.to_datetime(sample, format=spelling, errors="coerce")
    return spelling if times.notna().all() else ""


def _counts_years(values: pd.Series) -> bool:
    """Check whether a column of whole numbers has each of many years in a row once."""
    steps = np.diff(np.sort(values.to_numpy(float)))
    return len(steps) >= YEARS_IN_A_ROW and bool((steps == 1).all())


def find_time_axis(frame: pd.DataFrame, columns: tuple[Column, ...]) -> TimeAxis | None:
    """Choose the time axis: dates before years before counted time."""
    order = {DAY: 0, MOMENT: 0, "%Y": 1, INDEX: 2}
    able = [c for c in columns if c.time_format and c.missing == 0 and c.n_distinct >= MIN_TIMES]
    able.sort(key=lambda c: order[c.time_format])
    for column in able:
        axis = _unique_axis(frame, columns, column)
        is_date = column.kind is Kind.TIME
        unsteady = is_date and not _has_beat(frame[column.name], column.time_format)
        if column.time_format != INDEX and (axis is None or unsteady):
            axis = _resampled_axis(frame, columns, column) or axis
        if axis is not None:
            return axis
    return None


def _unique_axis(
    frame: pd.DataFrame, columns: tuple[Column, ...], column: Column
) -> TimeAxis | None:
    """Find the entities beside which each time stands once."""
    for entities in _entity_choices(columns, column, len(frame)):
        if frame.duplicated([column.name, *entities]).any():
            continue
        if entities and frame.groupby([*entities]).ngroups > len(frame) / SHORTEST:
            continue
        if column.time_format == INDEX and not entities and len(frame) < 100:
            return None
        instants = np.unique(parse_times(frame[column.name], column.time_format))
        steps = np.diff(instants)
        return TimeAxis(
            column=column.name,
            format=column.time_format,
            entities=entities,
            n_times=len(instants),
            regular=bool(len(steps)) and bool(steps.max() <= 1.11 * steps.min()),
        )
    return None


def _has_beat(values: pd.Series, time_format: str) -> bool:
    """Check whether most steps between times are like many others, if only on working days."""
    steps = np.diff(np.unique(parse_times(values, time_format)))
    unit = _DAY_NS if np.median(steps) >= 0.8 * _DAY_NS else 1
    _, counts = np.unique(np.round(steps / unit), return_counts=True)
    return bool(np.sort(counts)[-4:].sum() >= 0.5 * len(steps))


def _resampled_axis(
    frame: pd.DataFrame, columns: tuple[Column, ...], column: Column
) -> TimeAxis | None:
    """Find an interval to which rows at any times can be aggregated."""
    able = [c for c in columns if c.kind is Kind.CATEGORY and 2 <= c.n_distinct <= 30]
    able = [c for c in able if c.missing == 0]
    able.sort(key=lambda c: -c.n_distinct)
    how = choose_resampling(frame, column.name, [c.name for c in able[:6]])
    if how is None:
        return None
    return TimeAxis(
        column=column.name,
        format=MOMENT if how.interval == "hour" else DAY,
        entities=how.entities,
        n_times=column.n_distinct,
        regular=True,
        interval=how.interval,
    )


def _entity_choices(
    columns: tuple[Column, ...], time: Column, n_rows: int
) -> Iterator[tuple[str, ...]]:
    """No entity first, then one column, then two: the coarsest that make rows unique."""
    yield ()
    able = [
        c
        for c in columns
        if c.name != time.name
        and c.missing == 0
        and 2 <= c.n_distinct <= n_rows / SHORTEST
        and not (time.time_format == INDEX and _CALENDAR.fullmatch(c.name))
        and (not c.time_format or c.time_format == INDEX)
        and _tells_series(c, time, n_rows)
    ][:12]
    able.sort(key=lambda c: (c.kind is Kind.NUMBER, c.n_distinct))
    yield from ((c.name,) for c in able)
    yield from ((a.name, b.name) for a, b in combinations(able[:6], 2))


def _tells_series(column: Column, time: Column, n_rows: int) -> bool:
    """Check whether a column could name series: by kind, by name, or as codes in a full panel."""
    if column.kind is not Kind.NUMBER or _KEY.fullmatch(column.name):
        return True
    return column.whole and n_rows >= FULL_PANEL * column.n_distinct * time.n_distinct


def parse_times(values: pd.Series, time_format: str) -> np.ndarray:
    """Read times as nanoseconds since 1970, or years as they are."""
    if pd.api.types.is_numeric_dtype(values):
        return values.to_numpy(np.int64)
    times = pd.to_datetime(values, format=time_format)
    return times.astype("datetime64[ns]").to_numpy().astype(np.int64)
