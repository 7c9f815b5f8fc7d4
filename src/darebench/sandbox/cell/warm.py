"""Small pipelines that warm the zygote, so that programs find caches filled and code loaded.

None of it may show in a program: no open figure, no warning already issued, no thread, no random
state, no file.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import types
import warnings
from pathlib import Path

TABULAR = """
import io
import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, f1_score, mean_squared_error, r2_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

rng = np.random.default_rng(0)
n = 200
frame = pd.DataFrame({
    "a": rng.normal(size=n), "b": rng.normal(size=n),
    "c": rng.choice(["x", "y", "z"], n), "y": rng.integers(0, 2, n),
})
frame.loc[::17, "a"] = np.nan
text = frame.to_csv(index=False)
frame = pd.read_csv(io.StringIO(text), keep_default_na=False, na_values=[""])
numbers, words = ["a", "b"], ["c"]
for model, target in (
    (LogisticRegression(), "y"), (DecisionTreeClassifier(random_state=0), "y"), (Ridge(), "b"),
):
    steps = ColumnTransformer([
        ("num", Pipeline([("imp", SimpleImputer()), ("sc", StandardScaler())]), numbers),
        ("cat", Pipeline([
            ("imp", SimpleImputer(strategy="most_frequent")),
            ("hot", OneHotEncoder(handle_unknown="ignore", sparse_output=False)),
        ]), words),
    ])
    pipe = Pipeline([("pre", steps), ("model", model)])
    left, right, y_left, y_right = train_test_split(
        frame[numbers + words], frame[target], test_size=0.25, random_state=0
    )
    out = pipe.fit(left, y_left).predict(right)
    if target == "y":
        accuracy_score(y_right, out), f1_score(y_right, out, average="macro")
    else:
        r2_score(y_right, out), mean_squared_error(y_right, out)
    pd.DataFrame({"row_id": right.index, "y": out}).to_csv(io.StringIO(), index=False)
"""
"""What most programs do; also used to find the memory that they write to."""

OTHERS = """
import io, sqlite3
import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    GradientBoostingRegressor, HistGradientBoostingClassifier, RandomForestClassifier,
)
from sklearn.linear_model import Lasso, LinearRegression
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeRegressor

rng = np.random.default_rng(0)
X, y = rng.normal(size=(120, 4)), rng.integers(0, 2, 120)
for model in (
    GaussianNB(), KNeighborsClassifier(3), LinearSVC(), SVC(), RandomForestClassifier(5),
    HistGradientBoostingClassifier(max_iter=3), MLPClassifier((4,), max_iter=3),
    LinearRegression(), Lasso(), DecisionTreeRegressor(), GradientBoostingRegressor(n_estimators=3),
):
    model.set_params(**{k: 0 for k in model.get_params() if k == "random_state"})
    model.fit(X, y).predict(X)
KMeans(2, n_init=1, random_state=0).fit(X)
PCA(2).fit_transform(X)
cross_val_score(LinearRegression(), X, y, cv=KFold(3))
GridSearchCV(Lasso(), {"alpha": [0.1, 1.0]}, cv=2).fit(X, y)
days = pd.date_range("2024-01-01", periods=120, freq="D")
frame = pd.DataFrame({"t": days, "g": rng.choice(list("ab"), 120), "v": X[:, 0]})
frame.groupby("g")["v"].agg(["mean", "sum", "count"]).reset_index()
frame.merge(pd.DataFrame({"g": ["a", "b"], "w": [1, 2]}), on="g", how="left").describe()
frame.set_index("t")["v"].resample("W").mean().rolling(3).mean().shift(1)
frame.pivot_table(index="g", values="v", aggfunc="mean").sort_values("v")
pd.get_dummies(frame, columns=["g"]).isna().sum()
pd.to_datetime(frame["t"].astype(str), errors="coerce").dt.month
str(frame.head()), repr(frame.dtypes), frame.info(buf=io.StringIO())
with sqlite3.connect(":memory:") as base:
    frame.to_sql("t", base, index=False)
    pd.read_sql("select * from t", base)
base.close()
buffer = io.BytesIO()
frame.to_parquet(buffer)
"""

PLOTS = """
import io
import matplotlib.pyplot as plt
with plt.rc_context():
    figure, axes = plt.subplots()
    axes.plot([1, 2], [3, 4], label="a")
    axes.hist([1, 2, 2])
    axes.set_title("t")
    axes.legend()
    figure.savefig(io.BytesIO())
    plt.close(figure)
"""


def count_cores() -> None:
    """Set joblib's number of physical cores, which it would look for in the host's /sys."""
    from joblib.externals.loky.backend import context

    text = Path("/proc/cpuinfo").read_text()
    cores = {
        tuple(line for line in block.splitlines() if line.startswith(("physical id", "core id")))
        for block in text.split("\n\n")
        if "core id" in block
    }
    context.physical_cores_cache = len(cores) or os.cpu_count() or 1


def up() -> None:
    """Run the pipelines in this process, and remove their traces."""
    from threadpoolctl import threadpool_limits

    # A pool of threads in this process would be missing in its forks, which would hang.
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _run(TABULAR)
        _run(OTHERS)
        if "matplotlib" in sys.modules:
            _run(PLOTS)


def _run(code: str) -> None:
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(code, "<warm>", "exec", dont_inherit=True), types.ModuleType("warm").__dict__)


def tabular() -> None:
    """Run the most common kind of program."""
    _run(TABULAR)
