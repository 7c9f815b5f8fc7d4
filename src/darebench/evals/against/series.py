"""The forecasts of one target over time, an entity each, with what was known before."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from darebench.evals.against.shape import (
    MOST_ENTITIES,
    MOST_TIMES,
    Entity,
    Forecast,
    History,
    Series,
    TimeKind,
)
from darebench.scoring.instants import readable, readings
from darebench.store.layout import ROW_ID
from darebench.store.tables import read_table
from darebench.store.truth import SeriesKeys, read_series_keys
from darebench.types import Task, Truth

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
Times = list[str] | list[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Frames:
    """The past and the rows to predict of one task, on one axis of time."""

    keys: SeriesKeys
    kind: TimeKind
    train: pd.DataFrame
    asked: pd.DataFrame
    """Time and entities of the rows to predict, in the order of the truth."""
    past_times: Times
    asked_times: Times


def read_frames(task: Task, truth: Truth) -> Frames | None:
    """Read the tables of a forecasting task; None if they do not tell time and entities.

    Raises:
        TaskFormatError: One of its files is missing or broken.
    """
    keys = read_series_keys(task)
    name = next((name for name in task.files if name.startswith("train")), None)
    if keys is None or name is None:
        return None
    train, asked = read_table(task.source / name), _asked(task, truth)
    wanted = [keys.time, *keys.entities]
    if asked is None or not all(name in frame for name in wanted for frame in (train, asked)):
        return None
    times = [_texts(frame[keys.time]) for frame in (train, asked)]
    kind, (past_times, asked_times) = _read_times(times, keys.time_format)
    return Frames(
        keys=keys,
        kind=kind,
        train=train,
        asked=asked,
        past_times=past_times,
        asked_times=asked_times,
    )


def _asked(task: Task, truth: Truth) -> pd.DataFrame | None:
    """Return the rows to predict in the order of the truth; None if they cannot be found."""
    import pandas as pd

    keys = pd.read_csv(io.BytesIO(truth.csv), keep_default_na=False, na_values=[""])
    keys = keys.rename(columns=str.strip)
    if truth.keys != (ROW_ID,):
        return keys
    name = next((name for name in task.files if name.startswith("val")), None)
    if name is None:
        return None
    val = read_table(task.source / name)
    if ROW_ID not in val or not val[ROW_ID].is_unique or not keys[ROW_ID].isin(val[ROW_ID]).all():
        return None
    return val.set_index(ROW_ID).loc[keys[ROW_ID]].reset_index()


def series_against(frames: Frames, target: str, rows: Rows, truth: Floats, given: Floats) -> Series:
    """Return the forecasts of one target, those with the most squared error first.

    Args:
        frames: The tables of the task.
        target: The target column.
        rows: Positions in `frames.asked` of the rows whose true value is known, shape (n,).
        truth: Their true values, shape (n,).
        given: The values predicted for them.
    """
    import pandas as pd

    columns = list(frames.keys.entities)
    past = pd.to_numeric(frames.train[target], errors="coerce") if target in frames.train else None
    theirs = _groups(frames.train, columns)
    ours = _groups(frames.asked.iloc[rows], columns)
    residual = given / 2 - truth / 2  # which does not overflow, whatever is predicted
    squares = (residual / (float(np.abs(residual).max(initial=0.0)) or 1.0)) ** 2
    errors = {entity: float(squares[found].sum()) for entity, found in ours.items()}
    order = sorted(errors, key=lambda entity: (-errors[entity], entity))
    total = sum(errors.values())
    return Series(
        time_column=frames.keys.time,
        time_kind=frames.kind,
        entity_columns=tuple(columns),
        n_entities=len(order),
        entities=tuple(
            Entity(
                entity=dict(zip(columns, entity, strict=True)),
                squared_error_share=errors[entity] / total if total else None,
                history=_history(frames, past, theirs.get(entity)),
                forecast=_forecast(frames, rows, ours[entity], truth, given),
            )
            for entity in order[:MOST_ENTITIES]
        ),
    )


def _history(frames: Frames, past: pd.Series | None, rows: Rows | None) -> History:
    if past is None or rows is None:
        return History(times=(), values=(), n=0)
    ordered = _ordered(frames.past_times, rows)[-MOST_TIMES:]
    values = past.to_numpy(float)
    return History(
        times=tuple(frames.past_times[row] for row in ordered),
        values=tuple(_known(values[row]) for row in ordered),
        n=len(rows),
    )


def _forecast(frames: Frames, rows: Rows, found: Rows, truth: Floats, given: Floats) -> Forecast:
    times = [frames.asked_times[row] for row in rows]
    ordered = _ordered(times, found)
    shown = ordered[:: -(-len(ordered) // MOST_TIMES)]
    return Forecast(
        times=tuple(times[row] for row in shown),
        truth=tuple(float(truth[row]) for row in shown),
        prediction=tuple(float(given[row]) for row in shown),
        n=len(ordered),
    )


def _ordered(times: Sequence[str] | Sequence[float], rows: Rows) -> list[int]:
    """Sort rows by time; ISO 8601 sorts as text, and texts that nobody can order stay."""
    return sorted(map(int, rows), key=lambda row: times[row]) if len(rows) else []


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _groups(frame: pd.DataFrame, columns: list[str]) -> dict[tuple[str, ...], Rows]:
    """Return the positions of the rows of each entity, by its values as text."""
    if not columns:
        return {(): np.arange(len(frame))}
    texts = [_texts(frame[name]) for name in columns]
    found: dict[tuple[str, ...], list[int]] = {}
    for position, entity in enumerate(zip(*texts, strict=True)):
        found.setdefault(entity, []).append(position)
    return {entity: np.asarray(rows) for entity, rows in found.items()}


def _texts(column: pd.Series) -> list[str]:
    """Return values as text; a whole number is spelled alike whatever is missing beside it."""
    whole = column.dtype.kind == "f" and bool((column.dropna() % 1 == 0).all())
    known = zip(column, column.isna(), strict=True)
    return ["" if missing else str(int(v) if whole else v) for v, missing in known]


def _read_times(sides: Sequence[list[str]], hint: str | None) -> tuple[TimeKind, list[Times]]:
    """Read the times of several tables in the first way that reads all of them."""
    distinct = list(dict.fromkeys(text for side in sides for text in side))
    floats = _floats(distinct) if hint is None else None
    if floats is None:
        for reading in readings(pa.array(distinct, pa.string()), hint):
            if readable(reading.wall).all():
                wall = reading.wall if reading.utc is None else reading.utc
                iso = np.datetime_as_string(wall.astype("datetime64[us]"), unit="s").tolist()
                named = dict(zip(distinct, iso, strict=True))
                return TimeKind.INSTANT, [[named[text] for text in side] for side in sides]
        floats = _floats(distinct)
    if floats is not None:
        numbers = dict(zip(distinct, floats, strict=True))
        return TimeKind.NUMBER, [[numbers[text] for text in side] for side in sides]
    return TimeKind.TEXT, list(sides)


def _floats(texts: list[str]) -> list[float] | None:
    try:
        values = [float(text) for text in texts]
    except ValueError:
        return None
    return values if np.isfinite(values).all() else None
