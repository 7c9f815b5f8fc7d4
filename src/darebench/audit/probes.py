"""Answer a task in ways that should not work: by row order, by entity, by the nearest row.

Each probe is scored by the task's own metric and beside its own predictions in random order, so
that a lucky score of few rows is told from a leak. Curation does not use these probes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.metrics import f1_score, r2_score
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.preprocessing import StandardScaler

from darebench.audit.encode import encode
from darebench.audit.entities import find_entities
from darebench.audit.frames import is_numeric, numbers
from darebench.audit.headroom import Headroom
from darebench.audit.task_tables import TaskTables
from darebench.store.layout import ROW_ID
from darebench.types import Family

FEWEST_ROWS = 20
"""Validation rows under which nothing is probed."""
MAX_ROWS = 5_000
SHUFFLES = 20
NEIGHBOURS = 5
"""Rows before and after whose targets are averaged, to probe the order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """How an answer that should not work scores, as the mean over targets."""

    score: float
    chance: float
    """Mean score of its predictions in random order."""
    spread: float
    """Standard deviation of those scores."""

    @property
    def gain(self) -> float:
        """What the answer scores over its predictions in random order."""
        return self.score - self.chance

    @property
    def is_real(self) -> bool:
        """Whether chance does not explain the score."""
        return self.gain > 4 * self.spread


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityProbe:
    """What the mean or the commonest class of an entity in training says of its other rows."""

    column: str
    why: str
    """Why the column is thought to name entities."""
    shared: float
    """Share of the validation rows whose entity has training rows."""
    probe: Probe
    """On those rows."""
    without: float
    """Score, on those rows, of what is constant within the entity, in place of its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probes:
    """What the probes of one task found; None where one cannot be made."""

    headroom: Headroom
    order: Probe | None
    order_by: str
    """What the order is: `row_id` or the position in the file."""
    entities: tuple[EntityProbe, ...]
    nearest: Probe | None


def probe(tables: TaskTables, headroom: Headroom) -> Probes:
    """Make the probes of a task on table rows."""
    if len(tables.truth) < FEWEST_ROWS:
        return Probes(headroom=headroom, order=None, order_by="", entities=(), nearest=None)
    orders = [(by, _score(tables, _by_order(tables, by))) for by in ("position", ROW_ID)]
    found = [(by, one) for by, one in orders if one is not None]
    by, order = max(found, key=lambda pair: pair[1].gain, default=("", None))
    return Probes(
        headroom=headroom,
        order=order,
        order_by=by,
        entities=tuple(
            _probe_entity(tables, e.column, e.why, e.constant) for e in find_entities(tables)
        ),
        nearest=_score(tables, _by_nearest(tables)),
    )


Sides = tuple[np.ndarray, np.ndarray]
Predict = Callable[[str], np.ndarray]
"""Returns the predictions of a target, of shape (n_val,)."""


def _by_order(tables: TaskTables, by: str) -> Predict | None:
    """Predict from the rows that stand next to a row, by its number or its place in the file."""
    if by == ROW_ID:
        if not all(ROW_ID in t and is_numeric(t[ROW_ID]) for t in (tables.train, tables.val)):
            return None
        places = numbers(tables.train[ROW_ID]), numbers(tables.val[ROW_ID])
    else:
        places = np.linspace(0, 1, len(tables.train)), np.linspace(0, 1, len(tables.val))
    return _neighbours(tables, (places[0][:, None], places[1][:, None]), NEIGHBOURS)


def _by_nearest(tables: TaskTables) -> Predict | None:
    """Predict the target of the one training row that is most alike in all features."""
    x_train, x_val = encode(tables.train, tables.val, tables)
    if x_train.shape[1] == 0:
        return None
    middle = np.nan_to_num(np.nanmedian(x_train, axis=0))
    a, b = (np.where(np.isfinite(x), x, middle) for x in (x_train, x_val))
    scaler = StandardScaler().fit(a)
    return _neighbours(
        tables, (np.asarray(scaler.transform(a)), np.asarray(scaler.transform(b))), 1
    )


def _neighbours(tables: TaskTables, places: Sides, n: int) -> Predict:
    def predict(target: str) -> np.ndarray:
        known = tables.train[target].notna().to_numpy() & np.isfinite(places[0]).all(axis=1)
        x, y = places[0][known][-MAX_ROWS:], tables.train[target][known].iloc[-MAX_ROWS:]
        asked = np.nan_to_num(places[1])
        if tables.family is Family.CLASS:
            return KNeighborsClassifier(min(n, len(x))).fit(x, y.astype(str)).predict(asked)
        return KNeighborsRegressor(min(n, len(x))).fit(x, numbers(y)).predict(asked)

    return predict


def _probe_entity(
    tables: TaskTables, column: str, why: str, constant: Sequence[str]
) -> EntityProbe:
    known = tables.val[column].isin(tables.train[column].dropna().unique()).to_numpy()
    nothing = Probe(score=0.0, chance=0.0, spread=0.0)
    probe = _score(tables, _by_key(tables, [column]), known) if known.sum() >= FEWEST_ROWS else None
    without = _score(tables, _by_key(tables, constant), known) if probe and constant else None
    return EntityProbe(
        column=column,
        why=why,
        shared=float(known.mean()),
        probe=probe or nothing,
        without=without.score if without else 0.0,
    )


def _by_key(tables: TaskTables, keys: Sequence[str]) -> Predict:
    """Predict the mean, or the commonest class, of the training rows with the same keys."""
    train, val = (
        t[list(keys)].astype(str).agg("\0".join, axis=1) for t in (tables.train, tables.val)
    )

    def predict(target: str) -> np.ndarray:
        y = tables.train[target]
        if tables.family is Family.CLASS:
            counts = pd.crosstab(train, y.astype(str))
            common = y.astype(str).mode().iloc[0]
            return val.map(counts.idxmax(axis=1)).fillna(common).to_numpy()
        y = pd.Series(numbers(y))
        return val.map(y.groupby(train.to_numpy()).mean()).fillna(float(y.mean())).to_numpy()

    return predict


def _score(
    tables: TaskTables, predict: Predict | None, rows: np.ndarray | None = None
) -> Probe | None:
    if predict is None:
        return None
    rng = np.random.default_rng(0)
    chosen = np.ones(len(tables.truth), bool) if rows is None else rows
    scores, chances = [], []
    for target in tables.targets:
        truth, guess = tables.truth[target].to_numpy()[chosen], predict(target)[chosen]
        scores.append(_metric(tables.family, truth, guess))
        chances.append(
            [_metric(tables.family, truth, rng.permutation(guess)) for _ in range(SHUFFLES)]
        )
    by_chance = np.mean(chances, axis=0)
    return Probe(
        score=float(np.mean(scores)),
        chance=float(by_chance.mean()),
        spread=float(by_chance.std()),
    )


def _metric(family: Family, truth: np.ndarray, guess: np.ndarray) -> float:
    if family is Family.CLASS:
        a, b = (pd.Series(values).astype(str) for values in (truth, guess))
        return float(f1_score(a, b, average="macro", zero_division=0.0))  # pyright: ignore
    a, b = numbers(pd.Series(truth)), numbers(pd.Series(guess))
    known = np.isfinite(a) & np.isfinite(b)
    if known.sum() < 2 or np.ptp(a[known]) == 0:
        return 0.0
    return float(np.clip(r2_score(a[known], b[known]), 0.0, 1.0))
