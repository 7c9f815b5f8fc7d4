"""Forecasts a target from its own history: the entities' series, their rhythm, the best blend."""

import re
import time

import numpy as np
import pandas as pd

from darebench.agents.baseline.programs.blending import mean_scores, mix, soft_weights
from darebench.agents.baseline.programs.extensions import extensions
from darebench.agents.baseline.programs.timestamps import (
    as_days,
    clean_number,
    find_time_column,
    parse_times,
)

HISTORY_ROWS = 80_000
SHARPNESS = 20.0
LONG_RUN = r"(?<!half )along line|drifting|^(log )?line"
PRIOR = {r"line|drift": 0.1, r"season": 0.1, r"^log ": 0.05, LONG_RUN: 0.05}
"""What a kind of forecast is worth beforehand, in R2: a flat line never scores on one series."""


def extend(train, val, target, question, deadline):
    """Forecast one target where only time and entities are given."""
    column = find_time_column(val)
    entities = [c for c in val.columns if c != column and c in train.columns]
    both = pd.concat([train[[column, *entities]], val[[column, *entities]]], ignore_index=True)
    when = parse_times(both[column])
    codes = number_series(both[entities])
    n = len(train)
    history = pd.DataFrame({"e": codes[:n], "t": when[:n]})
    history["y"] = clean_number(train[target].reset_index(drop=True))
    history = history.replace([np.inf, -np.inf], np.nan).dropna()
    query = pd.DataFrame({"e": codes[n:], "t": when[n:].to_numpy()})
    query["t"] = query["t"].fillna(query["t"].median()).fillna(history["t"].max())
    history = resample(history.sort_values("t", kind="stable", ignore_index=True), question)
    history = thinned(history)
    history["d"], query["d"] = as_days(history["t"]), as_days(query["t"])
    if len(history) == 0:
        return np.zeros(len(query))
    names, weights, best = weigh(history, query, deadline)
    kept = [f"{n} {w:.2f}" for n, w in zip(names, weights, strict=True) if w > 0.1]
    print(f"{target}: back-tested R2 {best:.3f}; {'; '.join(kept)}")
    return mix(names, weights, extensions(history, query, horizon(history, query)))


def number_series(frame):
    """Number the rows' combinations of entities from 0."""
    if not len(frame.columns):
        return np.zeros(len(frame), dtype=int)
    texts = frame.astype("str").apply(lambda column: column.str.strip())
    return texts.groupby(list(texts.columns), sort=False, dropna=False).ngroup().to_numpy()


def thinned(history):
    """Draw rows from all of the history where there are very many."""
    if len(history) <= HISTORY_ROWS:
        return history
    return history.sample(HISTORY_ROWS, random_state=0).sort_index().reset_index(drop=True)


def horizon(history, query):
    """Return the length in days of what is asked for, within what the history can be cut by."""
    length = np.ptp(history["d"])
    asked = query["d"].max() - history["d"].max()
    return max(min(asked, 0.4 * length), 0.05 * length, 1e-6)


def weigh(history, query, deadline):
    """Weigh the forecasts by back-tests at several cuts, each with a horizon like the real one."""
    span, begun = horizon(history, query), time.monotonic()
    truths, guesses = [], []
    start, end = history["d"].min(), history["d"].max()
    for step in (0.0, 0.5, 1.0, 1.5, 2.0, 3.0):
        cut = end - span * (1 + step)
        past = history[history["d"] <= cut].reset_index(drop=True)
        ahead = history[(history["d"] > cut) & (history["d"] <= cut + span)]
        enough = len(past) >= 10 and len(ahead) >= 3 and cut - start >= 0.3 * (end - start)
        if not enough or ahead["y"].std() == 0:
            continue
        now = time.monotonic()
        if truths and now + (now - begun) / len(truths) > deadline:
            break
        truths.append(ahead["y"].to_numpy(float))
        guesses.append(extensions(past, ahead.reset_index(drop=True), span))
    if not truths:
        return ["recent mean"], np.ones(1), 0.0
    names = [name for name in guesses[0] if all(name in g for g in guesses)]
    scores = mean_scores(names, truths, guesses)
    return names, soft_weights(scores + prior(names), SHARPNESS), scores.max()


def prior(names):
    """Return what each forecast is worth before its back-test."""
    return np.array([sum(v for k, v in PRIOR.items() if re.search(k, name)) for name in names])


def resample(history, question):
    """Bring the history to the interval and aggregation that the question names, if it does."""
    interval = re.search(r"interval of ['\"`]?(\d*\s?[A-Za-z]+)['\"`]?", question)
    rest = question[interval.end() :] if interval else ""
    method = re.search(r"\b(mean|sum|median|max|min|last|first|count)\b['\"`]?(?! time)", rest)
    if not interval or not method or not len(history):
        return history
    number, unit = re.fullmatch(r"(\d*)\s?([A-Za-z]+)", interval[1]).groups()
    units = {"H": "h", "T": "min", "S": "s", "M": "ME", "Q": "QE", "Y": "YE", "A": "YE"}
    try:
        groups = history.groupby(["e", pd.Grouper(key="t", freq=number + units.get(unit, unit))])
    except ValueError:
        return history
    values = groups["y"].agg(method[1])[groups["y"].count() > 0]
    return values.dropna().reset_index().sort_values(["t", "e"], ignore_index=True)
