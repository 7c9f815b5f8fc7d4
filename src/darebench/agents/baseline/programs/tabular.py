"""Second call of the baseline for a table: choose a blend of models by cross-validation.

Several model families are fitted on folds inside a time limit; their out-of-fold predictions are
blended greedily for the metric that is scored, and the members are fitted again on all rows.
"""

import re
import sqlite3
import time
import warnings
from contextlib import closing

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.metrics import f1_score, r2_score
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler
from skrub import StringEncoder, TableVectorizer

warnings.filterwarnings("ignore")
START = time.monotonic()


def read_table(name):
    """Read csv (only the empty string is missing), parquet, or sqlite joined on row_id."""
    if name.endswith(".csv"):
        return pd.read_csv(name, keep_default_na=False, na_values=[""], low_memory=False)
    if name.endswith(".parquet"):
        return pd.read_parquet(name)
    with closing(sqlite3.connect(name)) as connection:
        query = "SELECT name FROM sqlite_master WHERE type = 'table'"
        tables = sorted(
            (row[0] for row in connection.execute(query)),
            key=lambda t: [int(n) for n in re.findall(r"\d+", t)],
        )
        frame = None
        for table in tables:
            part = pd.read_sql_query(f'SELECT * FROM "{table}"', connection)
            frame = part if frame is None else frame.merge(part, on="row_id")
    return frame


def vectorise(train, val):
    """Turn both tables into numbers, plus how often each category occurs."""
    text = StringEncoder(n_components=20, random_state=0)
    vectoriser = TableVectorizer(cardinality_threshold=30, high_cardinality=text)
    first = np.asarray(vectoriser.fit_transform(train), dtype=np.float32)
    second = np.asarray(vectoriser.transform(val), dtype=np.float32)
    extra = []
    for column in train.columns:
        if not pd.api.types.is_numeric_dtype(train[column]):
            texts = [frame[column].astype(object).fillna("").astype(str) for frame in (train, val)]
            codes, known = pd.factorize(texts[0])
            counts = np.bincount(codes)
            place = pd.Index(known).get_indexer(texts[1])
            extra.append(
                (
                    np.c_[codes, counts[codes]],
                    np.c_[place, np.where(place < 0, 0, counts[place])],
                )
            )
    if extra:
        first = np.hstack([first, *(a for a, _ in extra)])
        second = np.hstack([second, *(b for _, b in extra)])
    keep = np.nanstd(np.where(np.isfinite(first), first, np.nan), axis=0) > 0
    return first[:, keep].astype(np.float32), second[:, keep].astype(np.float32)


def scaled(model):
    """Put imputation and scaling before a model that needs them."""
    return make_pipeline(SimpleImputer(), StandardScaler(), model)


def classifiers(n_rows, n_columns, n_classes):
    """List the candidate classifiers, the quickest and safest first."""
    trees = {"n_estimators": 300, "random_state": 0, "n_jobs": 1}
    if n_classes > 25:  # boosting fits one tree for each class
        yield "small forest", RandomForestClassifier(60, min_samples_leaf=2, random_state=0)
        if n_rows * n_classes < 100_000:
            yield "logistic", scaled(LogisticRegression(max_iter=200))
            yield "extra", ExtraTreesClassifier(**trees)
        return
    yield "hgb", HistGradientBoostingClassifier(random_state=0)
    yield "logistic", scaled(LogisticRegression(max_iter=500))
    yield "extra", ExtraTreesClassifier(min_samples_leaf=1, **trees)
    yield "forest", RandomForestClassifier(min_samples_leaf=2, **trees)
    yield (
        "hgb balanced",
        HistGradientBoostingClassifier(
            class_weight="balanced",
            learning_rate=0.05,
            max_iter=250,
            max_leaf_nodes=15,
            l2_regularization=1.0,
            random_state=1,
        ),
    )
    yield "extra balanced", ExtraTreesClassifier(class_weight="balanced", **trees)
    if n_rows < 20_000:
        yield "neighbours", scaled(KNeighborsClassifier(5, weights="distance"))


