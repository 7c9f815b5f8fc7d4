"""The baseline's forecasts: whatever the series look like, every asked-for row gets a number."""

from __future__ import annotations

import ast

import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_limits

from darebench import run_python
from darebench.agents.baseline.compose import program_text
from darebench.agents.baseline.programs.blending import greedy, r2, soft_weights
from darebench.agents.baseline.programs.exogenous import build_views
from darebench.agents.baseline.programs.history import resample
from darebench.agents.baseline.programs.lines import lines
from darebench.agents.baseline.programs.regressions import regressions
from darebench.agents.baseline.programs.seasons import autoregression, seasons, years_ago
from darebench.agents.baseline.programs.timestamps import as_days, clean_number, parse_times
from darebench.sandbox.program import with_settings

pytestmark = pytest.mark.filterwarnings("ignore")  # as the program itself does
DAYS = pd.date_range("2023-01-01", periods=120).strftime("%Y-%m-%d")
RNG = np.random.default_rng(0)


def forecast(tmp_path, train, val, targets=("y",), question="", seconds=1):
    """Run the program in the sandbox; check the keys, and give the predicted numbers."""
    pd.DataFrame(train).to_csv(tmp_path / "train.csv", index=False)
    pd.DataFrame(val).to_csv(tmp_path / "val.csv", index=False)
    names = ("train.csv", "val.csv")
    settings = {"train": names[0], "val": names[1], "targets": list(targets)}
    code = with_settings(
        program_text("forecast"), {**settings, "question": question, "seconds": seconds}
    )
    out = tmp_path / "out"
    out.mkdir()
    loaded = {name: tmp_path / name for name in names}
    outcome = run_python(code, load=loaded, save=["prediction.csv"], save_to=out)
    assert outcome.status == "ok", outcome.stderr
    asked, given = (
        pd.read_csv(path, dtype=str, keep_default_na=False)
        for path in (tmp_path / "val.csv", out / "prediction.csv")
    )
    keys = ["row_id"] if "row_id" in asked else list(asked.columns)
    assert given[keys].equals(asked[keys])
    values = given[list(targets)].astype(float)
    assert np.isfinite(values.to_numpy()).all()
    return values


def panel(n=60, names=("a", "b")):
    return pd.DataFrame({"day": np.tile(DAYS[:n], len(names)), "who": np.repeat(names, n)}).assign(
        y=lambda f: 10.0 * (f["who"] == names[-1]) + RNG.normal(size=len(f))
    )


