"""An IF store and its workflow written by hand, apart from ours, so that each step can be broken."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.tree import DecisionTreeRegressor

from darebench.store.write import DatasetFiles, write_store
from darebench.types import Family, Task

NUMBERS, WORDS = ["size", "age", "weight"], ["town", "colour"]
RANGES = {"size": [4.0, 30.0], "town": ["Lyon", "Bonn", "Graz", "NA"]}
IMPUTED, SEED = "mean", 7


def write_if_store(folder: Path) -> Path:
    """Write a classification task (LogisticRegression) and a regression task (a tree)."""
    rng, n = np.random.default_rng(5), 600
    frame = pd.DataFrame(
        {
            "row_id": range(n),
            "age": rng.integers(18, 30, n).astype(float),
            "size": rng.gamma(2, 6, n).round(0),
            "town": rng.choice(RANGES["town"], n),
            "weight": rng.integers(1, 9, n).astype(float),
            "colour": rng.choice(["red", "green", "blue"], n),
            "extra": rng.integers(0, 5, n).astype(float),
        }
    )
    frame["size"] = frame["size"].clip(4, 30)
    score = frame["age"] + frame["size"] - 4 * (frame["town"] == "NA") + rng.normal(0, 6, n)
    score += 3 * frame["extra"] + 5 * (frame["colour"] == "red")
    labels, numbers = np.where(score > score.median(), "high", "low"), score.round(1)
    for name, share in (("size", 0.2), ("age", 0.1), ("town", 0.1), ("colour", 0.1)):
        frame.loc[rng.random(n) < share, name] = np.nan
    files = [
        _files("kinds_class", frame.assign(y=labels), "LogisticRegression", rng),
        _files("scores_reg", frame.assign(y=numbers), "DecisionTreeRegressor", rng),
    ]
    write_store(files, folder)
    return folder


def _files(name: str, frame: pd.DataFrame, model: str, rng: np.random.Generator) -> DatasetFiles:
    train, val = frame.iloc[:200], frame.iloc[200:].reset_index(drop=True)
    noise = train.sample(40, random_state=1).assign(
        size=rng.uniform(60, 90, 40).round(0), town="xkcd", row_id=range(900, 940)
    )
    noisy = pd.concat([train, noise]).sample(frac=1, random_state=2)
    clean = noisy[noisy["row_id"] < 900]
    types = {c: "categorical" if c in WORDS else "numerical" for c in frame if c != "y"}
    return DatasetFiles(
        name=name,
        family=Family(name.rsplit("_", 1)[1]),
        question_v1="Do as you are told.",
        question_v2="",
        metadata="A table",
        sources={
            "train_v1.csv": noisy,
            "train_v1_no_err.csv": clean,
            "val_v1.csv": val.drop(columns="y"),
        },
        truths={"ground_truth.csv": val[["row_id", "y"]]},
        needed_v1=("train_v1.csv", "val_v1.csv", "metadata.txt"),
        needed_v2=(),
        settings={
            "target": ["y"],
            "selected_features": ["weight", "town", "size", "colour", "age"],
            "numerical_features": ["weight", "size", "age"],
            "categorical_features": ["town", "colour"],
            "expected_ranges": RANGES,
            "column_type_inference": types,
            "imputer_type": IMPUTED,
            "model_type": model,
            "random_state": SEED,
        },
        info={"ref": f"a/{name}", "licenseName": "CC0"},
        domain="other",
        extra={"variants": ["if"]},
    )


def work_by_hand(task: Task, *breaks: str) -> bytes:
    """Carry out the workflow, with some steps broken, and return the prediction file."""
    words = {} if "words" in breaks else {"keep_default_na": False, "na_values": [""]}
    train, val = (pd.read_csv(task.source / f"{name}_v1.csv", **words) for name in ("train", "val"))
    if "filter" not in breaks:
        inside = train["size"].between(4, 30, inclusive="neither" if "ends" in breaks else "both")
        known = train["town"].isin(RANGES["town"])
        missing = [train[name].isna() & ("missing" not in breaks) for name in RANGES]
        train = train[(inside | missing[0]) & (known | missing[1])]
    if "incomplete" in breaks:
        train = train.dropna()
    numbers, categories = ["weight", "size", "age"], ["town", "colour"]
    if "order" in breaks:
        numbers = [name for name in train if name in numbers]
    if "feature" in breaks:
        numbers = ["weight", "age"]
    if "more" in breaks:
        numbers = [*numbers, "extra"]
    if "kind" in breaks:
        numbers, categories = ["size", "age"], [*categories, "weight"]
    scaler = StandardScaler()
    if "scale" in breaks:
        scaler = "passthrough"
    elif "minmax" in breaks:
        scaler = MinMaxScaler()
    encoder = OneHotEncoder(handle_unknown="ignore", drop="first" if "first" in breaks else None)
    if "encode" in breaks:
        encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    imputer = SimpleImputer(strategy="median" if "impute" in breaks else IMPUTED)
    filled = SimpleImputer(strategy="constant" if "own" in breaks else "most_frequent")
    transform = ColumnTransformer(
        [
            ("n", make_pipeline(imputer, scaler), numbers),
            ("c", make_pipeline(filled, encoder), categories),
        ],
        sparse_threshold=0,
    )
    x, asked = train[[*numbers, *categories]], val[[*numbers, *categories]]
    both = pd.concat([x, asked]) if "both" in breaks else x
    transform.fit(both)
    seed = 42 if "seed" in breaks else SEED
    is_class = task.family is Family.CLASS
    model = LogisticRegression(random_state=seed) if is_class else DecisionTreeRegressor(random_state=seed)  # fmt: skip
    if "model" in breaks:
        model = GaussianNB() if is_class else Ridge(random_state=seed)
    predicted = model.fit(transform.transform(x), train["y"]).predict(transform.transform(asked))
    return pd.DataFrame({"row_id": val["row_id"], "y": predicted}).to_csv(index=False).encode()
