"""An IF task's settings -> its near misses: the workflow with one step done otherwise.

What a step is worth is what its near misses change: a step is followed or not, and an answer shows
it only if they predict other values. They also say what went wrong in an answer that equals one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from darebench.reference.spec import (
    IMPUTERS,
    SEEDLESS,
    PipelineSpec,
    Slips,
    literal_spec,
    reference_spec,
)
from darebench.store.extras import Extras
from darebench.store.truth import Settings
from darebench.types import Task

TREES = ("DecisionTree", "RandomForest", "ExtraTrees")
"""How the names of models begin that only compare values of a column with each other."""
EXACT = ("LinearRegression", "Ridge", "LogisticRegression", "GaussianNB", "KNeighbors")
"""The same of models whose solution does not depend on the order of the columns."""
DRAWLESS = (*SEEDLESS, "LogisticRegression", "Ridge", "Lasso", "ElasticNet")
"""Models that draw nothing at random with scikit-learn's defaults."""


class Step(StrEnum):
    """A step of a workflow."""

    FILTER = "filter"
    """Training rows outside the expected ranges are dropped."""
    RULES = "rules"
    """Each single rule of the filter."""
    MISSING_ROWS = "missing_rows"
    """The filter keeps rows whose values are missing."""
    TARGETS = "missing_targets"
    """Rows without a target are dropped."""
    READING = "reading"
    """Nothing but an empty field is a missing value."""
    IMPUTER = "imputer"
    """Missing numbers are filled by the stated statistic."""
    SCALING = "scaling"
    """Numbers are scaled."""
    ENCODING = "encoding"
    """Categories are encoded as stated."""
    FEATURES = "features"
    """The features are the stated ones."""
    KINDS = "kinds"
    """They are numerical or categorical as stated."""
    FITTING = "fitting"
    """Imputers, scaler and encoder learn from the training rows alone."""
    MODEL = "model"
    """The model is the stated one."""
    ORDER = "order"
    """The features stand in the stated order."""
    SEED = "seed"
    """The model has the stated random_state."""
    REPEATS = "repeats"
    """Repeated rows are dropped."""
    JOIN = "join"
    """The lookup table is joined in the stated way."""
    CLIP = "clip"
    """Numbers are clipped at quantiles."""
    MADE = "made_columns"
    """Columns are computed from others."""
    LOG = "log_target"
    """The model learns the logarithm of the target."""


class Fact(StrEnum):
    """What a task's tables must hold for a near miss to be one; the batch looks for it."""

    NUMBERS = "missing_numbers"
    FILTERED = "missing_filtered"
    TARGETS = "missing_targets"
    WORDS = "na_words"


