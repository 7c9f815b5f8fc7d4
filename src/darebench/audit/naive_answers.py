"""Answers to a task that need no model: the best of them is the floor that its headroom stands on.

A constant; the mean or mode of each level of one category; one feature cut once (a stump). For a
series its last value, the value a season ago, and the means of the season and of all its past.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from darebench.audit.bootstrap import score_classes
from darebench.audit.cycles import find_period
from darebench.audit.frames import factorized, is_numeric
from darebench.audit.naive_forecasts import Sides, time_parts
from darebench.audit.task_tables import TaskTables

Answers = dict[str, np.ndarray]
"""Name -> what it answers for the validation rows, shape (n_val,)."""
MAX_LEVELS = 60
_MINUTE = 1 / 1440
"""A minute in days."""


def constant_number(y: np.ndarray, n_asked: int) -> Answers:
    """Answer the training mean."""
    return {"constant": np.full(n_asked, y.mean())}


def constant_class(y: np.ndarray, n_asked: int) -> Answers:
    """Answer the commonest class."""
    return {"constant": np.full(n_asked, np.bincount(y).argmax())}


def stump(x_train: np.ndarray, y: np.ndarray, x_val: np.ndarray, *, is_class: bool) -> Answers:
    """Cut the one feature once that tells most; nothing without a feature."""
    if x_train.shape[1] == 0:
        return {}
    make = DecisionTreeClassifier if is_class else DecisionTreeRegressor
    tree = make(max_depth=1, min_samples_leaf=max(1, len(y) // 50), random_state=0)
    return {"stump": np.asarray(tree.fit(x_train, y).predict(x_val))}


def by_level(
    train: pd.DataFrame, y: np.ndarray, val: pd.DataFrame, tables: TaskTables, *, is_class: bool
) -> Answers:
    """Answer the mean or mode of a level of the category that tells most, judged on training rows.

    Args:
        train: The training rows that have a target.
        y: Their targets, shape (n_train,): numbers, or class numbers.
        val: The validation rows.
        tables: The task.
        is_class: Whether `y` numbers classes.
    """
    best, found = -np.inf, None
    for name in tables.features:
        codes, levels = factorized(pd.concat([train[name], val[name]], ignore_index=True))
        known, asked = codes[: len(train)], codes[len(train) :]
        if not 2 <= len(levels) <= min(MAX_LEVELS, len(train) // 5) or (known < 0).all():
            continue
        merit, guess = (_modes if is_class else _means)(known, y, asked, len(levels))
        if merit > best:
            best, found = merit, guess
    return {} if found is None else {"group": found}


def _means(known: np.ndarray, y: np.ndarray, asked: np.ndarray, n: int) -> tuple[float, np.ndarray]:
    """Return how well the other rows of its level give each row's value, and what is asked for."""
    known = np.where(known < 0, n, known)
    counts = np.bincount(known, minlength=n + 1)
    sums = np.bincount(known, weights=y, minlength=n + 1)
    beside = counts[known] - 1
    others = np.where(beside > 0, (sums[known] - y) / np.maximum(beside, 1), y.mean())
    means = np.where(counts > 0, sums / np.maximum(counts, 1), y.mean())
    return -float(((y - others) ** 2).mean()), means[np.where(asked < 0, n, asked)]


def _modes(known: np.ndarray, y: np.ndarray, asked: np.ndarray, n: int) -> tuple[float, np.ndarray]:
    """Return the macro F1 of the levels' commonest classes on training, and what is asked for."""
    known = np.where(known < 0, n, known)
    counts = np.zeros((n + 1, int(y.max()) + 1))
    np.add.at(counts, (known, y), 1)
    modes = np.where(counts.any(axis=1), counts.argmax(axis=1), np.bincount(y).argmax())
    return score_classes(y, modes[known]).score, modes[np.where(asked < 0, n, asked)]


def carried(
    train: pd.DataFrame, y: np.ndarray, val: pd.DataFrame, tables: TaskTables, codes: Sides
) -> Answers:
    """Answer what each series last was, was a season ago, and was on average.

    Args:
        train: The training rows that have a target.
        y: Their targets, shape (n_train,).
        val: The validation rows.
        tables: The task.
        codes: Numbers of the series, of the training and the validation rows.
    """
    time = tables.time_column
    seasons: list[tuple[str, Sides]] = []
    order = np.arange(len(y))
    if time is not None and time in train and time in val:
        clock = _clock(train[time], val[time])
        order = np.argsort(clock[0][:, 0], kind="stable")
        seasons = list(_seasons(clock, y, codes))
    past = pd.DataFrame({"series": codes[0], "y": y}).iloc[order]
    groups = past.groupby("series")["y"]
    asked = pd.Series(codes[1])
    everywhere = float(y.mean())
    found = {
        "last": asked.map(groups.last()).fillna(float(past["y"].iloc[-1])).to_numpy(float),
        "mean": asked.map(groups.mean()).fillna(everywhere).to_numpy(float),
    }
    for name, (known, wanted) in seasons:
        keys = pd.DataFrame({"series": codes[0], "season": known, "y": y}).iloc[order]
        by_season = keys.groupby(["series", "season"])["y"]
        index = pd.MultiIndex.from_arrays([codes[1], wanted])
        for how, values in (("last", by_season.last()), ("mean", by_season.mean())):
            guess = values.reindex(index).to_numpy(float)
            found[f"{name} {how}"] = np.where(np.isfinite(guess), guess, found["mean"])
    return found


def _clock(past: pd.Series, asked: pd.Series) -> Sides:
    if is_numeric(past) and is_numeric(asked):
        return past.to_numpy(float)[:, None], asked.to_numpy(float)[:, None]
    return time_parts(past), time_parts(asked)


def _seasons(clock: Sides, y: np.ndarray, codes: Sides) -> Iterator[tuple[str, Sides]]:
    """Yield names and numbers of the seasons that the steps of time allow."""
    past, asked = clock
    times = np.unique(past[np.isfinite(past[:, 0]), 0])
    if len(times) < 8:
        return
    step = float(np.median(np.diff(times)))
    if past.shape[1] == 1:
        period = _period(past[:, 0], y, codes[0])
        if period:
            yield "season", (_phase(past[:, 0], step, period), _phase(asked[:, 0], step, period))
        return
    months, weekdays = ((past[:, n], asked[:, n]) for n in (1, 2))
    if step < 0.9:
        slots = [np.round((days[:, 0] % 1) / max(step, _MINUTE)) for days in clock]
        yield "day", (slots[0], slots[1])
        yield "week", (slots[0] + 10_000 * weekdays[0], slots[1] + 10_000 * weekdays[1])
    elif step < 3:
        yield "week", weekdays
    if step < 100:
        yield "year", months


def _phase(times: np.ndarray, step: float, period: int) -> np.ndarray:
    return np.round(times / max(step, 1e-9)) % period


def _period(times: np.ndarray, y: np.ndarray, series: np.ndarray) -> int:
    """Find the season of counted time in the longest series; 0 where a step tells as much."""
    longest = series == np.bincount(series).argmax()
    values = y[longest][np.argsort(times[longest], kind="stable")]
    period = find_period(values)
    if period == 0:
        return 0
    missed = float(np.abs(values[period:] - values[:-period]).mean())
    return period if missed < 0.9 * np.abs(np.diff(values)).mean() else 0