def regressors(n_rows, n_columns):
    """List the candidate regressors, the quickest and safest first."""
    alphas = np.logspace(-4, 4, 17)
    yield "hgb", HistGradientBoostingRegressor(random_state=0)
    yield "ridge", scaled(RidgeCV(alphas))
    trees = {"n_estimators": 300, "random_state": 0, "n_jobs": 1}
    yield "extra", ExtraTreesRegressor(min_samples_leaf=1, **trees)
    yield "forest", RandomForestRegressor(min_samples_leaf=2, max_features=0.5, **trees)
    if n_columns <= 40:
        cross = make_pipeline(
            SimpleImputer(), StandardScaler(), PolynomialFeatures(2, include_bias=False),
            StandardScaler(), RidgeCV(np.logspace(-2, 5, 15)),
        )  # fmt: skip
        yield "ridge of products", cross
    yield (
        "hgb slow",
        HistGradientBoostingRegressor(
            learning_rate=0.04, max_iter=350, max_leaf_nodes=15, l2_regularization=1.0,
            random_state=1,
        ),
    )  # fmt: skip


def logged(name, model):
    """Give a candidate that predicts the logarithm of a positive target."""
    wrapped = TransformedTargetRegressor(model, func=np.log1p, inverse_func=np.expm1)
    return f"{name} of log", wrapped


def out_of_fold(model, X, y, folds, classes, deadline=np.inf):
    """Predict every row from the folds that it is not in; None if that would take too long."""
    shape = (len(y), len(classes)) if classes is not None else len(y)
    predicted = np.zeros(shape)
    start = time.monotonic()
    for number, (inside, outside) in enumerate(folds):
        now = time.monotonic()
        if number and now + (now - start) / number * (len(folds) - number) > deadline:
            return None
        fitted = clone(model).fit(X[inside], y[inside])
        if classes is None:
            predicted[outside] = np.nan_to_num(fitted.predict(X[outside]))
        else:
            known = np.searchsorted(classes, fitted.classes_)
            predicted[np.ix_(outside, known)] = fitted.predict_proba(X[outside])
    return predicted


def blend(predictions, score, steps=12):
    """Choose members one by one, with repeats, as long as the blend gets better."""
    names = list(predictions)
    chosen, total, best = [], 0.0, -np.inf
    for _ in range(steps):
        trials = {n: score((total + predictions[n]) / (len(chosen) + 1)) for n in names}
        name = max(trials, key=trials.get)
        if trials[name] <= best + 1e-6:
            break
        best = trials[name]
        chosen.append(name)
        total = total + predictions[name]
    return chosen, best


def compete(candidates, X, y, folds, classes, deadline):
    """Evaluate candidates until the time is used up; the first one always counts."""
    predictions, models = {}, {}
    for name, model in candidates:
        before = time.monotonic()
        if predictions and before + slowest(models) > deadline:
            break
        try:
            limit = deadline if predictions else np.inf
            predicted = out_of_fold(model, X, y, folds, classes, limit)
        except ValueError as error:
            print(f"{name}: left out ({error})")
            continue
        if predicted is None:
            print(f"{name}: left out (too slow)")
            continue
        predictions[name] = predicted
        models[name] = (model, time.monotonic() - before)
    return predictions, {name: model for name, (model, _) in models.items()}


def slowest(models):
    """Guess what the next candidate costs."""
    return max(seconds for _, seconds in models.values())


def shifted(probabilities, prior, strength):
    """Weigh rare classes up: divide by the prior to some power."""
    return probabilities / prior**strength


