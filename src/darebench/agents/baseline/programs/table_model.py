"""Second call of the baseline for a table: choose a blend of models by cross-validation.

Several model families are fitted on folds inside a time limit; their out-of-fold predictions are
blended greedily for the metric that is scored, and the members are fitted again on all rows.
"""

import time
import warnings

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.model_selection import KFold, StratifiedKFold
from threadpoolctl import threadpool_limits

from darebench.agents.baseline.programs.candidates import classifiers, regressors
from darebench.agents.baseline.programs.features import Features, choose_neighbours, from_target
from darebench.agents.baseline.programs.task_files import read_table

warnings.filterwarnings("ignore")
START = (time.process_time(), time.monotonic())
PATIENCE = 3.0
"""A program may be so much slower than its own work on a busy machine before the wait counts."""
LATEST = 130.0
"""Seconds on the clock after which no further member of a blend is fitted: a call ends at 200."""
STRENGTHS = np.linspace(0.0, 1.2, 13)


def spent():
    """Count the seconds of work since the start, or of waiting where that has become long."""
    work, wait = time.process_time() - START[0], time.monotonic() - START[1]
    return max(work, wait / PATIENCE)


class Views:
    """What the models see of the rows of one split, by view."""

    def __init__(self, features, y, known, asked, classes, sorts):
        told = from_target(features, y, known, asked, classes, sorts)
        self.known, self.asked = known, asked
        self._parts = {
            "plain": (features.plain,),
            "smooth": (features.plain, told),
            "all": (features.plain, features.codes, told),
        }

    def matrices(self, view):
        """Build the matrices of the known and of the asked rows."""
        return self._side(view, self.known, 0), self._side(view, self.asked, 1)

    def _side(self, view, rows, side):
        parts = [p[side] if isinstance(p, tuple) else p[rows] for p in self._parts[view]]
        matrix = np.hstack(parts)
        return matrix if matrix.shape[1] else np.zeros((len(rows), 1), dtype=np.float32)


class Problem:
    """One target: its known values, the classes if it has any, and the splits."""

    def __init__(self, features, y, classes):
        self.features, self.y, self.classes = features, y, classes
        self.n_train = len(y)
        self.sorts = choose_neighbours(features, y.astype(float), classes)
        self.everything = self._views(
            np.arange(self.n_train), np.arange(self.n_train, len(features.plain))
        )

    def _views(self, known, asked):
        return Views(self.features, self.y, known, asked, self.classes, self.sorts)

    def folds(self, seed):
        """Split the known rows; every row is asked for once."""
        n_folds = 5 if self.n_train < 30_000 else 3
        if self.n_train < 50:
            n_folds = min(self.n_train, 10)
        counts = np.bincount(self.y) if self.classes is not None else np.zeros(1)
        stratified = counts.min() >= 2 and counts.max() >= n_folds
        kind = StratifiedKFold if stratified else KFold
        splitter = kind(n_folds, shuffle=True, random_state=seed)
        return [self._views(*pair) for pair in splitter.split(self.y, self.y)]

    def predict(self, model, view, views):
        """Fit a model on the known rows and predict the asked ones."""
        X, X_asked = views.matrices(view)
        fitted = clone(model).fit(X, self.y[views.known])
        if self.classes is None:
            low, high = self.y.min(), self.y.max()
            margin = 0.1 * (high - low)
            return np.clip(np.nan_to_num(fitted.predict(X_asked)), low - margin, high + margin)
        chances = np.zeros((len(X_asked), len(self.classes)))
        chances[:, fitted.classes_] = fitted.predict_proba(X_asked)
        return chances


def out_of_fold(problem, model, view, folds, deadline=np.inf):
    """Predict every row from the folds that it is not in; None if that would take too long."""
    shape = problem.n_train if problem.classes is None else (problem.n_train, len(problem.classes))
    predicted = np.zeros(shape)
    start = spent()
    for number, views in enumerate(folds):
        now = spent()
        if number and now + (now - start) / number * (len(folds) - number) > deadline:
            return None
        predicted[views.asked] = problem.predict(model, view, views)
    return predicted


def compete(problem, candidates, deadline):
    """Evaluate candidates until the time is used up; the first one always counts."""
    folds = problem.folds(0)
    predictions, models = {}, {}
    for name, view, model in candidates:
        try:
            limit = deadline if predictions else np.inf
            predicted = out_of_fold(problem, model, view, folds, limit)
        except ValueError as error:
            print(f"{name}: left out ({error})")
            continue
        if predicted is None:
            print(f"{name}: left out (too slow)")
            continue
        predictions[name] = predicted
        models[name] = (model, view)
        if spent() > deadline:
            break
    return predictions, models


def repeat(problem, predictions, models, n_repeats, deadline):
    """Average the out-of-fold predictions over more splits, if there is time for all models."""
    for seed in range(1, n_repeats):
        before = spent()
        folds = problem.folds(seed)
        again = {}
        for name, (model, view) in models.items():
            again[name] = out_of_fold(problem, model, view, folds, deadline)
            if again[name] is None:
                return
        for name, predicted in again.items():
            predictions[name] += (predicted - predictions[name]) / (seed + 1)
        if 2 * spent() - before > deadline:
            return


def blend(predictions, score, steps=15):
    """Choose members one by one, with repeats, as long as the blend gets better."""
    names = list(predictions)
    chosen, total, best = [], 0.0, -np.inf
    for _ in range(steps):
        trials = {n: score((total + predictions[n]) / (len(chosen) + 1)) for n in names}
        name = max(trials, key=trials.get)
        if trials[name] <= best + 1e-5:
            break
        best = trials[name]
        chosen.append(name)
        total = total + predictions[name]
    return chosen, best


