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
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, DotProduct, Matern, WhiteKernel
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, PolynomialFeatures, StandardScaler
from sklearn.svm import SVR

TREES = {"n_estimators": 300, "random_state": 0, "n_jobs": 1}
SLOW = {"learning_rate": 0.04, "max_iter": 350, "max_leaf_nodes": 15, "l2_regularization": 1.0}


def scaled(*steps):
    """Put imputation and scaling before a model that needs them."""
    return make_pipeline(SimpleImputer(), StandardScaler(), *steps)


def signed_log(values):
    """Shrink large values of both signs."""
    return np.sign(values) * np.log1p(np.abs(values))


def of_logs(*steps):
    """Put logarithms of the features before a model that needs scaled ones."""
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


def products(n_columns):
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
    alphas = np.logspace(-6, 4, 21)
    boosted = {"min_samples_leaf": leaf_size(n_rows), "early_stopping": False}
    hgb = HistGradientBoostingRegressor(random_state=0, **boosted)
    extra = ExtraTreesRegressor(**TREES)
    found = [
        ("ridge", "smooth", scaled(RidgeCV(alphas))),
        ("hgb", "all", hgb),
        ("extra", "all", extra),
        ("ridge of plain", "plain", scaled(RidgeCV(alphas))),
    ]
    if skewed:
        found += [
            ("ridge of logs of log", "smooth", logged(of_logs(RidgeCV(alphas)))),
            ("hgb of log", "all", logged(hgb)),
            ("extra of log", "all", logged(extra)),
        ]
    if n_plain <= 40:
        found.append(("ridge of products", "plain", products(n_plain)))
    found.append(
        (
            "hgb slow",
            "all",
            HistGradientBoostingRegressor(random_state=1, max_features=0.5, **SLOW, **boosted),
        )
    )
    if n_rows <= 5_000:
        found += [("support", "smooth", support(10.0)), ("support tight", "smooth", support(1.0))]
    if n_rows <= 500 and n_plain <= 60:
        found.append(("process", "plain", process(n_plain)))
    forest = RandomForestRegressor(min_samples_leaf=2, max_features=0.5, **TREES)
    found.append(("forest", "all", forest))
    if n_rows <= 20_000:
        found.append(("neighbours", "smooth", scaled(KNeighborsRegressor(5, weights="distance"))))
    return found


def classifiers(n_rows, n_columns, n_classes):
    """List (name, view, model): which features a model gets, and the model."""
    if n_classes > 25:
        return many_classes(n_rows, n_classes)
    boosted = {"min_samples_leaf": leaf_size(n_rows), "early_stopping": False}
    balanced = {"class_weight": "balanced"}
    found = [
        ("logistic", "smooth", scaled(LogisticRegression(max_iter=500))),
        ("hgb", "all", HistGradientBoostingClassifier(random_state=0, **boosted)),
        ("extra", "all", ExtraTreesClassifier(**TREES)),
        ("forest", "all", RandomForestClassifier(min_samples_leaf=2, **TREES)),
        ("logistic shrunk", "smooth", scaled(LogisticRegression(C=0.03, max_iter=500))),
        (
            "hgb balanced",
            "all",
            HistGradientBoostingClassifier(
                random_state=1, max_features=0.5, **SLOW, **boosted, **balanced
            ),
        ),
        ("extra leaves", "all", ExtraTreesClassifier(min_samples_leaf=3, **balanced, **TREES)),
    ]
    if n_rows < 20_000:
        neighbours = KNeighborsClassifier(5, weights="distance")
        found.append(("neighbours", "smooth", scaled(neighbours)))
    return found


def many_classes(n_rows, n_classes):
    """List classifiers whose time and memory grow slowly with the number of classes."""
    n_trees = int(np.clip(1e8 / (2 * n_rows * n_classes), 20, 300))
    trees = {**TREES, "n_estimators": n_trees}
    found = [
        ("neighbours", "smooth", scaled(KNeighborsClassifier(5, weights="distance"))),
        ("extra", "all", ExtraTreesClassifier(**trees)),
        ("forest", "all", RandomForestClassifier(min_samples_leaf=2, **trees)),
    ]
    if n_rows * n_classes < 200_000:
        found.append(("logistic", "smooth", scaled(LogisticRegression(max_iter=200))))
    return found
