"""Makes the starter datasets: split, noise rows, settings, questions (paper section 3)."""

# The loaders and pandas' indexing are typed as unions of everything that they can give.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false
# pyright: reportOptionalSubscript=false, reportOptionalMemberAccess=false

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from darebench.curate.writing.noise import with_noise
from darebench.curate.writing.settings import (
    common_settings,
    expected_range,
    file_names,
    kind_of,
    numbered,
    series_settings,
    workflow_settings,
)
from darebench.store import layout
from darebench.store.starter.datasets import SOURCES, Source
from darebench.store.write import DatasetFiles
from darebench.types import Family

UPDATED = "2025-01-01T00:00:00Z"


def build_datasets() -> list[DatasetFiles]:
    """Make all starter datasets; every random choice comes from the source's own seed."""
    return [_series(s) if s.family is Family.TS else _tabular(s) for s in SOURCES]


def _tabular(source: Source) -> DatasetFiles:
    rng = np.random.default_rng(source.seed)
    frame = source.load()
    order = rng.permutation(len(frame))
    cut = int(len(frame) * source.ratio)
    train = frame.iloc[order[:cut]].reset_index(drop=True)
    val = frame.iloc[order[cut:]].reset_index(drop=True)
    features = [name for name in frame.columns if name not in source.targets]
    types = {name: kind_of(frame[name]) for name in frame.columns}
    ranges = {name: expected_range(train[name]) for name in features}
    noisy = with_noise(train, ranges, rng)
    n_tables = 2 if source.suffix == ".sqlite" else 1
    if n_tables > 1:
        noisy = numbered(noisy)
    names = file_names(source.suffix)
    numerical = [name for name in source.features if types[name] == "numerical"]
    categorical = [name for name in source.features if types[name] == "categorical"]
    settings = {
        **common_settings(source.family, source.targets, features, source.ratio),
        **workflow_settings(
            source.name,
            features=source.features,
            numerical=numerical,
            types=types,
            ranges=ranges,
            imputer=source.imputer,
            model=source.model,
            random_state=source.seed,
            suffix=source.suffix,
        ),
    }
    asked = numbered(val[features])
    return DatasetFiles(
        **_common_files(source, frame, settings),
        question_v1=_workflow_text(source, ranges, numerical, categorical, names),
        question_v2=_modelling_text(source, names),
        sources={
            names["train_v1"]: noisy,
            names[layout.CLEAN_TRAIN_STEM]: train,
            names["val_v1"]: asked,
            names["train_v2"]: train,
            names["val_v2"]: asked,
        },
        truths={layout.TRUTH_TABULAR: numbered(val[list(source.targets)])},
        needed_v1=(names["train_v1"], names["val_v1"], layout.METADATA_TEXT),
        needed_v2=(names["train_v2"], names["val_v2"], layout.METADATA_TEXT),
        split_tables=n_tables,
    )


def _series(source: Source) -> DatasetFiles:
    frame = source.load().sort_values(
        [source.time_column, *source.entities], kind="stable", ignore_index=True
    )
    times = sorted(frame[source.time_column].unique())
    start = times[int(len(times) * source.ratio)]
    is_past = frame[source.time_column] < start
    train, val = frame[is_past].reset_index(drop=True), frame[~is_past].reset_index(drop=True)
    (target,) = source.targets
    keys = [source.time_column, *source.entities]
    features = [name for name in frame.columns if name not in (target, *keys)]
    settings = {
        **common_settings(source.family, source.targets, features, source.ratio),
        **series_settings(frame, source.time_column, "%Y-%m-%d", start),
    }
    asked = {"val_v1.csv": numbered(val.drop(columns=target)), "val_v2.csv": val[keys]}
    return DatasetFiles(
        **_common_files(source, frame, settings),
        question_v1=_forecast_text(source, with_features=True),
        question_v2=_forecast_text(source, with_features=False),
        sources={"train.csv": train, **asked},
        truths={
            layout.TRUTH_XF: numbered(val[[target]]),
            layout.TRUTH_CF: val[[*keys, target]],
        },
        needed_v1=("train.csv", "val_v1.csv", layout.METADATA_TEXT),
        needed_v2=("train.csv", "val_v2.csv", layout.METADATA_TEXT),
    )


