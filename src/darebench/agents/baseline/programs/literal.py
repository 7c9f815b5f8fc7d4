"""Second call of the baseline for a written workflow: filter, impute, scale, encode, fit, predict.

Where the words of the question place every range, a row that breaks one rule goes. Else a column
may come with several ranges that fit it, and the one is taken that cuts its values like those of
the other columns cut theirs, as where a row that breaks one rule breaks every rule.
"""

import re

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

from darebench.agents.baseline.programs.task_files import read_table

MODELS = {
    "LogisticRegression": lambda seed: LogisticRegression(random_state=seed),
    "DecisionTreeClassifier": lambda seed: DecisionTreeClassifier(random_state=seed),
    "GaussianNB": lambda seed: GaussianNB(),
    "LinearSVC": lambda seed: LinearSVC(random_state=seed),
    "MLPClassifier": lambda seed: MLPClassifier(random_state=seed),
    "LinearRegression": lambda seed: LinearRegression(),
    "DecisionTreeRegressor": lambda seed: DecisionTreeRegressor(random_state=seed),
    "Ridge": lambda seed: Ridge(random_state=seed),
    "Lasso": lambda seed: Lasso(random_state=seed),
    "MLPRegressor": lambda seed: MLPRegressor(random_state=seed),
}
PER_TARGET = ("LogisticRegression", "GaussianNB", "LinearSVC")


def load(name):
    """Read a table; what is missing is NaN, as the workflow's steps expect it."""
    frame = read_table(name)
    return frame.apply(lambda c: c.where(c.notna(), np.nan) if c.dtype == object else c)


def outside(column, pair):
    """Find the known numbers of a column that a range leaves out."""
    values = column.astype(float)
    return values.notna() & ~values.between(*pair)


def numeric_rules(frame, ranges):
    """Return which known values are outside, for each range that a column may have."""
    rules = []
    for column, pairs in ranges.items():
        found = [outside(frame[column], pair) for pair in pairs]
        rules += [(column, rule) for rule in found if 0 < rule.mean() < 0.5]
    return rules


def text_rules(frame, text):
    """Find columns whose usual values all stand in the text; the others break the rule."""
    rules = []
    for column in frame.columns:
        if pd.api.types.is_numeric_dtype(frame[column]):
            continue
        values = frame[column].astype(object)
        known = values.notna()
        named = {
            v
            for v in values[known].unique()
            if re.search(rf"(?<!\w){re.escape(str(v).strip())}(?!\w)", text)
        }
        rule = known & ~values.isin(named)
        if named and 0 < rule.mean() < 0.5:
            rules.append((column, rule))
    return rules


def breaking(frame, ranges, text):
    """Find the rows that break any rule: a range, or the values that are listed in quotes."""
    out = pd.Series(False, index=frame.index)
    for column, (pair,) in ranges.items():
        out |= outside(frame[column], pair)
    for column, rule in text_rules(frame, text):
        usual = frame.loc[frame[column].notna() & ~rule, column].unique()
        if all(f'"{value}"' in text for value in usual):
            out |= rule
    return out


def broken(frame, ranges, text):
    """Find the rows that break the rules: those that most columns agree on are the stated ones."""
    rules = numeric_rules(frame, ranges) + text_rules(frame, text)
    if not rules:
        return pd.Series(False, index=frame.index)
    known = {column: frame[column].notna() for column, _ in rules}

    def support(rule):
        best = {}
        for column, other in rules:
            shared = (rule & other).sum() / max(1, ((rule & known[column]) | other).sum())
            best[column] = max(best.get(column, 0.0), shared)
        return sum(best.values())

    agreed = max((rule for _, rule in rules), key=support)
    chosen = {}
    for column, rule in rules:
        either = (rule & known[column]) | (agreed & known[column])
        overlap = (rule & agreed).sum() / either.sum()
        if overlap > max(0.8, chosen.get(column, (0.0, None))[0]):
            chosen[column] = (overlap, rule)
    broken_rules = sum(rule.astype(int) for _, rule in chosen.values())
    known_rules = sum(known[column].astype(int) for column in chosen)
    return (broken_rules > 0) & (2 * broken_rules >= known_rules)


def main(settings):
    """Carry the workflow out and write the prediction file."""
    train, val = load(settings["train"]), load(settings["val"])
    find = breaking if settings["is_certain"] else broken
    drop = find(train, settings["ranges"], settings["text"])
    print(f"dropped {int(drop.sum())} of {len(train)} rows")
    targets, features = settings["targets"], settings["features"]
    train = train[~drop].dropna(subset=targets)
    numeric = Pipeline(
        [("impute", SimpleImputer(strategy=settings["imputer"])), ("scale", StandardScaler())]
    )
    category = Pipeline(
        [
            ("impute", SimpleImputer(strategy="most_frequent")),
            ("encode", OneHotEncoder(handle_unknown="ignore", sparse_output=False)),
        ]
    )
    blocks = [
        ("numeric", numeric, settings["numerical"]),
        ("categorical", category, settings["categorical"]),
    ]
    model = MODELS[settings["model"]](settings["random_state"])
    if len(targets) > 1 and settings["model"] in PER_TARGET:
        model = MultiOutputClassifier(model)
    transform = ColumnTransformer([block for block in blocks if block[2]])
    y = train[targets[0]] if len(targets) == 1 else train[targets]
    pipeline = Pipeline([("transform", transform), ("model", model)]).fit(train[features], y)
    predicted = np.asarray(pipeline.predict(val[features])).reshape(len(val), -1)
    answer = pd.DataFrame({"row_id": val["row_id"]})
    for position, target in enumerate(targets):
        answer[target] = predicted[:, position]
    answer.to_csv("prediction.csv", index=False)
    print(f"features {features}, {settings['model']}, {settings['imputer']}")


if __name__ == "__main__":
    main(SETTINGS)  # noqa: F821 -- the line put before this text