def blended(problem, chosen, models):
    """Fit the members of a blend on all known rows and predict the others."""
    total, weight = 0.0, 0
    for name in sorted(set(chosen), key=lambda name: (-chosen.count(name), name)):
        if weight and time.monotonic() - START[1] > LATEST:
            break
        predicted = problem.predict(*models[name], problem.everything)
        total = total + chosen.count(name) * predicted
        weight += chosen.count(name)
    return total / weight


def macro_f1(y, guessed):
    """Average F1 over the classes; both hold class numbers."""
    n = int(y.max()) + 1
    hits = np.bincount(y[y == guessed], minlength=n)
    both = np.bincount(y, minlength=n) + np.bincount(guessed, minlength=n)
    return (2 * hits / np.maximum(both, 1)).mean()


def expected_f1(chances, guessed):
    """Average F1 over the classes if the chances are right."""
    n = chances.shape[1]
    own = chances[np.arange(len(guessed)), guessed]
    hits = np.bincount(guessed, weights=own, minlength=n)
    both = chances.sum(axis=0) + np.bincount(guessed, minlength=n)
    return (2 * hits / np.maximum(both, 1e-9)).mean()


def weighing(chances, y, prior):
    """Choose how far rare classes are weighed up, by the labels and by the chances themselves.

    The labels alone are noisy in small tables; the chances are smooth, but may be wrong.
    """
    own = 0.5 if len(y) < 2_000 else 0.2
    scores = []
    for strength in STRENGTHS:
        guessed = (chances / prior**strength).argmax(axis=1)
        scores.append(macro_f1(y, guessed) + own * expected_f1(chances, guessed))
    return STRENGTHS[int(np.argmax(scores))]


def classify(problem, n_plain, deadline):
    """Predict labels, tuned for macro-F1."""
    y, classes = problem.y, problem.classes
    prior = np.bincount(y) / len(y)

    def score(chances):
        floor = np.log(np.maximum(chances[np.arange(len(y)), y], 0.01)).mean()
        best = max(
            macro_f1(y, (chances / prior**strength).argmax(axis=1)) for strength in (0, 0.5, 1)
        )
        return best + 0.1 * floor

    candidates = classifiers(len(y), n_plain, len(classes))
    predictions, models = compete(problem, candidates, deadline)
    repeat(problem, predictions, models, 3 if len(y) < 1_000 else 1, deadline)
    chosen, _ = blend(predictions, score)
    members = sum(predictions[name] for name in chosen) / len(chosen)
    strength = weighing(members, y, prior)
    guessed = (members / prior**strength).argmax(axis=1)
    print(f"blend {chosen}: macro-F1 {macro_f1(y, guessed):.4f} at prior^-{strength:.1f}")
    total = blended(problem, chosen, models)
    return classes[(total / prior**strength).argmax(axis=1)]


def regress(problem, n_plain, deadline):
    """Predict numbers, tuned for R2."""
    y = problem.y
    spread = ((y - y.mean()) ** 2).sum()

    def score(predicted):
        return 1 - ((y - predicted) ** 2).sum() / spread

    skewed = bool(y.min() >= 0 and pd.Series(y).skew() > 1)
    candidates = regressors(len(y), n_plain, skewed)
    predictions, models = compete(problem, candidates, deadline)
    repeat(problem, predictions, models, 3 if len(y) < 1_000 else 1, deadline)
    chosen, best = blend(predictions, score)
    print(f"blend {chosen}: R2 {best:.4f}")
    return blended(problem, chosen, models)


def predict(train, val, features, target, settings, deadline):
    """Predict one target for all rows of `val`."""
    known = train[train[target].notna()].reset_index(drop=True)
    limit = settings["max_rows"]
    if settings["kind"] == "classification":  # boosting fits one tree for each class
        limit = min(limit, max(5_000, 300_000 // max(1, known[target].nunique())))
    if len(known) > limit:
        known = known.sample(limit, random_state=0).reset_index(drop=True)
    values = known[target]
    if values.nunique() <= 1 or len(known) < 4 or not features:
        constant = values.mode().iloc[0] if len(known) else 0
        return np.repeat(constant, len(val))
    table = Features(known[features], val[features])
    n_plain = table.plain.shape[1]
    if settings["kind"] == "classification":
        classes, y = np.unique(values.to_numpy(), return_inverse=True)
        return classify(Problem(table, y, classes), n_plain, deadline)
    y = pd.to_numeric(values, errors="coerce")
    y = y.fillna(y.median()).to_numpy(dtype=float)
    return regress(Problem(table, y, None), n_plain, deadline)


def main(settings):
    """Predict every target and write the prediction file."""
    train, val = read_table(settings["train"]), read_table(settings["val"])
    targets = settings["targets"]
    features = [c for c in val.columns if c in train.columns and c not in ("row_id", *targets)]
    answer = pd.DataFrame({"row_id": val["row_id"]})
    with threadpool_limits(1):  # tasks run side by side; threads that wait for each other spin
        for number, target in enumerate(targets, 1):
            deadline = number / len(targets) * settings["seconds"]
            answer[target] = predict(train, val, features, target, settings, deadline)
    answer.to_csv("prediction.csv", index=False)
    print(f"wrote {len(answer)} rows in {spent():.1f} s")


if __name__ == "__main__":
    main(SETTINGS)  # noqa: F821 -- the line put before this text