def _common_files(source: Source, frame: pd.DataFrame, settings: dict[str, Any]) -> dict[str, Any]:
    lines = [source.title, "", source.about, f"Licence: {source.licence}.", "", "Columns:"]
    shown = [name for name in source.columns if name in frame.columns]
    lines += [f"{name}: {source.columns[name]}" for name in shown]
    return {
        "name": source.name,
        "family": source.family,
        "metadata": "\n".join(lines) + "\n",
        "settings": settings,
        "info": {
            "ref": source.ref,
            "title": source.title,
            "licenseName": source.licence,
            "lastUpdated": UPDATED,
        },
        "domain": source.domain,
    }


def _listed(items: Sequence[str]) -> str:
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def _targets_text(source: Source) -> str:
    word = "column" if len(source.targets) == 1 else "columns"
    return f"target {word} {_listed([f'`{name}`' for name in source.targets])}"


def _problem_text(source: Source) -> str:
    return "classification" if source.family is Family.CLASS else "regression"


def _workflow_text(
    source: Source,
    ranges: dict[str, list[Any]],
    numerical: Sequence[str],
    categorical: Sequence[str],
    names: dict[str, str],
) -> str:
    means = source.columns
    joined = (
        " It holds several tables; join them on `row_id` first."
        if source.suffix == ".sqlite"
        else ""
    )
    rules = [
        f"{means[name]} between {bounds[0]} and {bounds[1]}"
        if name in ranges and not isinstance(bounds[0], str)
        else f"{means[name]} one of {', '.join(bounds)}"
        for name, bounds in ranges.items()
    ]
    chosen = _listed([means[name] for name in source.features])
    types = []
    if numerical:
        types.append(f"Treat {_listed([means[n] for n in numerical])} as numeric, in this order.")
    if categorical:
        types.append(f"Treat {_listed([means[n] for n in categorical])} as categorical.")
    return " ".join(
        [
            f"Build a {_problem_text(source)} workflow for the {_targets_text(source)} exactly as "
            f"follows. The training data is `{names['train_v1']}`, the rows to predict are in "
            f"`{names['val_v1']}`, and `{layout.METADATA_TEXT}` says what the columns mean."
            f"{joined} Only an empty field is a missing value.",
            "Step 1: drop every training row in which a known value breaks one of these rules; a "
            f"missing value breaks none. Rules: {'; '.join(rules)}. Drop rows without a target.",
            f"Step 2: select these features in this order: {chosen}.",
            *types,
            f"Step 3: impute missing numeric values with the {_imputer_text(source.imputer)} and "
            "missing categorical values with the most frequent one. Scale the numeric block with "
            "StandardScaler, encode the categorical block with OneHotEncoder, unknown categories "
            "ignored and dense output, and put the numeric block first.",
            f"Step 4: fit scikit-learn's {source.model} with random_state {source.seed} and "
            "defaults otherwise, and predict the rows of the second file.",
            f"Save `{layout.PREDICTION}` with `row_id` and the predicted {_targets_text(source)}.",
        ]
    )


def _imputer_text(imputer: str) -> str:
    return {"most_frequent": "most frequent value"}.get(imputer, imputer)


def _modelling_text(source: Source, names: dict[str, str]) -> str:
    measure = "macro-F1" if source.family is Family.CLASS else "R2"
    return (
        f"Train a {_problem_text(source)} model on `{names['train_v2']}` and predict the "
        f"{_targets_text(source)} for every row of `{names['val_v2']}`, as well as you can; "
        f"{measure} is measured. `{layout.METADATA_TEXT}` describes the columns. Save "
        f"`{layout.PREDICTION}` with `row_id` as given and the predictions."
    )


def _forecast_text(source: Source, *, with_features: bool) -> str:
    start = (
        f"`train.csv` holds time series up to a point in time; `{layout.METADATA_TEXT}` describes "
        f"the columns. Forecast the {_targets_text(source)} "
    )
    if with_features:
        return (
            f"{start}for every row of `val_v1.csv`, which lies in the future and has all other "
            f"columns. Save `{layout.PREDICTION}` with `row_id` as given and the forecasts."
        )
    keys = _listed([f"`{name}`" for name in (source.time_column, *source.entities)])
    return (
        f"{start}for every row of `val_v2.csv`, which has only {keys}. Save "
        f"`{layout.PREDICTION}` with these columns as given and the forecasts."
    )
