"""The reference workflow as a program that runs alone in the sandbox (paper section 3).

This module is read as text: `spec.render` puts one line that assigns `SETTINGS` before it. It is
never imported by the package. From the clean training file it makes the reference; from the noisy
one, with the stated ranges, it is the literal path that a faithful agent takes.
"""

import re
import sqlite3
from contextlib import closing
from importlib import import_module

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import ElasticNet, Lasso, LinearRegression, LogisticRegression, Ridge
from sklearn.multioutput import MultiOutputClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    RobustScaler,
    StandardScaler,
)
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from threadpoolctl import threadpool_limits

MODELS = {
    model.__name__: model
    for model in (
        LogisticRegression,
        DecisionTreeClassifier,
        GaussianNB,
        LinearSVC,
        MLPClassifier,
        LinearRegression,
        DecisionTreeRegressor,
        Ridge,
        Lasso,
        MLPRegressor,
        ElasticNet,
    )
}
MORE_MODELS = {
    "RandomForestClassifier": "ensemble",
    "ExtraTreesClassifier": "ensemble",
    "KNeighborsClassifier": "neighbors",
    "RandomForestRegressor": "ensemble",
    "ExtraTreesRegressor": "ensemble",
    "KNeighborsRegressor": "neighbors",
}
SEEDLESS = ("GaussianNB", "LinearRegression", "KNeighborsClassifier", "KNeighborsRegressor")
SCALERS = {
    scaler.__name__: scaler for scaler in (StandardScaler, MinMaxScaler, RobustScaler, MaxAbsScaler)
}
ONE_TARGET_ONLY = (LogisticRegression, GaussianNB, LinearSVC)


def read_table(name, *, na_words=False):
    """Read csv (only the empty string is missing), parquet or sqlite (None is missing).

    With `na_words`, csv is read as pandas does by default: NA, null and the like are missing.
    """
    if name.endswith(".csv"):
        return pd.read_csv(name, keep_default_na=na_words, na_values=[""], low_memory=False)
    frame = pd.read_parquet(name) if name.endswith(".parquet") else read_sqlite(name)
    return frame.apply(lambda c: c.where(c.notna(), np.nan) if c.dtype == object else c)


def read_sqlite(name):
    """Join all tables of an sqlite file on `row_id`, in the order of their numbers."""
    with closing(sqlite3.connect(name)) as connection:
        query = "SELECT name FROM sqlite_master WHERE type = 'table'"
        tables = [row[0] for row in connection.execute(query)]
        tables.sort(key=lambda t: [(int(n or 0), s) for s, n in re.findall(r"(\D*)(\d*)", t)])
        parts = [pd.read_sql_query(f'SELECT * FROM "{table}"', connection) for table in tables]
    frame = parts[0]
    for part in parts[1:]:
        frame = frame.merge(part, on="row_id")
    return frame


def keep_expected(frame, ranges, types, *, drop_missing=False, exclusive=False):
    """Drop rows with a known value outside its column's expected range; keep missing ones.

    With `exclusive`, the ends of a range are outside of it.
    """
    keep = pd.Series(True, index=frame.index)
    for column, expected in ranges.items():
        if column not in frame:
            continue
        values = frame[column]
        if types.get(column) == "numerical":
            low, high = (float(bound) for bound in expected)
            numbers = pd.to_numeric(values, errors="coerce")
            ends = "neither" if exclusive else "both"
            inside = numbers.between(low, high, inclusive=ends)
        else:
            inside = values.isin(expected) | values.astype(str).isin([str(v) for v in expected])
        keep &= inside if drop_missing else inside | values.isna()
    return frame[keep]


def build_pipeline(settings, n_targets):
    """Build imputers, scaler, encoder and model: the numeric block first, all else default."""
    extras, slips = settings["extras"], settings["slips"]
    numeric = Pipeline(
        [
            ("impute", SimpleImputer(strategy=settings["imputer"])),
            ("scale", SCALERS[extras["scaler"]]() if extras["scaler"] else "passthrough"),
        ]
    )
    dropped = "first" if slips["drop_first"] else None
    encoder = (
        OneHotEncoder(handle_unknown="ignore", sparse_output=False, drop=dropped)
        if extras["encoder"] == "OneHotEncoder"
        else OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    )
    filled = "constant" if slips["own_category"] else "most_frequent"
    categorical = Pipeline([("impute", SimpleImputer(strategy=filled)), ("encode", encoder)])
    blocks = [
        ("numeric", numeric, [*settings["numerical"], *made_names(extras)]),
        ("categorical", categorical, settings["categorical"]),
    ]
    blocks = blocks[::-1] if slips["categorical_first"] else blocks
    name = settings["model"]
    # What few workflows need is imported when one does, for it takes longer than most of them.
    kind = MODELS.get(name) or getattr(import_module(f"sklearn.{MORE_MODELS[name]}"), name)
    model = kind() if name in SEEDLESS else kind(random_state=settings["random_state"])
    if n_targets > 1 and kind in ONE_TARGET_ONLY:
        model = MultiOutputClassifier(model)
    transform = ColumnTransformer([block for block in blocks if block[2]])
    return Pipeline([("transform", transform), ("model", model)])


