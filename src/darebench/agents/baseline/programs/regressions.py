"""Regressions of a series on features that the future has, each as a function to call."""

import numpy as np
import pandas as pd
from sklearn.ensemble import ExtraTreesRegressor, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

ALPHAS = np.logspace(-6, 4, 21)
FOREST_ROWS = 10_000


def regressions(views, y, inside, outside):
    """Return regressions by name, the most useful first; called, one predicts the outside rows."""
    target = y[inside]
    tree = views["tree"]

    def on(view, rows=slice(None)):
        return views[view][inside[rows]], target[rows], views[view][outside]

    recent = slice(-max(60, len(target) // 3), None)
    yield "ridge", lambda: ridge(*on("plain"))
    yield "trees", lambda: boosted(*on("tree"))
    yield "ridge with calendar", lambda: ridge(*on("calendar"))
    yield "ridge with moves", lambda: ridge(*on("moves"))
    yield "ridge on recent rows", lambda: ridge(*on("plain", recent))
    whole = np.flatnonzero(complete(views["numbers"][inside], views["numbers"][outside]))
    if 30 <= len(whole) < 0.95 * len(target):
        yield "ridge on whole rows", lambda: ridge(*on("plain", whole))
    yield "ridge, recentred", lambda: recentred("plain", views, y, inside, outside)
    yield "ridge with calendar, recentred", lambda: recentred("calendar", views, y, inside, outside)
    yield "ridge of changes", lambda: of_changes(views, y, inside, outside)
    yield from of_logs(views, y, inside, outside)
    if 2 <= views["numbers"].shape[1] <= 12:
        yield "ridge of products", lambda: ridge(*on("numbers"), degree=2)
    if 2 <= len(np.unique(views["e"][inside])) <= 200:
        yield "ridge by series", lambda: by_series(views, y, inside, outside)
    yield "ridge, then trees", lambda: corrected(views, y, inside, outside)
    yield "trees with moves", lambda: boosted(*on("tree moves"))
    if len(np.unique(views["e"][inside])) > 1:
        yield "relative trees", lambda: relative(views, y, inside, outside)
    if target.min() >= 0 and np.mean(target) > 1.3 * np.median(target):
        yield (
            "trees of logs",
            lambda: np.expm1(boosted(tree[inside], np.log1p(target), tree[outside])),
        )
    some = np.sort(np.random.default_rng(0).permutation(len(target))[:FOREST_ROWS])
    yield "extra trees", lambda: forest(*on("tree", some))


def ridge(X, y, X_new, degree=1):
    """Fit a scaled ridge regression, on products of the features too where the degree is 2."""
    steps = [SimpleImputer(), StandardScaler()]
    if degree > 1:
        steps += [PolynomialFeatures(degree, include_bias=False), StandardScaler()]
    return make_pipeline(*steps, RidgeCV(ALPHAS)).fit(X, y).predict(X_new)


def boosted(X, y, X_new, **options):
    """Fit gradient-boosted trees."""
    known = ~np.isnan(X).all(axis=0)
    leaf = int(np.clip(len(y) // 40, 3, 20))
    model = HistGradientBoostingRegressor(min_samples_leaf=leaf, random_state=0, **options)
    return model.fit(X[:, known], y).predict(X_new[:, known])


def forest(X, y, X_new):
    """Fit extremely random trees."""
    fill = SimpleImputer().fit(X)
    model = ExtraTreesRegressor(120, min_samples_leaf=2, random_state=0, n_jobs=1)
    return model.fit(fill.transform(X), y).predict(fill.transform(X_new))


def complete(X, X_new):
    """Find the rows that know every column which the asked rows know."""
    asked = np.isnan(X_new).mean(axis=0) < 0.05
    return ~np.isnan(X[:, asked]).any(axis=1)


def recentred(view, views, y, inside, outside):
    """Move a ridge regression by what it missed lately, series by series."""
    X = views[view]
    both = ridge(X[inside], y[inside], np.vstack([X[inside], X[outside]]))
    miss = pd.Series(y[inside] - both[: len(inside)])
    groups = miss.groupby(views["e"][inside])
    late = groups.tail(max(5, int(0.1 * len(inside) / groups.ngroups)))
    late = late.groupby(views["e"][inside][late.index]).mean()
    return both[len(inside) :] + pd.Series(views["e"][outside]).map(late).fillna(0.0).to_numpy()


def of_changes(views, y, inside, outside):
    """Regress steps on steps, and count from each series' last known row on."""
    e, d, X = views["e"], views["d"], SimpleImputer().fit_transform(views["plain"])
    order = inside[np.lexsort((d[inside], e[inside]))]
    same = e[order][1:] == e[order][:-1]
    dX, dy = np.diff(X[order], axis=0)[same], np.diff(y[order])[same]
    if len(dy) < 10:
        return np.full(len(outside), y[inside].mean())
    scale = dX.std(axis=0)
    used = scale > 0
    model = RidgeCV(ALPHAS, fit_intercept=False).fit(dX[:, used] / scale[used], dy)
    last = pd.Series(order).groupby(e[order]).last()
    start = pd.Series(e[outside]).map(last).fillna(order[-1]).to_numpy(int)
    return y[start] + model.predict((X[outside] - X[start])[:, used] / scale[used])


def of_logs(views, y, inside, outside):
    """Regress logarithms on logarithms, if all is positive."""
    X = views["numbers"]
    low = [np.nanmin(X[:, j], initial=np.inf) for j in range(X.shape[1])]
    positive = np.array([0 < value < np.inf for value in low], dtype=bool)
    if positive.any() and y[inside].min() > 0:
        logs = np.log(X[:, positive])
        ceiling = np.log(y[inside].max()) + 3

        def run():
            fitted = ridge(logs[inside], np.log(y[inside]), logs[outside])
            return np.exp(np.minimum(fitted, ceiling))

        yield "ridge of logs", run


def by_series(views, y, inside, outside):
    """Regress all series together, then each one's rest alone."""
    X, e = SimpleImputer().fit_transform(views["calendar"]), views["e"]
    both = ridge(X[inside], y[inside], np.vstack([X[inside], X[outside]]))
    rest, result = y[inside] - both[: len(inside)], both[len(inside) :].copy()
    for code in np.unique(e[inside]):
        mine, asked = e[inside] == code, e[outside] == code
        if mine.sum() >= 10 and asked.any():
            result[asked] += ridge(X[inside][mine], rest[mine], X[outside][asked])
    return result


def corrected(views, y, inside, outside):
    """Fit trees to what a ridge regression leaves."""
    X, tree = views["plain"], views["tree"]
    both = ridge(X[inside], y[inside], np.vstack([X[inside], X[outside]]))
    rest = y[inside] - both[: len(inside)]
    return both[len(inside) :] + boosted(tree[inside], rest, tree[outside], learning_rate=0.05)


def relative(views, y, inside, outside):
    """Fit trees to values relative to their series' mean and spread."""
    e, tree = views["e"], views["tree"]
    groups = pd.Series(y[inside]).groupby(e[inside])
    mean, spread = groups.mean(), groups.std().replace(0.0, np.nan)
    mean_of = [pd.Series(e[r]).map(mean).fillna(y[inside].mean()) for r in (inside, outside)]
    usual = spread.mean() if spread.notna().any() else 1.0
    spread_of = [pd.Series(e[r]).map(spread).fillna(usual) for r in (inside, outside)]
    target = ((y[inside] - mean_of[0]) / spread_of[0]).to_numpy()
    fitted = boosted(tree[inside], target, tree[outside])
    return mean_of[1].to_numpy() + spread_of[1].to_numpy() * fitted