LACKS = {
    Fact.NUMBERS: "no numerical feature has a missing value",
    Fact.FILTERED: "no filtered column has a missing value",
    Fact.TARGETS: "no training row lacks a target",
    Fact.WORDS: "no cell is a word that pandas takes for missing",
}
"""Why a near miss is none where the tables lack what it is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NearMiss:
    """One way to do a step otherwise."""

    step: Step
    name: str
    """What is done, as it follows "equals the reference"."""
    spec: PipelineSpec | None = None
    """The whole run; None where the step is not applicable."""
    needs: Fact | None = None
    """What the tables must hold, else it is not applicable after all."""
    reason: str = field(default="")
    """Why it is not applicable."""


def near_misses(task: Task, settings: Settings, *, rules: bool = True) -> list[NearMiss]:
    """List every near miss of an IF task, those that are not applicable too, with the reason.

    Args:
        task: The task.
        settings: Its settings.
        rules: With each single rule of the filter left out, which are the most runs.

    Raises:
        TaskFormatError: The settings name an unknown imputer or model.
    """
    clean, literal = reference_spec(task, settings), literal_spec(task, settings)
    found = [*_of_rows(literal), *_of_table(clean), *_of_model(clean), *_of_extras(clean, literal)]
    return [miss for miss in found if rules or miss.step is not Step.RULES]


def _of_rows(literal: PipelineSpec) -> Iterator[NearMiss]:
    """Make those of what is read and which rows stay."""
    ranges = literal.ranges or {}
    parsed = Slips(parse_numbers=True)
    if ranges:
        yield NearMiss(
            step=Step.FILTER,
            name="without the filter",
            spec=replace(literal, ranges=None, slips=parsed),
        )
    else:
        yield _none(Step.FILTER, "without the filter", "no range is stated")
    for column in ranges:
        left = {name: bounds for name, bounds in ranges.items() if name != column}
        yield NearMiss(
            step=Step.RULES,
            name=f"without the rule for {column!r}",
            spec=replace(literal, ranges=left, slips=parsed),
        )
    yield NearMiss(
        step=Step.MISSING_ROWS,
        name="with rows dropped whose filtered values are missing",
        spec=replace(literal, slips=Slips(drop_missing=True)),
        needs=Fact.FILTERED,
    )
    name = "with pandas' own words for missing values"
    if any(file.endswith(".csv") for file in literal.inputs):
        spec = replace(literal, slips=Slips(na_words=True, parse_numbers=True))
        yield NearMiss(step=Step.READING, name=name, spec=spec, needs=Fact.WORDS)
    else:
        yield _none(Step.READING, name, "no file is csv")


def _of_table(clean: PipelineSpec) -> Iterator[NearMiss]:
    """Make those of what is done to targets, numbers and categories."""
    yield NearMiss(
        step=Step.TARGETS,
        name="with missing targets filled",
        spec=replace(clean, slips=Slips(fill_targets=True)),
        needs=Fact.TARGETS,
    )
    extras = clean.extras
    has_numbers = bool(clean.numerical or extras.derived or extras.groups)
    for other in IMPUTERS:
        if other == clean.imputer:
            continue
        name = f"with the {other.replace('_', ' ')} imputer"
        spec = replace(clean, imputer=other)
        miss = NearMiss(step=Step.IMPUTER, name=name, spec=spec, needs=Fact.NUMBERS)
        yield miss if has_numbers else _none(Step.IMPUTER, name, "no feature is numerical")
    name = "without scaling"
    if not has_numbers:
        yield _none(Step.SCALING, name, "no feature is numerical")
    elif clean.model.startswith(TREES):
        yield _none(Step.SCALING, name, f"{clean.model} does not depend on the scale")
    else:
        yield _extra(Step.SCALING, name, clean, scaler="")
    other = "OrdinalEncoder" if extras.encoder == "OneHotEncoder" else "OneHotEncoder"
    name = f"with {other}"
    if clean.categorical:
        yield _extra(Step.ENCODING, name, clean, encoder=other)
    else:
        yield _none(Step.ENCODING, name, "no feature is categorical")


def _of_model(clean: PipelineSpec) -> Iterator[NearMiss]:
    """Make those of the columns' order and the seed."""
    name = "with the features in reverse"
    if len(clean.numerical) < 2 and len(clean.categorical) < 2:
        yield _none(Step.ORDER, name, "there is one order only")
    elif clean.model.startswith(EXACT):
        reason = f"{clean.model} does not depend on the order of the columns"
        yield _none(Step.ORDER, name, reason)
    else:
        turned = replace(
            clean,
            features=clean.features[::-1],
            numerical=clean.numerical[::-1],
            categorical=clean.categorical[::-1],
        )
        yield NearMiss(step=Step.ORDER, name=name, spec=turned)
    name = "with another random_state"
    if clean.model in SEEDLESS:
        yield _none(Step.SEED, name, f"{clean.model} takes no random_state")
    elif clean.model in DRAWLESS:
        yield _none(Step.SEED, name, f"{clean.model} draws nothing at random")
    else:
        other = replace(clean, random_state=clean.random_state + 1)
        yield NearMiss(step=Step.SEED, name=name, spec=other)


def _of_extras(clean: PipelineSpec, literal: PipelineSpec) -> Iterator[NearMiss]:
    """Make those of the steps beyond the paper's template that the workflow has."""
    extras = clean.extras
    if extras.drop_duplicates:
        kept = replace(literal, slips=Slips(parse_numbers=True))
        yield _extra(Step.REPEATS, "with repeated rows kept", kept, drop_duplicates=False)
    if extras.join:
        how = "left" if extras.join.how == "inner" else "inner"
        join = replace(extras.join, how=how)
        yield _extra(Step.JOIN, f"with the {how} join", clean, join=join)
    if extras.clip:
        yield _extra(Step.CLIP, "without clipping", clean, clip=None)
    if extras.derived or extras.groups:
        yield _extra(Step.MADE, "without the made columns", clean, derived=(), groups=())
    if extras.log_target:
        yield _extra(Step.LOG, "without the logarithm of the target", clean, log_target=False)


def _none(step: Step, name: str, reason: str) -> NearMiss:
    return NearMiss(step=step, name=name, reason=reason)


def _extra(step: Step, name: str, spec: PipelineSpec, **other: Any) -> NearMiss:
    extras: Extras = replace(spec.extras, **other)
    return NearMiss(step=step, name=name, spec=replace(spec, extras=extras))
