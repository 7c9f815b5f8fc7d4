"""Applies what a user says of a table, in the place of what was found."""

# pandas' indexing is typed as unions of everything that it can give.

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from darebench.curate.profiling.clean import column_names
from darebench.curate.profiling.evidence import Became, Tidy
from darebench.curate.profiling.iso_times import as_text
from darebench.curate.profiling.profile import find_time_axis, profile
from darebench.curate.profiling.text_times import order_of
from darebench.curate.records import INDEX, Column, Kind, Profile, RawTable, TimeAxis
from darebench.curate.told import Told
from darebench.errors import CurationReject

AS_TOLD = "as told"
LEAST_READ = 0.5
"""Share of a column's cells that must be what they are said to be."""


def told_of_clean(raw: RawTable) -> Told:
    """Return what is said with the columns' names as cleaning makes them.

    Raises:
        CurationReject: A column is not there.
    """
    given = [str(name) for name in raw.frame.columns]
    clean = column_names(list(raw.frame.columns))
    told = raw.told.found_in(list(dict.fromkeys([*given, *clean])))
    spelled = dict(zip(given, clean, strict=True))
    renamed = {name: spelled.get(name, name) for name in told.columns}
    return replace(
        told,
        target=tuple(renamed[name] for name in told.target),
        time=renamed.get(told.time, ""),
        group=tuple(renamed[name] for name in told.group),
        id=tuple(renamed[name] for name in told.id),
        type={renamed[n]: kind for n, kind in told.type.items()} if told.type else None,
    )


def retyped(made: Tidy, told: Told) -> Tidy:
    """Turn columns into what they are said to hold.

    Raises:
        CurationReject: A column cannot be that, or is needed and was left out.
    """
    readings = {reading.name: reading for reading in made.columns}
    needed = {*told.target, *told.group, told.time} - {""}
    needed |= {name for name, kind in told.types.items() if kind not in ("key", "text")}
    for name in sorted(needed - {*made.frame.columns}):
        reading = readings.get(name)
        why = reading.why if reading is not None and reading.became is Became.LEFT_OUT else ""
        raise CurationReject(f"column {name!r} is left out: {why or 'it repeats another column'}")
    for name, day_first in told.day_first.items():
        reading = readings.get(name)
        if reading is None or order_of(day_first=day_first) not in reading.why:
            raise CurationReject(
                f"column {name!r} is said to be {told.types[name]}, and its cells cannot be read so"
            )
    frame = made.frame.copy(deep=False)
    kinds = {**({told.time: "time"} if told.time else {}), **told.types}
    kinds |= dict.fromkeys(told.day_first, "time")
    for name, kind in kinds.items():
        if name not in frame:
            continue
        values = _as_kind(frame[name], kind)
        lost = int(values.isna().sum() - frame[name].isna().sum())
        if values.notna().sum() < LEAST_READ * frame[name].notna().sum():
            example = str(frame[name][values.isna() & frame[name].notna()].iloc[0])
            raise CurationReject(
                f"column {name!r} is said to hold a {kind}, and most cells cannot be read so, such "
                f"as {example!r}"
            )
        frame[name] = values
        if name in readings:
            became = _BECAME.get(kind, readings[name].became)
            changed = replace(readings[name], became=became, why=AS_TOLD, not_understood="")
            readings[name] = replace(changed, blanked=changed.blanked + lost)
    return Tidy(frame=frame, columns=tuple(readings.values()))


_BECAME = {"number": Became.NUMBERS, "time": Became.TIMES, "text": Became.TEXT}


def _as_kind(values: pd.Series, kind: str) -> pd.Series:
    is_number = pd.api.types.is_numeric_dtype(values)
    if kind == "number" and not is_number:
        return pd.to_numeric(values, errors="coerce")
    if kind == "time" and not is_number:
        times = pd.to_datetime(values, format="mixed", errors="coerce", utc=True)
        return as_text(times.dt.tz_localize(None))
    return values


def profile_as_told(
    made: Tidy, told: Told, descriptions: Mapping[str, str] | None = None
) -> Profile:
    """Profile a table, with the kinds, the time axis and the groups that are said.

    Args:
        made: The clean table, and how its columns were read.
        told: What its user says.
        descriptions: Column -> what it means, where that is known.

    Raises:
        CurationReject: The column that is said to be the time cannot be a time axis.
    """
    readings = [reading for reading in made.columns if reading.name in made.frame]
    found = profile(made.frame, readings, descriptions)
    kinds = {**told.types, **dict.fromkeys(told.day_first, "time")}
    columns = tuple(_typed(column, kinds) for column in found.columns)
    axis = found.time if _holds(found.time, told) else None
    if told.time:
        axis = _told_axis(made.frame, columns, told)
    elif axis is not found.time:
        axis = find_time_axis(made.frame, columns)
    groups = tuple(name for name in found.groups if told.types.get(name) != "key")
    return replace(found, columns=columns, time=axis, groups=told.group or groups)


def _holds(axis: TimeAxis | None, told: Told) -> bool:
    """Check whether what is said of columns leaves a time axis as it was found."""
    return axis is None or not {axis.column, *axis.entities} & {*told.types}


def _typed(column: Column, types: Mapping[str, str]) -> Column:
    kind = types.get(column.name)
    if kind is None:
        return column
    keeps_time = kind == "time" or (kind == "number" and column.time_format == INDEX)
    known = column.kind if kind == "time" and column.kind is Kind.NUMBER else Kind(kind)
    return replace(column, kind=known, time_format=column.time_format if keeps_time else "")


def _told_axis(frame: pd.DataFrame, columns: Sequence[Column], told: Told) -> TimeAxis:
    """Make the axis of the column that is said to be the time.

    Raises:
        CurationReject: It has gaps or too few times, or times recur and nothing tells series apart.
    """
    own = next(column for column in columns if column.name == told.time)
    if own.missing:
        raise CurationReject(
            f"the time column {told.time!r} lacks {own.missing:.0%} of its cells; fill them, or "
            "leave these rows out"
        )
    if own.kind is Kind.NUMBER and own.whole and not own.time_format:
        own = replace(own, time_format=INDEX)
    only = [own if c.name == own.name else replace(c, time_format="") for c in columns]
    axis = None
    if told.group and not frame.duplicated([told.time, *told.group]).any():
        kept = {told.time, *told.group}
        named = (c if c.name in kept else replace(c, missing=1.0) for c in only)
        axis = find_time_axis(frame, tuple(named))
    axis = axis or find_time_axis(frame, tuple(only))
    if axis is None:
        raise CurationReject(
            f"the time column {told.time!r} cannot be a time axis: it has {own.n_distinct} times "
            f"in {len(frame)} rows, and no column tells series apart; name one with group"
        )
    return axis