HISTORIES = {
    "one row": ({"day": DAYS[:1], "y": [3.0]}, {"day": DAYS[1:4]}),
    "no row with a value": ({"day": DAYS[:9], "y": [None] * 9}, {"day": DAYS[9:12]}),
    "constant": ({"day": DAYS[:50], "y": [7] * 50}, {"day": DAYS[50:60]}),
    "missing values": (
        {"day": DAYS[:50], "y": [None if i % 3 else i for i in range(50)]},
        {"day": DAYS[50:60]},
    ),
    "unreadable times": (
        {"day": ["?", "soon", *DAYS[:50]], "y": range(52)},
        {"day": [*DAYS[50:60], "later"]},
    ),
    "a new entity": (panel(), {"day": DAYS[60:63], "who": ["a", "c", ""]}),
    "rows twice": (pd.concat([panel(), panel()]), {"day": DAYS[60:62], "who": ["a", "b"]}),
    "a horizon longer than the history": (
        {"day": DAYS[:12], "y": range(12)},
        {"day": DAYS[12:120]},
    ),
    "mixed zones": (
        {
            "day": [f"{d} 00:00:00{'-04:00' if i % 2 else '-05:00'}" for i, d in enumerate(DAYS)],
            "y": range(120),
        },
        {"day": ["2023-05-01 00:00:00-04:00", "2023-05-02 00:00:00Z"]},
    ),
    "other alphabets": (
        {"日付": DAYS[:50], "город": ["Köln", "नगर"] * 25, "y": range(50)},
        {"日付": DAYS[50:52], "город": ["नगर", "Köln"]},
    ),
    "years": ({"year": range(1950, 2000), "y": range(50)}, {"year": range(2000, 2010)}),
    "one time for all": ({"day": [DAYS[0]] * 30, "y": range(30)}, {"day": [DAYS[1]]}),
    "numbers with signs": (
        {"day": DAYS[:50], "y": [f"$1,{i:03d}" for i in range(50)]},
        {"day": DAYS[50:53]},
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", HISTORIES)
def test_every_row_of_a_history_gets_a_number(case, tmp_path):
    forecast(tmp_path, *HISTORIES[case])


def features(n, start=0, **more):
    x = np.arange(start, start + n, dtype=float)
    return pd.DataFrame({"day": DAYS[start : start + n], "x": x % 7, "z": x, **more})


def with_ids(frame):
    return frame.assign(row_id=range(1, len(frame) + 1))[["row_id", *frame.columns]]


FUTURES = {
    "few rows": (features(5).assign(y=1.0), with_ids(features(3, 5))),
    "constant": (features(50).assign(y=1.0), with_ids(features(9, 50))),
    "a feature that training lacks": (
        features(60, w=np.nan).assign(y=lambda f: f["x"]),
        with_ids(features(20, 60, w=1.0)),
    ),
    "a feature that comes late": (
        features(90, w=[np.nan] * 85 + [1.0, 2.0] * 2 + [3.0]).assign(y=lambda f: f["x"]),
        with_ids(features(20, 90, w=2.0)),
    ),
    "infinite and missing values": (
        features(60, w=[np.inf, np.nan, 1.0] * 20).assign(y=[None, 1.0, 2.0] * 20),
        with_ids(features(20, 60, w=np.inf)),
    ),
    "asked rows among the known": (
        features(80).iloc[::2].assign(y=lambda f: f["x"]),
        with_ids(features(80).iloc[1::2]),
    ),
    "only text": (
        pd.DataFrame({"day": DAYS[:60], "note": [f"n{i}" for i in range(60)], "y": range(60)}),
        with_ids(pd.DataFrame({"day": DAYS[60:63], "note": ["α", "", "n1"]})),
    ),
    "unreadable times": (
        features(60).assign(day="?", y=lambda f: f["x"]),
        with_ids(features(9, 60).assign(day="!")),
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", FUTURES)
def test_every_row_with_features_gets_a_number(case, tmp_path):
    forecast(tmp_path, *FUTURES[case])


def test_several_targets_are_each_forecast(tmp_path):
    train = panel().assign(w=lambda f: -f["y"])
    values = forecast(tmp_path, train, {"day": DAYS[60:61], "who": ["b"]}, targets=("y", "w"))
    assert values["y"][0] > 5
    assert values["w"][0] < -5


def test_a_target_that_a_change_of_a_feature_gives_is_found(tmp_path):
    total = RNG.gamma(2.0, 50.0, size=120).cumsum()
    frame = pd.DataFrame({"day": DAYS, "total": total, "y": np.diff(total, prepend=0.0)})
    val = with_ids(frame.drop(columns="y").iloc[90:])
    values = forecast(tmp_path, frame.iloc[:90], val, seconds=30)
    assert r2(frame["y"].to_numpy()[90:], values["y"].to_numpy()) > 0.95


def test_a_growing_season_goes_on(tmp_path):
    months = pd.date_range("2012-01-01", periods=120, freq="MS")
    y = np.exp(np.arange(120) / 60 + 0.3 * np.sin(2 * np.pi * months.month.to_numpy() / 12))
    train = {"month": months[:96].strftime("%YM%m"), "y": y[:96]}
    values = forecast(tmp_path, train, {"month": months[96:].strftime("%YM%m")}, seconds=30)
    assert r2(y[96:], values["y"].to_numpy()) > 0.9


def test_the_parts_share_one_text_without_clashes():
    tree = ast.parse(program_text("forecast"))
    names = [n.name for n in tree.body if isinstance(n, ast.FunctionDef)]
    names += [t.id for n in tree.body if isinstance(n, ast.Assign) for t in n.targets]
    assert len(names) == len(set(names))
    assert "darebench" not in {
        name.split(".")[0]
        for n in tree.body
        if isinstance(n, ast.ImportFrom)
        for name in [n.module]
    }


@pytest.mark.parametrize(
    ("texts", "second"),
    [
        (["22/04/2024", "23/04/2024", "24/04/2024"], "2024-04-23"),
        (["04/11/2024", "04/12/2024", "04/13/2024"], "2024-04-12"),
        (["01/02/2024", "02/02/2024", "03/02/2024", "04/02/2024"], "2024-02-02"),
        (["2023-09", "2023-10"], "2023-10-01"),
        (["2023M03", "2023M04"], "2023-04-01"),
        (["2023/3", "2023/4"], "2023-04-01"),
        (["2023Q1", "2023Q2"], "2023-04-01"),
        (["22-Dec-2018 07:45", "22-Dec-2018 08:15"], "2018-12-22 08:15"),
        (["2020-08-20 00:00:00-04:00", "2020-12-20 00:00:00-05:00"], "2020-12-20"),
        (
            ["2024-01-01T00:00:00.000001Z", "2024-01-02T00:00:00.000001Z"],
            "2024-01-02 00:00:00.000001",
        ),
        (["20201120", "20201121"], "2020-11-21"),
        ([20201120, 20201121], "2020-11-21"),
        ([1999, 2000], "2000-01-01"),
        ([1577836800, 1577836860], "2020-01-01 00:01"),
        (["Jan 2020", "Feb 2020"], "2020-02-01"),
    ],
)
def test_times_are_read_in_every_spelling(texts, second):
    assert parse_times(pd.Series(texts))[1] == pd.Timestamp(second)


def test_times_out_of_reach_are_unknown():
    assert parse_times(pd.Series(["2020-01-01", "9999-01-01"])).isna().tolist() == [False, True]


def test_numbers_are_read_through_signs():
    assert clean_number(pd.Series(["$1,000", "5 %", "x"])).tolist()[:2] == [1000.0, 5.0]


def frames(y, times, n):
    frame = pd.DataFrame({"e": 0, "t": times, "d": as_days(pd.Series(times)), "y": y})
    return frame.iloc[:n].copy(), frame.iloc[n:].drop(columns="y").reset_index(drop=True)


def test_a_line_is_extended_exactly():
    times = pd.date_range("2020-01-01", periods=60)
    history, query = frames(np.arange(60.0), times, 40)
    found = lines(history, query, history["y"].to_numpy(), 20.0)
    for name in ("line", "long line", "last, drifting", "last along line"):
        assert found[name] == pytest.approx(np.arange(40.0, 60.0)), name
    assert found["last"] == pytest.approx(39.0)


def test_the_weekday_and_the_month_come_back():
    times = pd.date_range("2020-01-01", periods=1200)
    y = 5.0 * times.day_of_week + 20.0 * np.sin(2 * np.pi * times.month / 12)
    history, query = frames(y, times, 900)
    parts = {name: rest for name, *rest in seasons(history, query, history["y"].to_numpy())}
    guess = parts[" and season"][1]
    assert r2(y.to_numpy()[900:], guess + y.to_numpy()[900:].mean() - guess.mean()) > 0.95


def test_the_year_before_comes_back():
    times = pd.date_range("2018-01-01", periods=72, freq="MS")
    y = times.month.to_numpy(float) ** 2 + 10 * (times.year - 2018)
    history, query = frames(y, times, 60)
    found = dict(years_ago(history, query, history["y"].to_numpy()))
    assert found["year ago and growth"] == pytest.approx(y[60:])


def test_a_cycle_without_a_calendar_runs_on():
    times = pd.date_range("2000-01-01", periods=220, freq="YS")
    y = np.sin(2 * np.pi * np.arange(220) / 11)
    history, query = frames(y, times, 200)
    assert r2(y[200:], autoregression(history, query, history["y"].to_numpy())) > 0.9


def test_the_history_is_resampled_as_the_question_says():
    times = pd.to_datetime(["2020-01-01 00:10", "2020-01-01 00:50", "2020-01-01 03:00"])
    history = pd.DataFrame({"e": 0, "t": times, "y": [1.0, 3.0, 5.0]})
    text = "resample to a uniform interval of '1H', and aggregate using the method 'mean'."
    result = resample(history, text)
    assert result["y"].tolist() == [2.0, 5.0]
    assert result["t"].tolist() == list(pd.to_datetime(["2020-01-01 00:00", "2020-01-01 03:00"]))
    assert resample(history, "no word of it") is history


def test_series_are_told_apart_without_being_named():
    train = panel(40, ("a", "b", "c")).assign(n=range(120))
    views = build_views(train, with_ids(train.drop(columns="y")), ["y"])
    assert pd.crosstab(views["e"][:120], train["who"]).astype(bool).to_numpy().sum() == 3


def test_every_regression_runs_and_products_are_found():
    a, b = RNG.uniform(1, 9, 200), RNG.uniform(1, 9, 200)
    frame = pd.DataFrame({"day": pd.date_range("2020-01-01", periods=200), "a": a, "b": b})
    frame["who"] = ["u", "v"] * 100
    frame["day"] = frame["day"].astype(str)
    views = build_views(frame.assign(y=a * b).iloc[:150], frame.iloc[150:], ["y"])
    with threadpool_limits(1):
        runs = regressions(views, a * b, np.arange(150), np.arange(150, 200))
        found = {name: run() for name, run in runs}
    assert r2((a * b)[150:], found["ridge of products"]) > 0.99
    assert r2((a * b)[150:], found["ridge of logs"]) > 0.99
    assert all(np.isfinite(values).all() for values in found.values())


def test_weights_sum_to_one_and_favour_the_best():
    weights = soft_weights(np.array([0.1, 0.9, 0.2]), 20.0)
    assert weights.sum() == pytest.approx(1.0)
    assert weights.argmax() == 1
    truth = np.arange(10.0)
    guesses = [{"good": truth + 0.1, "bad": -truth}]
    assert greedy(["bad", "good"], [truth], guesses).tolist() == [0.0, 1.0]


def test_a_worthless_forecast_scores_the_floor():
    truth = np.arange(3.0)
    assert r2(truth, np.full(3, np.inf)) == -1.0
    assert r2(truth, -truth * 1e200, 0.0) == 0.0
    assert r2(np.ones(3), truth) == 0.0
