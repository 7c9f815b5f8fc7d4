"""The models that the tabular program tries, the quickest and safest first."""

import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.feature_selection import SelectKBest, f_regression
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, DotProduct, Matern, WhiteKernel
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LassoCV, LogisticRegression, RidgeCV
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, PolynomialFeatures, StandardScaler
from sklearn.svm import SVR

TREES = {"random_state": 0, "n_jobs": 1}
SLOW = {"learning_rate": 0.04, "max_iter": 350, "max_leaf_nodes": 15, "l2_regularization": 1.0}


def scaled(*steps):
    """Add imputation and scaling before a model that needs them."""
    return make_pipeline(SimpleImputer(), StandardScaler(), *steps)


def signed_log(values):
    """Shrink large values of both signs."""
    return np.sign(values) * np.log1p(np.abs(values))


def of_logs(*steps):
    """Add logarithms of the features before a model that needs scaled ones."""
    return make_pipeline(SimpleImputer(), FunctionTransformer(signed_log), StandardScaler(), *steps)


def logged(model):
    """Make a model predict the logarithm of a positive target."""
    return TransformedTargetRegressor(model, func=np.log1p, inverse_func=expm1)


def expm1(values):
    """Undo log1p; a wild extrapolation stays finite."""
    return np.expm1(np.minimum(values, 80.0))


def leaf_size(n_rows):
    """Choose the smallest leaf of boosted trees: the usual 20 is too coarse for few rows."""
    return int(np.clip(n_rows // 40, 3, 20))


def trees(n_rows, n_columns, cost):
    """Choose the number of trees so that a forest is fitted in a few seconds.

    `cost` is the time in nanoseconds that a value takes on each level of a tree.
    """
    one_tree = n_rows * n_columns * np.log2(n_rows + 2) * cost * 1e-9
    return {**TREES, "n_estimators": int(np.clip(2 / one_tree, 40, 300))}


def products():
    """Make a linear model of all products of two features."""
    powers = PolynomialFeatures(2, include_bias=False)
    return scaled(powers, StandardScaler(), RidgeCV(np.logspace(-3, 5, 17)))


def process(n_columns):
    """Make a Gaussian process that can be smooth and linear in the features."""
    length = np.ones(n_columns) if n_columns <= 8 else 3.0
    kernel = ConstantKernel() * Matern(length, nu=2.5) + DotProduct() + WhiteKernel(0.1)
    return scaled(GaussianProcessRegressor(kernel, normalize_y=True, random_state=0))


def support(c):
    """Make a support vector machine for numbers."""
    return TransformedTargetRegressor(scaled(SVR(C=c)), transformer=StandardScaler())


def regressors(n_rows, n_plain, skewed):
    """List (name, view, model): which features a model gets, and the model."""
    ridge = RidgeCV(np.logspace(-6, 4, 21))
    boosted = {"min_samples_leaf": leaf_size(n_rows), "early_stopping": False}
    hgb = HistGradientBoostingRegressor(random_state=0, **boosted)
    slow = HistGradientBoostingRegressor(random_state=1, max_features=0.5, **SLOW, **boosted)
    extra = ExtraTreesRegressor(**trees(n_rows, n_plain, 5))
    forest = RandomForestRegressor(
        min_samples_leaf=2, max_features=0.5, **trees(n_rows, n_plain / 2, 30)
    )
    near = KNeighborsRegressor(5, weights="distance")
    few_products = n_rows * (n_plain * (n_plain + 3) / 2) ** 2 < 5e9
    listed = [
        (True, "ridge", "smooth", scaled(ridge)),
        (True, "hgb", "all", hgb),
        (True, "extra", "all", extra),
        (True, "ridge of plain", "plain", scaled(ridge)),
        (n_rows <= 300, "one feature", "plain", scaled(SelectKBest(f_regression, k=1), ridge)),
        (n_rows <= 3_000, "lasso", "plain", scaled(LassoCV(cv=3, random_state=0))),
        (skewed, "ridge of logs of log", "smooth", logged(of_logs(ridge))),
        (skewed, "hgb of log", "all", logged(hgb)),
        (skewed, "extra of log", "all", logged(extra)),
        (few_products, "ridge of products", "plain", products()),
        (True, "hgb slow", "all", slow),
        (n_rows <= 2_500, "support", "smooth", support(10.0)),
        (n_rows <= 2_500, "support tight", "smooth", support(1.0)),
        (n_rows <= 400 and n_plain <= 60, "process", "plain", process(n_plain)),
        (True, "forest", "all", forest),
        (
            n_rows <= 20_000,
            "neighbours",
            "smooth",
            scaled(near),
        ),
    ]
    return [candidate for wanted, *candidate in listed if wanted]


def classifiers(n_rows, n_columns, n_classes):
    """List (name, view, model): which features a model gets, and the model."""
    if n_classes > 25:
        return many_classes(n_rows, n_classes)
    boosted = {"min_samples_leaf": leaf_size(n_rows), "early_stopping": False}
    balanced = {"class_weight": "balanced"}
    linear = {"max_iter": 500 if n_rows < 10_000 else 100}
    extra = trees(n_rows, n_columns**0.5, 15)
    forest = trees(n_rows, n_columns**0.5, 40)
    slow = HistGradientBoostingClassifier(
        random_state=1, max_features=0.5, **SLOW, **boosted, **balanced
    )
    listed = [
        ("hgb", "all", HistGradientBoostingClassifier(random_state=0, **boosted)),
        ("logistic", "smooth", scaled(LogisticRegression(**linear))),
        ("extra", "all", ExtraTreesClassifier(**extra)),
        ("forest", "all", RandomForestClassifier(min_samples_leaf=2, **forest)),
        ("logistic shrunk", "smooth", scaled(LogisticRegression(C=0.03, **linear))),
        ("hgb balanced", "all", slow),
        ("extra leaves", "all", ExtraTreesClassifier(min_samples_leaf=3, **balanced, **extra)),
    ]
    if n_rows < 20_000:
        neighbours = KNeighborsClassifier(5, weights="distance")
        listed.append(("neighbours", "smooth", scaled(neighbours)))
    return listed


def many_classes(n_rows, n_classes):
    """List classifiers whose time and memory grow slowly with the number of classes."""
    n_trees = int(np.clip(1e8 / (2 * n_rows * n_classes), 20, 300))
    grown = {**TREES, "n_estimators": n_trees}
    found = [
        ("neighbours", "smooth", scaled(KNeighborsClassifier(5, weights="distance"))),
        ("extra", "all", ExtraTreesClassifier(**grown)),
        ("forest", "all", RandomForestClassifier(min_samples_leaf=2, **grown)),
    ]
    if n_rows * n_classes < 200_000:
        found.append(("logistic", "smooth", scaled(LogisticRegression(max_iter=200))))
    return found
