"""Builds what the regressions see when the future's features are given: tables of both parts."""

import numpy as np
import pandas as pd

from darebench.agents.baseline.programs.timestamps import (
    as_days,
    clean_number,
    find_time_column,
    parse_times,
)

MAX_LEVELS = 60
"""Values of a category that get a column each."""
MAX_MOVING = 25
"""Numeric columns of which changes are followed."""


def build_views(train, val, targets):
    """Return the rows' series, times and matrices, training first, without what never varies."""
    names = [c for c in val.columns if c in train.columns and c not in ("row_id", *targets)]
    both = pd.concat([train[names], val[names]], ignore_index=True)
    column = find_time_column(val[names])
    when = parse_times(both[column])
    when = when.fillna(when.ffill()).fillna(when.bfill()).fillna(pd.Timestamp(0))
    past = np.arange(len(both)) < len(train)
    numbers, texts = split_columns(both.drop(columns=column), past)
    series = find_series(both.drop(columns=column), when, past)
    calendar, steps = calendar_columns(when, past)
    coded = {c: pd.Series(pd.factorize(v.astype("str"))[0], dtype=float) for c, v in texts.items()}
    dummies = [
        pd.get_dummies(v.astype("str"), dtype=float)
        for v in texts.values()
        if v.nunique() <= MAX_LEVELS
    ]
    moving = moves(numbers, series, when)
    plain = pd.concat([numbers, *dummies], axis=1)
    parts = {
        "numbers": numbers,
        "plain": plain,
        "calendar": pd.concat([plain, calendar], axis=1),
        "moves": pd.concat([plain, moving], axis=1),
        "tree": pd.concat([numbers, pd.DataFrame(coded), steps], axis=1),
        "tree moves": pd.concat([numbers, pd.DataFrame(coded), steps, moving], axis=1),
    }
    matrices = {name: varying(part.to_numpy(float), past) for name, part in parts.items()}
    return {"e": series, "t": when, "d": as_days(when), **matrices}


def split_columns(frame, past):
    """Separate numbers from categories."""
    numbers, texts = {}, {}
    for name in frame.columns:
        values = frame[name]
        number = clean_number(values)
        known = values.notna().sum()
        if known and number.notna().sum() >= 0.9 * known:
            numbers[name] = number.replace([np.inf, -np.inf], np.nan)
        elif values[past].nunique() < 0.5 * past.sum():
            texts[name] = values
    return pd.DataFrame(numbers, index=frame.index), texts


def varying(matrix, past):
    """Keep the columns that vary in training; a column of zeros if there is none."""
    filled = np.where(np.isnan(matrix), np.inf, matrix)
    kept = matrix[:, (filled[past] != filled[past][:1]).any(axis=0)]
    return kept if kept.shape[1] else np.zeros((len(matrix), 1))


def find_series(frame, when, past):
    """Number the series: the coarsest of one or two columns that make the times unique."""
    none = np.zeros(len(frame), dtype=int)
    repeated = when[past].duplicated().mean()
    if repeated < 0.02:
        return none
    able = {}
    for name in frame.columns:
        values = frame[name]
        is_float = pd.api.types.is_float_dtype(values) and (values.dropna() % 1 != 0).any()
        if not is_float and 2 <= values[past].nunique() <= past.sum() / 4:
            able[name] = pd.factorize(values.astype("str"))[0]
    ranked = sorted(able, key=lambda name: able[name].max())
    choices = [(name,) for name in ranked]
    choices += [(a, b) for i, a in enumerate(ranked[:8]) for b in ranked[i + 1 : 8]]
    best, least = none, repeated * 0.5
    for choice in choices:
        codes = able[choice[0]]
        for name in choice[1:]:
            codes = pd.factorize(codes * (able[name].max() + 1) + able[name])[0]
        keys = pd.DataFrame({"e": codes[past], "t": when[past]})
        clashes = keys.duplicated().mean()
        steady = keys.groupby("e")["t"].nunique().median() >= 3
        if steady and clashes < least * 0.8 - 1e-9:
            best, least = codes, clashes
    return best


def calendar_columns(when, past):
    """Return the calendar as waves and a line for linear rules, and as steps for trees."""
    t, days = when.dt, as_days(when)
    length = np.ptp(days[past])
    waves = {"line": days}
    if length > 400:
        angle = 2 * np.pi * days / 365.25
        waves |= {f"{f.__name__} {k}": f(k * angle) for k in (1, 2, 3) for f in (np.sin, np.cos)}
    calendar = pd.DataFrame(waves)
    for part in (t.day_of_week, t.hour):
        if part.nunique() > 2:
            calendar = pd.concat([calendar, pd.get_dummies(part, dtype=float)], axis=1)
    steps = pd.DataFrame(
        {
            "m": t.month,
            "w": t.day_of_week,
            "h": t.hour,
            "i": t.minute,
            "n": t.day_of_year,
            "d": days,
        }
    )
    return calendar, steps


def moves(numbers, series, when):
    """Return each number's change, neighbours in time and recent mean, within its series."""
    names = list(numbers.columns[:MAX_MOVING])
    order = np.lexsort((when.to_numpy(), series))
    sorted_numbers = numbers[names].iloc[order]
    groups = sorted_numbers.groupby(series[order])
    before, after = groups.shift(1), groups.shift(-1)
    parts = {
        "change": sorted_numbers - before,
        "next change": after - sorted_numbers,
        "week": groups.rolling(7, min_periods=1).mean().droplevel(0).reindex(sorted_numbers.index),
    }
    found = pd.concat([p.add_prefix(f"{name} of ") for name, p in parts.items()], axis=1)
    return found.reindex(numbers.index)
