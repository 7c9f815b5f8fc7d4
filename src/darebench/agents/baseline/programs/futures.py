"""Predicts a target at times whose features are given: by regressions and by its own history."""

import time

import numpy as np
import pandas as pd
from sklearn.model_selection import KFold

from darebench.agents.baseline.programs.blending import greedy, mean_scores, mix, soft_weights
from darebench.agents.baseline.programs.exogenous import build_views
from darebench.agents.baseline.programs.extensions import extensions
from darebench.agents.baseline.programs.history import SHARPNESS, horizon, prior
from darebench.agents.baseline.programs.regressions import regressions
from darebench.agents.baseline.programs.timestamps import clean_number

FEATURED_ROWS = 40_000
FOLDS = 3
OWN = "own history"


def regress(train, val, targets, target, deadline):
    """Predict one target from the features that the future has."""
    y = clean_number(train[target]).replace([np.inf, -np.inf], np.nan)
    train, y = train[y.notna()], y.dropna().to_numpy(float)
    if len(y) < 12 or np.ptp(y) == 0:
        return np.full(len(val), y.mean() if len(y) else 0.0)
    views = build_views(train.reset_index(drop=True), val, targets)
    n, rows = len(y), np.arange(len(y), len(y) + len(val))
    y = np.r_[y, np.zeros(len(val))]
    order = np.argsort(views["d"][:n], kind="stable")
    if n > FEATURED_ROWS:
        order = order[np.sort(np.random.default_rng(0).permutation(n)[:FEATURED_ROWS])]
    is_later = (views["d"][rows] > views["d"][:n].max()).mean() > 0.5
    folds = later_folds(order, len(val) / (n + len(val))) if is_later else random_folds(order)
    truths, guesses, histories = [], [], []
    begun = time.monotonic()
    for inside, outside in folds:
        spent = time.monotonic() - begun
        if truths and time.monotonic() + spent / len(truths) > deadline:
            break
        if np.ptp(y[outside]) > 0:
            truths.append(y[outside])
            guesses.append(predict(views, y, inside, outside, deadline))
            histories.append(own_history(views, y, inside, outside) if is_later else {})
    own = add_own(truths, guesses, histories)
    names = (
        [n for n in guesses[0] if all(n in g for g in guesses)] if guesses else ["mean", "ridge"]
    )
    weights = greedy(names, truths, guesses) if guesses else np.full(2, 0.5)
    used = [name for name, w in zip(names, weights, strict=True) if w > 0]
    print(f"{target}: {len(guesses)} back-tests choose {', '.join(used)}")
    final = predict(views, y, order, rows, np.inf, used)
    if OWN in used:
        final[OWN] = mix(*own, own_history(views, y, order, rows))
    return mix(names, weights, final)


def later_folds(order, share):
    """Cut the training rows as the real cut lies: the past, then as large a part as is asked."""
    size = max(int(len(order) * min(share, 0.4)), 3)
    for end in range(len(order), len(order) - FOLDS * size, -size):
        if end - size >= max(size // 2, 12):
            yield order[: end - size], order[end - size : end]


def random_folds(order):
    """Cut at random, where the asked rows lie among the known ones."""
    for inside, outside in KFold(4, shuffle=True, random_state=0).split(order):
        yield order[inside], order[outside]


def predict(views, y, inside, outside, deadline, only=None):
    """Call the regressions, as many as the time allows, or some of them by name."""
    found = {"mean": np.full(len(outside), y[inside].mean())}
    for name, run in regressions(views, y, inside, outside):
        late = len(found) > 3 and time.monotonic() > deadline
        if late or (only is not None and name not in only):
            continue
        try:
            found[name] = np.nan_to_num(run(), nan=y[inside].mean())
        except ValueError as error:  # too few rows or columns for it; the others go on
            print(f"{name} is left out: {error}"[:200])
    return found


def own_history(views, y, inside, outside):
    """Return the forecasts that need no features."""
    past, asked = (
        pd.DataFrame({name: np.asarray(views[name])[rows] for name in ("e", "t", "d")})
        for rows in (inside, outside)
    )
    past["y"] = y[inside]
    past = past.sort_values("d", kind="stable", ignore_index=True)
    return extensions(past, asked, horizon(past, asked))


def add_own(truths, guesses, histories):
    """Blend the forecasts from history into one more candidate; give its names and weights."""
    if not histories or not all(histories):
        return [], np.zeros(0)
    names = [name for name in histories[0] if all(name in h for h in histories)]
    weights = soft_weights(mean_scores(names, truths, histories) + prior(names), SHARPNESS)
    for guess, history in zip(guesses, histories, strict=True):
        guess[OWN] = mix(names, weights, history)
    return names, weights
