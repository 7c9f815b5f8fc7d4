"""Measure what a task leaves to be won: the scores of a trivial answer and of a strong model.

Both are recorded with a task (`floor`, `ceiling`), so that a report can normalise scores.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import RidgeClassifier, RidgeCV
from sklearn.metrics import f1_score, r2_score
from sklearn.preprocessing import StandardScaler

from darebench.audit.frames import is_numeric, numbers
from darebench.audit.naive_forecasts import forecast, time_parts
from darebench.audit.task_tables import TaskTables
from darebench.types import Family

MAX_ROWS = 5_000
MAX_COLUMNS = 100
MAX_CODES = 200
SOLVED = 0.995
"""Score of a quick model from which on a task is an identity rather than a prediction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Headroom:
    """Scores in [0, 1] of two answers to one task, by its own metric."""

    floor: float
    """Score of the best constant: the commonest class, the training mean, the last known value."""
    ceiling: float
    """Score of the better of a boosted-tree and a linear model; never below `floor`. For a series,
    the score of the best of many quick forecasts, chosen on other rows than it is measured on."""

    @property
    def room(self) -> float:
        """What there is to win."""
        return self.ceiling - self.floor


def measure(tables: TaskTables) -> Headroom:
    """Score a trivial answer and quick strong models; each score is the mean over targets."""
    pairs = [_measure_target(tables, target) for target in tables.targets]
    floor = float(np.mean([pair[0] for pair in pairs]))
    return Headroom(floor=floor, ceiling=max(floor, float(np.mean([pair[1] for pair in pairs]))))


def _measure_target(tables: TaskTables, target: str) -> tuple[float, float]:
    train = tables.train[tables.train[target].notna()]
    if len(train) > MAX_ROWS:
        # A forecast learns from the last rows, a table from any.
        is_series = tables.family is Family.TS
        train = train.iloc[-MAX_ROWS:] if is_series else train.sample(MAX_ROWS, random_state=0)
    truth = tables.truth[target]
    x_train, x_val = encode(train, tables.val, tables)
    if tables.family is Family.CLASS:
        return _measure_class(x_train, train[target].astype(str), x_val, truth.astype(str))
    y = numbers(train[target])
    truth_values = numbers(truth)
    known, asked = np.isfinite(y), np.isfinite(truth_values)
    if known.sum() < 2 or asked.sum() < 2:
        return 0.0, 0.0
    x_train, y, wanted = x_train[known], y[known], truth_values[asked]
    is_series = tables.family is Family.TS
    constants = [y.mean(), y[-1]] if is_series else [y.mean()]
    floor = max(_r2(wanted, np.full(len(wanted), constant)) for constant in constants)
    guesses = _fitted(x_train, y, x_val, series=is_series)
    if not is_series:
        return floor, max([floor, *(_r2(wanted, guess[asked]) for guess in guesses)])
    guesses += _carried(tables, target) + forecast(tables, target)
    return floor, score_of_best(wanted, [guess[asked] for guess in guesses])


def score_of_best(truth: np.ndarray, guesses: Sequence[np.ndarray]) -> float:
    """Return the clipped R2 of taking, for each half of the rows, what is best on the other half.

    The best of a dozen forecasts of thirty rows looks good by chance on the rows that chose it.

    Args:
        truth: Array of shape (n,), in the order of time.
        guesses: Forecasts, arrays of shape (n,) each.
    """
    if not guesses:
        return 0.0
    errors = (truth - np.stack(guesses)) ** 2
    half = len(truth) // 2
    early, late = errors[:, :half].sum(axis=1), errors[:, half:].sum(axis=1)
    missed = early[np.argmin(late)] + late[np.argmin(early)]
    spread = ((truth - truth.mean()) ** 2).sum()
    return float(np.clip(1 - missed / spread, 0.0, 1.0)) if spread > 0 else 0.0


def _carried(tables: TaskTables, target: str) -> list[np.ndarray]:
    """Forecast each series' last value, and its mean."""
    keys = list(tables.entities)
    if not keys:
        return []
    groups = tables.train.dropna(subset=[target]).groupby(keys, sort=False)[target]
    guesses = []
    for values in (groups.last(), groups.mean()):
        guess = tables.val[keys].merge(values.reset_index(), on=keys, how="left")[target]
        guesses.append(guess.astype(float).fillna(float(tables.train[target].mean())).to_numpy())
    return guesses