def made_names(extras):
    """List the columns that a workflow makes, in their order."""
    return [made["name"] for made in (*extras["derived"], *extras["groups"])]


def as_numbers(frame, types):
    """Turn numeric columns that were read as text into numbers."""
    numeric = [
        c
        for c in frame
        if (types or {}).get(c) == "numerical" and frame[c].dtype.kind not in "iufb"
    ]
    return frame.assign(**{c: pd.to_numeric(frame[c], errors="coerce") for c in numeric})


def derive(frame, made):
    """Compute one column from others, row by row; what is not defined is missing."""
    columns = [frame[name].astype(float) for name in made["inputs"]]
    with np.errstate(all="ignore"):
        if made["how"] == "log1p":
            values = np.log1p(columns[0])
        elif made["how"] == "ratio":
            values = columns[0] / columns[1]
        elif made["how"] == "product":
            values = columns[0] * columns[1]
        else:
            values = columns[0] - columns[1]
    return values.where(np.isfinite(values), np.nan)


def make_columns(settings, train, val):
    """Clip, derive and aggregate as the training rows say, in both tables alike."""
    extras = settings["extras"]
    for name in settings["numerical"] if extras["clip"] else ():
        low, high = (train[name].astype(float).quantile(q) for q in extras["clip"])
        train, val = (
            f.assign(**{name: f[name].astype(float).clip(low, high)}) for f in (train, val)
        )
    for made in extras["derived"]:
        train, val = (f.assign(**{made["name"]: derive(f, made)}) for f in (train, val))
    for made in extras["groups"]:
        told = train.groupby(made["by"])[made["column"]].agg(made["how"]).astype(float)
        train, val = (f.assign(**{made["name"]: f[made["by"]].map(told)}) for f in (train, val))
    return train, val


def fill_targets(train, targets):
    """Fill missing targets by the mean, texts by the most frequent one: what no workflow asks."""
    filled = {
        name: train[name].mean() if train[name].dtype.kind in "iuf" else train[name].mode()[0]
        for name in targets
    }
    return train.fillna(filled)


def fit_and_predict(pipeline, x, y, asked, *, fit_on_all):
    """Fit a pipeline and predict; with `fit_on_all`, its transforms learn from both tables."""
    if not fit_on_all:
        return pipeline.fit(x, y).predict(asked)
    transform, model = pipeline[0].fit(pd.concat([x, asked])), pipeline[1]
    return model.fit(transform.transform(x), y).predict(transform.transform(asked))


def read_joined(settings):
    """Read the training rows and the rows to predict, with the lookup table's columns."""
    na_words, join = settings["slips"]["na_words"], settings["extras"]["join"]
    train, val = (read_table(settings[part], na_words=na_words) for part in ("train", "val"))
    return join_lookup(join, train, val) if join else (train, val)


def join_lookup(join, train, val):
    """Put the lookup table's columns to both tables; only training rows can be lost by it."""
    lookup = read_table(join["file"])
    train = train.merge(lookup, on=join["key"], how=join["how"])
    return train, val.merge(lookup, on=join["key"], how="left")


def main(settings):
    """Run the workflow and write the prediction file."""
    targets, extras, slips = settings["targets"], settings["extras"], settings["slips"]
    train, val = read_joined(settings)
    if settings["ranges"] is not None:
        how = {"drop_missing": slips["drop_missing"], "exclusive": slips["exclusive"]}
        train = keep_expected(train, settings["ranges"], settings["types"], **how)
    if extras["drop_duplicates"] or slips["parse_numbers"]:
        train = as_numbers(train, settings["types"])
    if extras["drop_duplicates"]:
        train = train.drop_duplicates([c for c in train.columns if c != "row_id"])
    train = fill_targets(train, targets) if slips["fill_targets"] else train.dropna(subset=targets)
    train = train.dropna(subset=settings["features"]) if slips["drop_incomplete"] else train
    train, val = make_columns(settings, train, val)
    features = [*settings["features"], *made_names(extras)]
    y = train[targets[0]] if len(targets) == 1 else train[targets]
    y = np.log1p(y) if extras["log_target"] else y
    pipeline = build_pipeline(settings, len(targets))
    on_all = slips["fit_on_all"]
    predicted = fit_and_predict(pipeline, train[features], y, val[features], fit_on_all=on_all)
    predicted = np.asarray(predicted).reshape(len(val), len(targets))
    predicted = np.expm1(predicted) if extras["log_target"] else predicted
    answer = pd.DataFrame({"row_id": val["row_id"].to_numpy()})
    for position, target in enumerate(targets):
        answer[target] = predicted[:, position]
    answer.to_csv(settings["output"], index=False)


if __name__ == "__main__":
    with threadpool_limits(SETTINGS["threads"]):  # noqa: F821 -- the line put before this text
        main(SETTINGS)  # noqa: F821
