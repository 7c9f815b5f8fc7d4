"""Measure what a task leaves to be won: the best naive answer's score, and a strong model's.

Both are recorded with a task (`floor`, `reference`), with each naive answer, the score of least
squares and a difficulty band, so that a report can normalise scores.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from darebench.audit.bootstrap import (
    NOTHING,
    Scored,
    gain_deviation,
    number_classes,
    score_classes,
    score_numbers,
)
from darebench.audit.encode import encode
from darebench.audit.frames import numbers
from darebench.audit.naive_answers import (
    Answers,
    by_level,
    carried,
    constant_class,
    constant_number,
    stump,
)
from darebench.audit.naive_forecasts import forecast, series_codes
from darebench.audit.reference_models import predict_classes, predict_numbers
from darebench.audit.task_tables import TaskTables
from darebench.types import Family

MAX_ROWS = 5_000
SMALL_TABLE = 400
"""Rows under which a table is split several times."""
MORE_SPLITS = 2
PARTS = 4
"""Parts of a series' validation rows for which forecasts are chosen on the others."""
FEATURELESS = ("constant", "last", "mean", "season", "day", "week", "year")
"""First words of the naive answers that look at no feature but time and series."""
SOLVED = 0.995
"""Score of a quick model from which on a task is an identity rather than a prediction."""
LEAST_ROOM = 0.03
"""What the reference must win over the best naive answer."""
MOST_NOISE = 0.25
"""Share of what can be won that the deviation of the reference's score may be."""
SURE = 2.0
"""Deviations of the headroom that it must be, where the score itself varies more."""
EASY, MODERATE = 0.9, 0.5
"""Shares of the headroom that least squares wins, from which on a task is of these bands."""


