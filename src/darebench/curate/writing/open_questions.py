"""Writes the questions that leave the method open: MM, XF and CF."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from darebench.curate.writing.questions import named_targets
from darebench.curate.writing.vary import draw, listed
from darebench.curate.writing.workflow_wordings import SAVES
from darebench.store.layout import METADATA_TEXT, PREDICTION

_MODELLING = (
    "[Train|Fit|Build] a {kind} model on `{train}` and predict the {target} for every row of "
    "`{val}`, as well as you can; {measure} is measured. {purpose}`{meta}` describes the columns.",
    "How well can the {target} be predicted? {purpose}Learn a {kind} model from `{train}`, whose "
    "columns `{meta}` describes, and predict every row of `{val}`. The score is {measure}; any "
    "method is welcome.",
    "`{train}` holds examples with the {target}, `{val}` holds rows without it, and `{meta}` says "
    "what the columns mean. {purpose}Make the best {kind} model that you can ({measure} counts) "
    "and predict the {target} for each row of `{val}`.",
    "{purpose}[Find|Choose] a method of {kind} that [does well|scores high] by {measure}: it "
    "learns from `{train}` and fills in the {target} in `{val}`. [Look up|You find] the columns in "
    "`{meta}`.",
    "In `{val}` the {target} is missing. {purpose}[Restore|Predict] it row by row with a {kind} "
    "model [of your choice|that you choose], learnt on `{train}`; columns are explained in "
    "`{meta}`, and {measure} decides.",
)
_FORECASTS = (
    "`{train}` holds {series} up to a point in time; `{meta}` describes the columns. {purpose}"
    "Forecast the {target} for every row of `{val}`, which lies in the future and has {given}. "
    "{horizon} The score is R2.",
    "Forecast the {target}: `{train}` has the past of {series}, `{val}` the time points to come "
    "with {given}, and `{meta}` the meaning of the columns. {purpose}{horizon} R2 is measured over "
    "all rows of `{val}`.",
    "This is a time series forecast of {series}. {purpose}Learn from `{train}` (columns are "
    "described in `{meta}`) and predict the {target} for each row of `{val}`, where you find "
    "{given}. {horizon} Forecasts are compared with what happened by R2.",
    "{purpose}What will the {target} be? {horizon} You have {series} in `{train}`, {given} of the "
    "rows to forecast in `{val}`, and descriptions of columns in `{meta}`; [R2 over these rows "
    "counts|your forecasts are scored by R2].",
)
_HORIZONS = (
    "The time column is `{time}`; [the forecast covers|to be forecast are] {steps} of it, {span}.",
    "`{time}` tells the time: `{val}` has {steps} of it, {span}.",
    "[Ahead|To come] are {steps} by the time column `{time}`, {span}.",
)
_KNOWN = (
    "Every series of `{val}` is in `{train}` as well.",
    "There is no series in `{val}` whose past is not in `{train}`.",
    "All series to forecast have a past in `{train}`.",
)
_NEW = (
    "Some series of `{val}` ({new} of {all}) are new: `{train}` has nothing of their past.",
    "Of the {all} series in `{val}`, {new} are not in `{train}`.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Horizon:
    """What a forecast spans: its time points, and the series that it is made for."""

    time: str
    """The time column."""
    entities: tuple[str, ...]
    """Columns that tell series apart."""
    first: str
    last: str
    n_steps: int
    """Distinct time points to forecast."""
    n_series: int
    n_new: int
    """Series to forecast that have no past."""


def horizon_of(
    train: pd.DataFrame, val: pd.DataFrame, time: str, entities: Sequence[str]
) -> Horizon:
    """Read the horizon from the two parts; `val` is in the order of time."""
    times, keys = val[time].drop_duplicates(), list(entities)
    asked = {*map(tuple, val[keys].drop_duplicates().astype(str).to_numpy())}
    known = {*map(tuple, train[keys].drop_duplicates().astype(str).to_numpy())}
    return Horizon(
        time=time,
        entities=tuple(entities),
        first=_spell(times.iloc[0]),
        last=_spell(times.iloc[-1]),
        n_steps=len(times),
        n_series=len(asked) if keys else 1,
        n_new=len(asked - known) if keys else 0,
    )


def _spell(moment: object) -> str:
    return str(moment).removesuffix(" 00:00:00")


def write_modelling(
    workflow_kind: str,
    targets: Sequence[str],
    train: str,
    val: str,
    rng: np.random.Generator,
    purpose: str = "",
) -> str:
    """Write the question of an MM task."""
    target = named_targets(targets)
    measure = "macro-F1" if workflow_kind == "classification" else "R2"
    files = {"train": train, "val": val, "meta": METADATA_TEXT, "out": PREDICTION}
    said = f"{purpose} " if purpose else ""
    names = {"kind": workflow_kind, "target": target, "measure": measure, "purpose": said, **files}
    return f"{draw(_MODELLING, rng, **names)}\n\n{draw(SAVES, rng, target=target, **files)}"


def write_forecast(
    targets: Sequence[str],
    val: str,
    horizon: Horizon,
    rng: np.random.Generator,
    purpose: str = "",
    *,
    exogenous: bool,
) -> str:
    """Write the question of an XF or CF task."""
    keys = listed([f"`{name}`" for name in (horizon.time, *horizon.entities)])
    target = named_targets(targets)
    files = {"train": "train.csv", "val": val, "meta": METADATA_TEXT, "out": PREDICTION}
    asked = draw(
        _FORECASTS,
        rng,
        given="all other columns" if exogenous else f"only {keys}",
        target=target,
        series=_series(horizon),
        horizon=_spanned(horizon, rng, val),
        purpose=f"{purpose} " if purpose else "",
        **files,
    )
    if exogenous:
        return f"{asked}\n\n{draw(SAVES, rng, target=target, **files)}"
    return f"{asked}\n\nSave `{PREDICTION}` with {keys} as given and the forecast {target}."


def _series(horizon: Horizon) -> str:
    if not horizon.entities:
        return "one series"
    told_by = listed([f"`{name}`" for name in horizon.entities])
    return f"several series, told apart by {told_by}"


def _spanned(horizon: Horizon, rng: np.random.Generator, val: str) -> str:
    """Write the horizon: its time column, its steps, and whether series may be new."""
    is_one = horizon.n_steps == 1
    told = draw(
        _HORIZONS,
        rng,
        time=horizon.time,
        val=val,
        steps="one time point" if is_one else f"{horizon.n_steps} time points",
        span=horizon.first if is_one else f"{horizon.first} to {horizon.last}",
    )
    if not horizon.entities:
        return told
    wordings = _NEW if horizon.n_new else _KNOWN
    files = {"val": val, "train": "train.csv"}
    return f"{told} {draw(wordings, rng, new=horizon.n_new, all=horizon.n_series, **files)}"