def classify(X, y, X_val, deadline):
    """Predict labels, tuned for macro-F1."""
    classes, codes = np.unique(y, return_inverse=True)
    if len(classes) == 1:
        return np.repeat(classes, len(X_val))
    smallest = np.bincount(codes).min()
    n_folds = 5 if len(y) < 30_000 else 3
    repeats = 2 if len(y) < 600 else 1
    folds = []
    for seed in range(repeats):
        splitter = (
            StratifiedKFold(n_folds, shuffle=True, random_state=seed)
            if smallest >= 2
            else KFold(n_folds, shuffle=True, random_state=seed)
        )
        folds.append(list(splitter.split(X, codes)))
    numbers = np.arange(len(classes))
    prior = np.bincount(codes) / len(codes)

    def score(p, strength=0.0):
        return f1_score(codes, shifted(p, prior, strength).argmax(axis=1), average="macro")

    predictions, models = compete(
        classifiers(*X.shape, len(classes)), X, codes, folds[0], numbers, deadline
    )
    for more in folds[1:]:
        if time.monotonic() > deadline - 10:
            break
        for name, model in models.items():
            predictions[name] = (
                predictions[name] + out_of_fold(model, X, codes, more, numbers)
            ) / 2
    chosen, best = blend(predictions, score)
    members = sum(predictions[name] for name in chosen) / len(chosen)
    strengths = {s: score(members, s) for s in (0.0, 0.25, 0.5, 0.75, 1.0)}
    strength = max(strengths, key=lambda s: strengths[s] - 0.002 * s)
    print(f"blend {chosen}: macro-F1 {best:.4f}, {strengths[strength]:.4f} at prior^-{strength}")
    total = np.zeros((len(X_val), len(classes)))
    for name in sorted(set(chosen)):
        fitted = clone(models[name]).fit(X, codes)
        total[:, fitted.classes_] += chosen.count(name) * fitted.predict_proba(X_val)
    return classes[shifted(total, prior, strength).argmax(axis=1)]


def regress(X, y, X_val, deadline):
    """Predict numbers, tuned for R2."""
    repeats = 3 if len(y) < 400 else 1
    folds = [
        list(KFold(5 if len(y) < 30_000 else 3, shuffle=True, random_state=s).split(X))
        for s in range(repeats)
    ]

    def score(p):
        return r2_score(y, p)

    candidates = list(regressors(*X.shape))
    if y.min() >= 0 and pd.Series(y).skew() > 1:
        candidates[2:2] = [logged(*candidates[0]), logged(*candidates[2])]
    predictions, models = compete(candidates, X, y, folds[0], None, deadline)
    for count, more in enumerate(folds[1:], 2):
        if time.monotonic() > deadline - 10:
            break
        for name, model in models.items():
            again = out_of_fold(model, X, y, more, None)
            predictions[name] += (again - predictions[name]) / count
    chosen, best = blend(predictions, score)
    print(f"blend {chosen}: R2 {best:.4f}")
    total = np.zeros(len(X_val))
    for name in sorted(set(chosen)):
        fitted = clone(models[name]).fit(X, y)
        total += chosen.count(name) * np.nan_to_num(fitted.predict(X_val))
    low, high = y.min(), y.max()
    margin = 0.1 * (high - low)
    return np.clip(total / len(chosen), low - margin, high + margin)


def main(settings):
    """Predict every target and write the prediction file."""
    train, val = read_table(settings["train"]), read_table(settings["val"])
    targets = settings["targets"]
    features = [c for c in val.columns if c in train.columns and c not in ("row_id", *targets)]
    answer = pd.DataFrame({"row_id": val["row_id"]})
    for number, target in enumerate(targets, 1):
        known = train[train[target].notna()].reset_index(drop=True)
        if len(known) > settings["max_rows"]:
            known = known.sample(settings["max_rows"], random_state=0).reset_index(drop=True)
        X, X_val = vectorise(known[features], val[features])
        share = number / len(targets)
        deadline = START + share * settings["seconds"]
        if settings["kind"] == "classification":
            answer[target] = classify(X, known[target].to_numpy(), X_val, deadline)
        else:
            y = known[target].to_numpy(dtype=float)
            answer[target] = regress(X, y, X_val, deadline)
    answer.to_csv("prediction.csv", index=False)
    print(f"wrote {len(answer)} rows in {time.monotonic() - START:.1f} s")


if __name__ == "__main__":
    main(SETTINGS)  # noqa: F821 -- the line put before this text
