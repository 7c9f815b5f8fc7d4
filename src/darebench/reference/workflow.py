"""The reference workflow as a program that runs alone in the sandbox (paper section 3).

This module is read as text: `spec.render` puts one line that assigns `SETTINGS` before it. It is
never imported by the package. From the clean training file it makes the reference; from the noisy
one, with the stated ranges, it is the literal path that a faithful agent takes.
"""

import re
import sqlite3
from contextlib import closing

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Lasso, LinearRegression, LogisticRegression, Ridge
from sklearn.multioutput import MultiOutputClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
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
    )
}
SEEDLESS = (GaussianNB, LinearRegression)
ONE_TARGET_ONLY = (LogisticRegression, GaussianNB, LinearSVC)


def read_table(name):
    """Read csv (only the empty string is missing), parquet or sqlite (None is missing)."""
    if name.endswith(".csv"):
        return pd.read_csv(name, keep_default_na=False, na_values=[""], low_memory=False)
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


def keep_expected(frame, ranges, types):
    """Drop rows with a known value outside its column's expected range; keep missing ones."""
    keep = pd.Series(True, index=frame.index)
    for column, expected in ranges.items():
        if column not in frame:
            continue
        values = frame[column]
        if types.get(column) == "numerical":
            low, high = (float(bound) for bound in expected)
            numbers = pd.to_numeric(values, errors="coerce")
            inside = (numbers >= low) & (numbers <= high)
        else:
            inside = values.isin(expected) | values.astype(str).isin([str(v) for v in expected])
        keep &= inside | values.isna()
    return frame[keep]


def build_pipeline(settings, n_targets):
    """Build imputers, scaler, encoder and model: the numeric block first, all else default."""
    numeric = Pipeline(
        [("impute", SimpleImputer(strategy=settings["imputer"])), ("scale", StandardScaler())]
    )
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    categorical = Pipeline(
        [("impute", SimpleImputer(strategy="most_frequent")), ("encode", encoder)]
    )
    blocks = [
        ("numeric", numeric, settings["numerical"]),
        ("categorical", categorical, settings["categorical"]),
    ]
    kind = MODELS[settings["model"]]
    model = kind() if kind in SEEDLESS else kind(random_state=settings["random_state"])
    if n_targets > 1 and kind in ONE_TARGET_ONLY:
        model = MultiOutputClassifier(model)
    transform = ColumnTransformer([block for block in blocks if block[2]])
    return Pipeline([("transform", transform), ("model", model)])


def main(settings):
    """Run the workflow and write the prediction file."""
    train = read_table(settings["train"])
    if settings["ranges"] is not None:
        train = keep_expected(train, settings["ranges"], settings["types"])
    targets = settings["targets"]
    train = train.dropna(subset=targets)
    val = read_table(settings["val"])
    features = settings["features"]
    y = train[targets[0]] if len(targets) == 1 else train[targets]
    pipeline = build_pipeline(settings, len(targets)).fit(train[features], y)
    predicted = np.asarray(pipeline.predict(val[features])).reshape(len(val), len(targets))
    answer = pd.DataFrame({"row_id": val["row_id"].to_numpy()})
    for position, target in enumerate(targets):
        answer[target] = predicted[:, position]
    answer.to_csv(settings["output"], index=False)


if __name__ == "__main__":
    with threadpool_limits(SETTINGS["threads"]):  # noqa: F821 -- the line put before this text
        main(SETTINGS)  # noqa: F821
