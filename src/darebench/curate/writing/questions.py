"""Writes questions from settings, in many wordings; `fidelity` reads them back.

The wording is drawn from the seed. What a column is called is given, so that the same settings can
be written again with plainer names when a text does not come back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from darebench.curate.records import Workflow
from darebench.curate.writing.extra_steps import (
    write_cleaning,
    write_features,
    write_join,
    write_target,
)
from darebench.store.layout import METADATA_TEXT, PREDICTION

_OPENINGS = (
    "Build a {kind} workflow for the {target} exactly as follows.",
    "Carry out the following {kind} workflow to the letter; it predicts the {target}.",
    "We need a reproducible {kind} model of the {target}, made precisely as told.",
    "Please train a {kind} model that predicts the {target}, step by step as written here.",
    "Your job is a {kind} of the {target}; every detail below matters.",
)
_FILES = (
    "The training data is `{train}`, the rows to predict are in `{val}`, and `{meta}` says what "
    "the columns mean.",
    "Learn from `{train}`, predict the rows of `{val}`, and look columns up in `{meta}`.",
    "Use `{train}` for training; `{val}` holds the rows without the target; `{meta}` describes the "
    "columns.",
)
_JOINED = (
    "The training file holds several tables; join them on `row_id` first.",
    "The tables of the training file belong together: merge all of them on `row_id`.",
)
_EMPTY = (
    "Only an empty field or a NULL is a missing value.",
    "Nothing but an empty field or a NULL counts as missing.",
)
_FILTERS = (
    "Some training rows are corrupt: drop every training row in which a known value breaks one of "
    "these rules, and keep rows whose values are missing. Rules: {rules}.",
    "First clean the training data. Remove each training row that has a known value outside what "
    "is expected here; a missing value is no reason to remove a row. Expected: {rules}.",
    "Filter the training data before anything else. A row stays only if each of its known values "
    "is as expected, and missing values are accepted. The expectations are: {rules}.",
)
_TARGETLESS = (
    "Rows without a target are dropped as well.",
    "Also leave out rows without a target.",
)
_REMOVED = (
    "Some values of numeric columns were removed at random from both files and are missing.",
    "In both files a few numbers were taken out at random; they are missing values now.",
)
_UNLABELLED = (
    "Some training rows had their target removed at random.",
    "The target of a few training rows, drawn at random, was taken out.",
)
_SELECTS = (
    "Select these features in this order: {features}.",
    "Use only the following features for training, in exactly this order: {features}.",
    "Keep only these features, in the given order: {features}.",
    "Select the following predictors as features and keep their order: {features}.",
)
_NUMERIC = (
    "Treat {names} as numeric.",
    "Consider {names} numeric.",
    "Handle {names} as numeric columns.",
)
_CATEGORICAL = (
    "Treat {names} as categorical.",
    "Consider {names} categorical.",
    "Handle {names} as categorical columns.",
)
_IMPUTES_NUMBERS = (
    "Impute missing values with the {imputer} of their column.",
    "Missing values are filled with the {imputer} of their column.",
)
_IMPUTES_CATEGORIES = (
    "Impute missing values with the most frequent one of their column.",
    "Missing values are filled with the most frequent value of their column.",
)
_IMPUTES = (
    "Impute missing numeric values with the {imputer} and missing categorical values with the most "
    "frequent one.",
    "Missing numeric values are imputed with the {imputer}, missing categorical ones with the most "
    "frequent value.",
    "Fill missing numeric values by the {imputer} of their column, categorical ones by the most "
    "frequent value.",
)
_PREPARES = (
    "Scale the numeric block with {scaler}, encode the categorical block with {encoder}, and put "
    "the numeric block first.",
    "Then scale the numeric block ({scaler}) and encode the categorical block ({encoder}), the "
    "numeric block before the other.",
)
_SCALES = ("Then scale the features with {scaler}.", "Scale all features ({scaler}).")
_ENCODES = ("Then encode the features with {encoder}.", "Encode all features ({encoder}).")
_ENCODER_WORDS = {
    "OneHotEncoder": "OneHotEncoder, unknown categories ignored and output dense",
    "OrdinalEncoder": "OrdinalEncoder, with handle_unknown use_encoded_value, unknown_value -1",
}
_FITS = (
    "Fit scikit-learn's {model} with random_state {seed} and defaults otherwise.",
    "The model is scikit-learn's {model}; set random_state to {seed} and leave everything else at "
    "its default.",
    "Train {model} of scikit-learn, random_state = {seed}, nothing else changed.",
)
_FITS_SEEDLESS = (
    "Fit scikit-learn's {model} with its defaults.",
    "The model is scikit-learn's {model}; leave everything at its default.",
    "Train {model} of scikit-learn, nothing changed.",
)
_SAVES = (
    "Save `{out}` with `row_id` and the predicted {target}.",
    "Write `row_id` and your predictions of the {target} to `{out}`.",
    "The result is `{out}`: `row_id` and the {target}, one line for each row to predict.",
)
_MODELLING = (
    "Train a {kind} model on `{train}` and predict the {target} for every row of "
    "`{val}`, as well as you can; {measure} is measured. `{meta}` describes the columns.",
    "How well can the {target} be predicted? Learn a {kind} model from `{train}`, whose columns "
    "`{meta}` describes, and predict every row of `{val}`. The score is {measure}; any method is "
    "welcome.",
    "`{train}` holds examples with the {target}, `{val}` holds rows without it, and "
    "`{meta}` says what the columns mean. Make the best {kind} model that you can ({measure} "
    "counts) and predict the {target} for each row of `{val}`.",
)
_FORECASTS = (
    "`{train}` holds time series up to a point in time; `{meta}` describes the columns. Forecast "
    "the {target} for every row of `{val}`, which lies in the future and has "
    "{given}. The score is R2.",
    "Forecast the {target}: `{train}` has the past, `{val}` the time points to come with {given}, "
    "and `{meta}` the meaning of the columns. R2 is measured over all rows of `{val}`.",
    "This is a time series forecast. Learn from `{train}` (columns are described in `{meta}`) and "
    "predict the {target} for each row of `{val}`, where you find {given}. "
    "Forecasts are compared with what happened by R2.",
)
_IMPUTER_WORDS = {"most_frequent": "most frequent value"}


def write_workflow(
    workflow: Workflow,
    train: str,
    val: str,
    labels: Mapping[str, str],
    rng: np.random.Generator,
) -> str:
    """Write the question of an IF task; `labels` says what each column is called."""
    blocks = (
        (_NUMERIC, workflow.numerical),
        (_CATEGORICAL, workflow.categorical),
    )
    names = {
        "kind": workflow.task_kind,
        "target": named_targets(workflow.targets),
        "out": PREDICTION,
    }
    extras = workflow.extras
    parts = [
        _draw(_OPENINGS, rng, **names),
        _draw(_FILES, rng, train=train, val=val, meta=METADATA_TEXT),
        _draw(_JOINED, rng) if workflow.n_tables > 1 else "",
        *write_join(extras, rng),
        _draw(_EMPTY, rng),
        _draw(_FILTERS, rng, rules="; ".join(_rules(workflow, labels, rng))),
        *write_cleaning(extras, rng, malformed=workflow.malformed),
        _draw(_UNLABELLED, rng) if workflow.unlabelled else "",
        _draw(_TARGETLESS, rng) if workflow.lacks_targets else "",
        _draw(_REMOVED, rng) if workflow.emptied else "",
        _draw(_SELECTS, rng, features=_listed([labels[n] for n in workflow.features])),
        *(_draw(t, rng, names=_listed([labels[n] for n in block])) for t, block in blocks if block),
        *write_features(extras, rng),
        *_block_steps(workflow, rng),
        *write_target(extras),
        _fit(workflow, rng),
        _draw(_SAVES, rng, **names),
    ]
    return " ".join(part for part in parts if part)


def _block_steps(workflow: Workflow, rng: np.random.Generator) -> list[str]:
    """Write how values are filled, scaled and encoded; nothing of a block that is not there."""
    extras, numbers = workflow.extras, workflow.has_numbers
    both = numbers and bool(workflow.categorical)
    imputes = _IMPUTES if both else _IMPUTES_NUMBERS if numbers else _IMPUTES_CATEGORIES
    prepares = _PREPARES if both else _SCALES if numbers else _ENCODES
    imputer = _IMPUTER_WORDS.get(workflow.imputer, workflow.imputer)
    encoder = _ENCODER_WORDS[extras.encoder]
    return [
        _draw(imputes, rng, imputer=imputer),
        _draw(prepares, rng, scaler=extras.scaler, encoder=encoder),
    ]


def _fit(workflow: Workflow, rng: np.random.Generator) -> str:
    """Write which model is fitted, with a seed if it takes one."""
    if workflow.random_state is None:
        return _draw(_FITS_SEEDLESS, rng, model=workflow.model)
    return _draw(_FITS, rng, model=workflow.model, seed=workflow.random_state)


def write_modelling(
    workflow_kind: str, targets: Sequence[str], train: str, val: str, rng: np.random.Generator
) -> str:
    """Write the question of an MM task."""
    target = named_targets(targets)
    measure = "macro-F1" if workflow_kind == "classification" else "R2"
    names = {"kind": workflow_kind, "target": target, "train": train, "val": val}
    asked = _draw(_MODELLING, rng, measure=measure, meta=METADATA_TEXT, **names)
    return f"{asked} {_draw(_SAVES, rng, target=target, out=PREDICTION)}"


def write_forecast(
    targets: Sequence[str],
    val: str,
    keys: Sequence[str],
    rng: np.random.Generator,
    *,
    exogenous: bool,
) -> str:
    """Write the question of an XF or CF task."""
    listed = _listed([f"`{name}`" for name in keys])
    given = "all other columns" if exogenous else f"only {listed}"
    target = named_targets(targets)
    names = {"target": target, "train": "train.csv", "val": val, "meta": METADATA_TEXT}
    asked = _draw(_FORECASTS, rng, given=given, **names)
    if exogenous:
        return f"{asked} {_draw(_SAVES, rng, target=target, out=PREDICTION)}"
    return f"{asked} Save `{PREDICTION}` with {listed} as given and the forecast {target}."


def named_targets(targets: Sequence[str]) -> str:
    """Call the targets by name: `target column ...`."""
    word = "column" if len(targets) == 1 else "columns"
    return f"target {word} {_listed([f'`{name}`' for name in targets])}"


def _rules(workflow: Workflow, labels: Mapping[str, str], rng: np.random.Generator) -> list[str]:
    numeric = str(rng.choice(["{} between {} and {}", "{} from {} to {}"]))
    rules = []
    for name, expected in workflow.ranges.items():
        if isinstance(expected[0], str):
            allowed = ", ".join(f'"{value}"' for value in expected)
            rules.append(f"{labels[name]} one of {allowed}")
        else:
            rules.append(numeric.format(labels[name], *expected))
    return rules


def _listed(items: Sequence[str]) -> str:
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def _draw(wordings: Sequence[str], rng: np.random.Generator, **names: object) -> str:
    wording = wordings[int(rng.integers(len(wordings)))]
    for key, value in names.items():
        wording = wording.replace(f"{{{key}}}", str(value))
    return wording