class Band(StrEnum):
    """How difficult a task is, by the share of its headroom that a line wins."""

    EASY = "easy"
    """Least squares wins 90 % of it or more."""
    MODERATE = "moderate"
    """Least squares wins half of it or more."""
    HARD = "hard"
    """Least squares wins less than half of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Headroom:
    """Scores in [0, 1] of answers to one task, by its own metric; of several targets, the means."""

    floor: float
    """Score of the best naive answer."""
    reference: float
    """Score of the best of several quick models; never below `floor`. For a series, the score of
    the best of many forecasts, chosen on other rows than it is measured on, or of their median."""
    deviation: float = 0.0
    """Bootstrap standard deviation of `reference` over the validation rows."""
    room_deviation: float | None = None
    """Bootstrap standard deviation of `room`, both answers on the same rows; None in stores of
    earlier versions."""
    spread: float = 0.0
    """Standard deviation of `reference` over several splits; 0 where the rows are split once."""
    usual_room: float | None = None
    """Mean headroom over several splits; None where the rows are split once."""
    naive: Mapping[str, Scored] = field(default_factory=dict)
    """Naive answer -> its score; of each series' season, the group or feature that tells most."""
    linear: Scored | None = None
    """Score of least squares on all features; not naive, and no part of the floor."""

    @property
    def room(self) -> float:
        """What there is to win."""
        return self.reference - self.floor

    @property
    def whole_room(self) -> float:
        """What there is to win over the best answer that looks at no feature.

        Scores lie between the two, so this is the scale that `deviation` is small beside, or not.
        """
        plain = (s.score for n, s in self.naive.items() if n.split()[0] in FEATURELESS)
        return self.reference - max(plain, default=self.floor)

    @property
    def is_noise(self) -> bool:
        """Whether the score varies too much with the rows that are drawn to tell answers apart.

        It does not where the reference beats the best naive answer on nearly any draw of rows: few
        of them decide both scores then, and alike.
        """
        is_sure = self.room_deviation is not None and self.room >= SURE * self.room_deviation
        return self.deviation > MOST_NOISE * self.whole_room and not is_sure

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form, rounded to four places."""
        return {
            "floor": round(self.floor, 4),
            "reference": round(self.reference, 4),
            "deviation": round(self.deviation, 4),
            "room_deviation": None
            if self.room_deviation is None
            else round(self.room_deviation, 4),
            "spread": round(self.spread, 4),
            "usual_room": None if self.usual_room is None else round(self.usual_room, 4),
            "naive": {name: _as_dict(scored) for name, scored in self.naive.items()},
            "linear": _as_dict(self.linear) if self.linear else None,
            "band": str(self.band),
        }

    @property
    def band(self) -> Band:
        """The difficulty band."""
        won = self.linear.score - self.floor if self.linear else 0.0
        if won >= EASY * self.room:
            return Band.EASY
        return Band.MODERATE if won >= MODERATE * self.room else Band.HARD


def _as_dict(scored: Scored) -> dict[str, float]:
    return {"score": round(scored.score, 4), "deviation": round(scored.deviation, 4)}


class _Measured(NamedTuple):
    """What is measured of one target."""

    naive: dict[str, Scored]
    linear: Scored | None
    reference: Scored
    room_deviation: float = 0.0

    @property
    def floor(self) -> float:
        return max((scored.score for scored in self.naive.values()), default=0.0)


def measure(tables: TaskTables) -> Headroom:
    """Score naive answers and quick strong models; each score is the mean over targets."""
    own = _measure_split(tables)
    n_rows = len(tables.train) + len(tables.val)
    if tables.family is Family.TS or tables.is_grouped or n_rows >= SMALL_TABLE:
        return own
    if own.room < LEAST_ROOM or own.is_noise:  # more splits would not save it
        return own
    rooms = [own, *(_measure_split(_redrawn(tables, n)) for n in range(MORE_SPLITS))]
    return replace(
        own,
        spread=float(np.std([room.reference for room in rooms])),
        usual_room=float(np.mean([room.room for room in rooms])),
    )


def _measure_split(tables: TaskTables) -> Headroom:
    found = [_measure_target(tables, target) for target in tables.targets]
    floor = float(np.mean([one.floor for one in found]))
    names = dict.fromkeys(name for one in found for name in one.naive)
    lines = [one.linear for one in found if one.linear is not None]
    best = _mean([one.reference for one in found])
    return Headroom(
        floor=floor,
        reference=max(floor, best.score),
        deviation=best.deviation,
        room_deviation=float(np.mean([one.room_deviation for one in found])),
        naive={name: _mean([one.naive.get(name, NOTHING) for one in found]) for name in names},
        linear=_mean(lines) if len(lines) == len(found) else None,
    )


def _mean(scores: Sequence[Scored]) -> Scored:
    """Average over targets; their deviations too, since they share their rows."""
    score, deviation = np.mean(scores, axis=0)
    return Scored(float(score), float(deviation))


def _redrawn(tables: TaskTables, number: int) -> TaskTables:
    """Draw the rows of a table anew for training and validation."""
    targets = list(tables.targets)
    columns = [*tables.features, *targets]
    val = tables.val[list(tables.features)].assign(**{t: tables.truth[t] for t in targets})
    rows = pd.concat([tables.train[columns], val[columns]], ignore_index=True)
    order = np.random.default_rng(number).permutation(len(rows))
    first, rest = order[: len(tables.train)], order[len(tables.train) :]
    asked = rows.iloc[rest].reset_index(drop=True)
    return replace(tables, train=rows.iloc[first], val=asked, truth=asked[targets])


def _measure_target(tables: TaskTables, target: str) -> _Measured:
    train = tables.train[tables.train[target].notna()]
    if len(train) > MAX_ROWS:
        # A forecast learns from the last rows, a table from any.
        is_series = tables.family is Family.TS
        train = train.iloc[-MAX_ROWS:] if is_series else train.sample(MAX_ROWS, random_state=0)
    if tables.family is Family.CLASS:
        return _measure_class(tables, target, train)
    y, wanted = numbers(train[target]), numbers(tables.truth[target])
    known, asked = np.isfinite(y), np.isfinite(wanted)
    if known.sum() < 2 or asked.sum() < 2:
        return _Measured({}, None, NOTHING)
    train, y = train[known], y[known]
    x_train, x_val = encode(train, tables.val, tables)
    is_series = tables.family is Family.TS
    naive = constant_number(y, len(wanted)) | stump(x_train, y, x_val, is_class=False)
    if is_series:
        naive |= carried(train, y, tables.val, tables, series_codes(train, tables))
    else:
        naive |= by_level(train, y, tables.val, tables, is_class=False)
    models = predict_numbers(x_train, y, x_val, series=is_series)
    naive, models = {n: guess[asked] for n, guess in naive.items()}, [g[asked] for g in models]
    truth = wanted[asked]
    line = score_numbers(truth, models[-1], in_order=is_series) if models else None
    guesses = [*models, *naive.values()]
    if is_series:
        guesses += [guess[asked] for guess in forecast(tables, target)]
        steady = [best_elsewhere(truth, guesses), np.median(guesses, axis=0)]
        best = min(steady, key=lambda guess: float(((truth - guess) ** 2).sum()))
    else:
        best = min(guesses, key=lambda guess: float(((truth - guess) ** 2).sum()))
    score = partial(score_numbers, truth, in_order=is_series)
    return _compared(truth, naive, best, line, score, is_class=False, in_order=is_series)


def _measure_class(tables: TaskTables, target: str, train: pd.DataFrame) -> _Measured:
    y, truth = number_classes(train[target], tables.truth[target])
    x_train, x_val = encode(train, tables.val, tables)
    naive: Answers = constant_class(y, len(truth)) | stump(x_train, y, x_val, is_class=True)
    naive |= by_level(train, y, tables.val, tables, is_class=True)
    models: list[np.ndarray] = []
    if len(np.unique(y)) > 1 and x_train.shape[1] > 0:
        models = predict_classes(x_train, y, x_val)
    score = partial(score_classes, truth)
    line = score(models[-1]) if models else None
    best = max([*models, *naive.values()], key=lambda guess: score(guess).score)
    return _compared(truth, naive, best, line, score, is_class=True)


def _compared(
    truth: np.ndarray,
    naive: Answers,
    best: np.ndarray,
    line: Scored | None,
    score: Callable[[np.ndarray], Scored],
    *,
    is_class: bool,
    in_order: bool = False,
) -> _Measured:
    """Score naive answers and the best one, and how surely it is better than they are."""
    floors = {name: score(guess) for name, guess in naive.items()}
    usual = max(floors, key=lambda name: floors[name].score)
    deviation = gain_deviation(truth, best, naive[usual], is_class=is_class, in_order=in_order)
    return _Measured(floors, line, score(best), deviation)


def best_elsewhere(truth: np.ndarray, guesses: Sequence[np.ndarray]) -> np.ndarray:
    """Take, for each quarter of the rows, the guess that is best on the other quarters.

    The best of a dozen forecasts of thirty rows looks good by chance on the rows that chose it.

    Args:
        truth: Array of shape (n,), in the order of time.
        guesses: Forecasts, arrays of shape (n,) each; at least one.
    """
    stacked = np.stack(guesses)
    errors = (truth - stacked) ** 2
    best = np.empty(len(truth))
    for rows in np.array_split(np.arange(len(truth)), PARTS):
        elsewhere = errors.sum(axis=1) - errors[:, rows].sum(axis=1)
        best[rows] = stacked[np.argmin(elsewhere), rows]
    return best