def _measure_class(
    x_train: np.ndarray, y: pd.Series, x_val: np.ndarray, truth: pd.Series
) -> tuple[float, float]:
    common = y.mode().iloc[0]
    floor = _macro_f1(truth, np.full(len(truth), common))
    if y.nunique() < 2 or x_train.shape[1] == 0:
        return floor, floor
    rounds = max(10, min(60, 240 // y.nunique()))
    boosted = HistGradientBoostingClassifier(
        max_iter=rounds,
        max_leaf_nodes=15,
        early_stopping=False,  # pyright: ignore[reportArgumentType] -- typed by its default, "auto"
        random_state=0,
    )
    a, b = _standardised(x_train, x_val)
    guesses = (boosted.fit(x_train, y).predict(x_val), RidgeClassifier().fit(a, y).predict(b))
    return floor, max(_macro_f1(truth, np.asarray(guess)) for guess in guesses)


def _fitted(
    x_train: np.ndarray, y: np.ndarray, x_val: np.ndarray, *, series: bool
) -> list[np.ndarray]:
    """Predict with a boosted-tree and a linear model, and for series with both after each other."""
    if x_train.shape[1] == 0:
        return []
    boosted = HistGradientBoostingRegressor(
        max_iter=60,
        max_leaf_nodes=15,
        early_stopping=False,  # pyright: ignore[reportArgumentType] -- typed by its default, "auto"
        random_state=0,
    )
    guesses = [boosted.fit(x_train, y).predict(x_val)]
    a, b = _standardised(x_train, x_val)
    linear = RidgeCV(alphas=(0.1, 10.0)).fit(a, y)
    guesses.append(linear.predict(b))
    if series:
        # Trees cannot follow a trend; they can what a line leaves of it.
        rest = boosted.fit(x_train, y - linear.predict(a)).predict(x_val)
        guesses.append(linear.predict(b) + rest)
    return guesses


def _macro_f1(truth: pd.Series, predicted: np.ndarray) -> float:
    score = f1_score(
        truth,
        predicted,
        average="macro",
        zero_division=0.0,  # pyright: ignore[reportArgumentType] -- typed by its default, "warn"
    )
    return float(score)


def _r2(truth: np.ndarray, predicted: np.ndarray) -> float:
    return float(np.clip(r2_score(truth, predicted), 0.0, 1.0))


def _standardised(x_train: np.ndarray, x_val: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    middle = np.nan_to_num(np.nanmedian(x_train, axis=0))
    a, b = (np.where(np.isfinite(x), x, middle) for x in (x_train, x_val))
    scaler = StandardScaler().fit(a)
    return np.asarray(scaler.transform(a)), np.clip(scaler.transform(b), -10, 10)


def encode(
    train: pd.DataFrame, val: pd.DataFrame, tables: TaskTables
) -> tuple[np.ndarray, np.ndarray]:
    """Turn features into numbers, as learned from training: codes by frequency, parts of time.

    Returns:
        Arrays of shape (n_train, n_columns) and (n_val, n_columns).
    """
    blocks_train: list[np.ndarray] = []
    blocks_val: list[np.ndarray] = []
    for name in tables.features[:MAX_COLUMNS]:
        a, b = train[name], val[name]
        if name == tables.time_column and not is_numeric(a):
            a_parts, b_parts = time_parts(a), time_parts(b)
            blocks_train.append(a_parts)
            blocks_val.append(b_parts)
        elif is_numeric(a) and is_numeric(b):
            blocks_train.append(_finite(a)[:, None])
            blocks_val.append(_finite(b)[:, None])
        else:
            a_codes, b_codes = _codes(a, b)
            blocks_train.append(a_codes)
            blocks_val.append(b_codes)
    if not blocks_train:
        return np.empty((len(train), 0)), np.empty((len(val), 0))
    x_train, x_val = np.hstack(blocks_train), np.hstack(blocks_val)
    present = np.isfinite(x_train).any(axis=0)
    return x_train[:, present], x_val[:, present]


def _finite(values: pd.Series) -> np.ndarray:
    numbers = values.astype(float).to_numpy()
    return np.where(np.abs(numbers) < 1e30, numbers, np.nan)


def _codes(a: pd.Series, b: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Code a category by its rank in frequency, and the commonest ones by a column each."""
    counts = a.astype(str).value_counts().index[:MAX_CODES]
    ranks = {value: float(rank) for rank, value in enumerate(counts)}
    parts = []
    for values in (a, b):
        codes = values.astype(str).map(ranks).astype(float).to_numpy()
        parts.append(
            np.column_stack([codes, *(codes == rank for rank in range(min(8, len(ranks))))])
        )
    return parts[0], parts[1]
