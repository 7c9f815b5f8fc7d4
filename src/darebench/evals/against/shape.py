"""What a prediction set against the truth looks like, and its JSON form.

The JSON has `schema`, `task`, `track`, `epoch`, `reason` and `targets`, an object for each target:
`target`, `score`, `n_rows` (that could be compared), `n_differing` (null where numbers need not be
equal), `reason`, and three parts of which those that do not apply are null:

- `labels` (classification): `classes`, `confusion` (a row for each true class, a column for each
  predicted one, both in the order of `classes`), `n_grouped` (classes that the last one, `(other
  classes)`, stands for; 0 without one), `differing` (rows, at most `MOST_ROWS`).
- `numbers` (regression and forecasts): `ids`, `truth`, `prediction`, `residual` (prediction minus
  truth), lists of one length; `seed` (null if all rows are there), `mean_error`,
  `mean_absolute_error`, `root_mean_square_error` (over all rows), `worst` (rows by the size of
  their residual; of an IF task those that differ).
- `series` (forecasts): `time_column`, `time_kind` (`instant`: ISO 8601; `number`; `text`: in the
  order of the file), `entity_columns`, `n_entities`, `entities`, the worst first: `entity` (its
  values by column), `squared_error_share` (its share of the squared error of all, or null if that
  is 0), `history` (`times`, `values`, `n`), `forecast` (`times`, `truth`, `prediction`, `n`). `n`
  is how many points there are, of which the last ones of a history and every so many-th of a
  forecast are shown. A missing value of a history is null.

A row is an object `id`, `truth`, `prediction`. Numbers of rows are exact, those of points have
`DIGITS` significant digits. What cannot be set against the truth has a `reason`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from darebench.types import Track

SCHEMA = 1
MOST_ROWS = 200
"""Most rows that differ which are listed; all of them are counted."""
MOST_CLASSES = 25
"""Most classes of a confusion matrix; the rarer ones are one class together."""
MOST_POINTS = 1_000
"""Most points of predicted against true values; more are sampled."""
MOST_ENTITIES = 12
"""Most entities whose series are shown."""
MOST_TIMES = 400
"""Most points of a history, and of a forecast."""
DIGITS = 6
"""Significant digits of the numbers that are drawn."""
OTHERS = "(other classes)"
"""The class that stands for the rarer ones."""


class TimeKind(StrEnum):
    """What the times of a series are."""

    INSTANT = "instant"
    """ISO 8601 in UTC or, without offsets, as clocks read."""
    NUMBER = "number"
    """Numbers, such as years."""
    TEXT = "text"
    """Texts that nobody can order, in the order of the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row in which prediction and truth differ."""

    id: str
    """Its key, as messages name it."""
    truth: str | float
    prediction: str | float


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """Predicted labels against the true ones."""

    classes: tuple[str, ...]
    """As the truth spells them, the most frequent first, then those that only a prediction has."""
    confusion: tuple[tuple[int, ...], ...]
    """Rows by true class and predicted class, both in the order of `classes`."""
    n_grouped: int
    """How many classes `OTHERS`, the last one, stands for; 0 without it."""
    differing: tuple[Row, ...]
    """In the order of the rows asked for, at most `MOST_ROWS`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """Predicted numbers against the true ones: columns of one length, a row for each point."""

    ids: tuple[str, ...]
    truth: tuple[float, ...]
    prediction: tuple[float, ...]
    residual: tuple[float, ...]
    """Prediction minus truth."""
    seed: int | None
    """The seed of the sample; None if every row is there."""
    mean_error: float
    """Mean of the residuals of all rows."""
    mean_absolute_error: float
    root_mean_square_error: float
    worst: tuple[Row, ...]
    """Rows by the size of their residual, at most `MOST_ROWS`; of an IF task those that differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What was known of one entity."""

    times: tuple[str | float, ...]
    values: tuple[float | None, ...]
    n: int
    """How many points there are, of which these are the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What came, and what was predicted."""

    times: tuple[str | float, ...]
    truth: tuple[float, ...]
    prediction: tuple[float, ...]
    n: int
    """How many points with a known truth there are, of which these are every so many-th."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """The series of one entity."""

    entity: Mapping[str, str]
    """Column -> its value; empty where there is one series only."""
    squared_error_share: float | None
    """Its share of the squared error of all series; None if that is 0."""
    history: History
    forecast: Forecast


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Forecasts over time."""

    time_column: str
    time_kind: TimeKind
    entity_columns: tuple[str, ...]
    n_entities: int
    entities: tuple[Entity, ...]
    """Those with the most squared error first, at most `MOST_ENTITIES`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One target column."""

    target: str
    score: float
    n_rows: int
    """Rows that could be compared."""
    n_differing: int | None
    """Rows that differ as the scorer compares; None where numbers need not be equal."""
    reason: str | None = None
    """Why it could not be set against the truth."""
    labels: Labels | None = None
    numbers: Numbers | None = None
    series: Series | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgainstTruth:
    """One attempt's prediction against the truth."""

    task: str
    track: Track
    epoch: int
    reason: str | None = None
    """Why nothing can be shown: there is no usable prediction, or no truth."""
    targets: tuple[Target, ...] = ()


def as_json(against: AgainstTruth) -> dict[str, Any]:
    """Return the documented JSON form."""
    value = asdict(against)
    for target in value["targets"]:
        parts = [target["numbers"] or {}]
        for entity in target["series"]["entities"] if target["series"] else ():
            parts += [entity["history"], entity["forecast"]]
        for part in parts:
            for name in _DRAWN.intersection(part):
                part[name] = [_rounded(number) for number in part[name]]
    return {"schema": SCHEMA, **value}


def _rounded(number: float | None) -> float | None:
    return None if number is None else float(f"{number:.{DIGITS}g}")


_DRAWN = frozenset(("truth", "prediction", "residual", "values"))
