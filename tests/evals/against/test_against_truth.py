"""Predictions against the truth: counted as the scorer counts, and only for those who ask."""

from __future__ import annotations

import io
import json
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darebench.errors import ConfigError
from darebench.evals.against.compare import against_truth
from darebench.evals.against.series import _read_times
from darebench.evals.against.shape import MOST_CLASSES, MOST_POINTS, OTHERS, TimeKind, as_json
from darebench.evals.against.tabular import labels_against, numbers_against
from darebench.evals.run import EvalConfig, evaluate
from darebench.report.render import render
from darebench.scoring import score_prediction
from darebench.scoring.labels import code_labels
from darebench.store.read import open_store
from darebench.store.truth import read_truth
from darebench.store.write import DatasetFiles, write_store
from darebench.types import Family, Task, Truth, Variant
from pages import documents_in

SHOPS = ("north", "south")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A panel of two shops with both forecasting tasks, and a table with two targets."""
    rng = np.random.default_rng(3)
    days = pd.date_range("2024-01-01", periods=40).strftime("%Y-%m-%d")
    frame = pd.DataFrame(
        {"day": np.repeat(days, 2), "shop": [*SHOPS] * 40, "rain": rng.normal(0, 1, 80).round(3)}
    ).assign(sales=lambda f: (f["rain"] * 10 + rng.normal(1e5, 30, 80)).round(3))
    train, val = frame.iloc[:60], frame.iloc[60:].reset_index(drop=True)
    val.insert(0, "row_id", range(20, 0, -1))
    table = pd.DataFrame({"x": rng.normal(0, 1, 60).round(4)})
    table = table.assign(y=(table["x"] * 2 + 777).round(4), z=(-table["x"] + 555).round(4))
    table.insert(0, "row_id", range(60))
    panel = DatasetFiles(
        name="shops_ts",
        family=Family.TS,
        sources={
            "train.csv": train,
            "val_v1.csv": val.drop(columns="sales"),
            "val_v2.csv": val[["day", "shop"]],
        },
        truths={
            "ground_truth_v1.csv": val[["row_id", "sales"]].sort_values("row_id"),
            "ground_truth_v2.csv": val[["day", "shop", "sales"]],
        },
        needed_v1=("train.csv", "val_v1.csv", "metadata.txt"),
        needed_v2=("train.csv", "val_v2.csv", "metadata.txt"),
        settings={"target": ["sales"], "time_column": "day", "time_format": "%Y-%m-%d"},
        info={"ref": "a/shops", "licenseName": "CC0"},
        domain="other",
        question_v1="Forecast.",
        question_v2="Forecast.",
        metadata="A table",
    )
    two = DatasetFiles(
        name="two_reg",
        family=Family.REG,
        sources={
            "train_v2.csv": table.iloc[:40].drop(columns="row_id"),
            "val_v2.csv": table.iloc[40:][["row_id", "x"]],
        },
        truths={"ground_truth.csv": table.iloc[40:][["row_id", "y", "z"]]},
        needed_v1=(),
        needed_v2=("train_v2.csv", "val_v2.csv", "metadata.txt"),
        settings={"target": ["y", "z"]},
        info={"ref": "a/two", "licenseName": "CC0"},
        domain="other",
        extra={"variants": ["mm"]},
        question_v1="Forecast.",
        question_v2="Forecast.",
        metadata="A table",
    )
    folder = tmp_path_factory.mktemp("against") / "store"
    write_store([panel, two], folder)
    return open_store(folder)


def answer_of(truth: Truth) -> pd.DataFrame:
    return pd.read_csv(io.BytesIO(truth.csv))


def against(task: Task, answer: pd.DataFrame, truth: Truth):
    return against_truth(task, answer.to_csv(index=False).encode(), truth)


@pytest.mark.parametrize("variant", [Variant.XF, Variant.CF])
def test_a_forecast_is_shown_by_entity_after_its_history_the_worst_first(store, variant):
    task = store.task(f"shops_ts/{variant}")
    truth = read_truth(task)
    answer = answer_of(truth)
    val = pd.read_csv(task.source / "val_v1.csv").assign(row=lambda f: f["row_id"])
    south = (
        answer["shop"] == "south"
        if variant is Variant.CF
        else answer["row_id"].isin(val.loc[val["shop"] == "south", "row_id"])
    )
    answer["sales"] += np.where(south, 50.0, 5.0)
    (target,) = against(task, answer.sample(frac=1, random_state=0), truth).targets
    series = target.series
    assert series is not None
    assert (series.time_column, series.time_kind) == ("day", TimeKind.INSTANT)
    assert [e.entity for e in series.entities] == [{"shop": "south"}, {"shop": "north"}]
    assert [round(e.squared_error_share or 0, 3) for e in series.entities] == [0.99, 0.01]
    train = pd.read_csv(task.source / "train.csv")
    whole = pd.read_csv(task.source.parent / "verify" / "ground_truth_v2.csv")
    for entity, more in zip(series.entities, (50.0, 5.0), strict=True):
        shop = entity.entity["shop"]
        assert entity.history.values == tuple(train.loc[train["shop"] == shop, "sales"])
        assert entity.forecast.truth == tuple(whole.loc[whole["shop"] == shop, "sales"])
        np.testing.assert_allclose(
            np.subtract(entity.forecast.prediction, entity.forecast.truth), more
        )
        times = [*entity.history.times, *entity.forecast.times]
        assert times == sorted(times)
        assert len(set(times)) == len(times) == 40
    assert target.numbers is not None
    assert {r.id for r in target.numbers.worst[:10]} == set(
        answer.loc[south, "row_id"].astype(str) if variant is Variant.XF else
        [f"day={d!r}, shop='south'" for d in answer.loc[south, "day"]]
    )  # fmt: skip


def test_each_of_several_targets_is_shown_and_one_without_numbers_says_why(store):
    task = store.task("two_reg/mm")
    truth = read_truth(task)
    answer = answer_of(truth)
    answer["y"] += 1.0
    answer["z"] = "none"
    found = against(task, answer, truth)
    first, second = found.targets
    assert (first.target, first.n_rows, second.target) == ("y", 20, "z")
    assert first.numbers is not None
    assert first.numbers.mean_error == pytest.approx(1.0)
    assert (second.numbers, "not a finite number" in (second.reason or "")) == (None, True)
    json.dumps(as_json(found), allow_nan=False)
    for bad in (None, b"", b"row_id,y,z\n40,1,2\n"):
        found = against_truth(task, bad, truth)
        scored = score_prediction(bad, truth)
        assert scored.reason is not None
        assert (found.targets, found.reason) == ((), scored.reason.message)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=300))
def test_a_confusion_matrix_counts_every_row(pairs):
    import pyarrow as pa

    true, predicted = (pa.array([f"c{p[side]}" for p in pairs]) for side in (0, 1))
    found = labels_against(code_labels(true, predicted), [str(n) for n in range(len(pairs))])
    size = len(found.classes)
    assert size <= MOST_CLASSES
    assert (found.classes[-1] == OTHERS) is bool(found.n_grouped)
    assert [len(row) for row in found.confusion] == [size] * size
    assert sum(map(sum, found.confusion)) == len(pairs)
    for number, name in enumerate(found.classes[: size - bool(found.n_grouped)]):
        assert sum(found.confusion[number]) == sum(f"c{t}" == name for t, _ in pairs)
        assert found.confusion[number][number] == sum(f"c{t}" == name and t == p for t, p in pairs)
    assert len(found.differing) == min(200, sum(t != p for t, p in pairs))


@settings(max_examples=30)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_errors_are_numbers_whatever_is_predicted(values):
    given_, truth = np.array(values), np.array(values[::-1])
    found = numbers_against(truth, given_, [str(n) for n in range(len(values))], exact=False)
    assert np.isfinite([*found.residual, found.mean_absolute_error]).all()
    assert np.isfinite([found.root_mean_square_error, found.mean_error]).all()
    with np.errstate(over="ignore"):
        error = float(np.sqrt(np.mean((given_ - truth) ** 2)))
    if 1e-100 < error < np.inf:
        assert found.root_mean_square_error == pytest.approx(error)


def test_many_points_are_sampled_alike_each_time_and_the_worst_is_never_lost():
    truth = np.arange(5000.0)
    given_ = truth + (truth == 4321)
    ids = [str(n) for n in range(5000)]
    found, again = (numbers_against(truth, given_, ids, exact=True) for _ in range(2))
    assert found == again
    assert (len(found.ids), found.seed) == (MOST_POINTS, 0)
    assert [row.id for row in found.worst] == ["4321"]


@pytest.mark.parametrize(
    ("sides", "hint", "kind", "first"),
    [
        ([["2009", "2010"], ["2011"]], None, TimeKind.NUMBER, 2009.0),
        ([["2009", "2010"], ["2011"]], "%Y", TimeKind.INSTANT, "2009-01-01T00:00:00"),
        ([["2023M03"], ["2023M04"]], None, TimeKind.INSTANT, "2023-03-01T00:00:00"),
        ([["before"], ["after"]], None, TimeKind.TEXT, "before"),
    ],
)
def test_times_are_read_in_one_way_for_past_and_future(sides, hint, kind, first):
    found, times = _read_times(sides, hint)
    assert (found, times[0][0], list(map(len, times))) == (kind, first, list(map(len, sides)))


@pytest.mark.filterwarnings("default")  # Inspect's own dependencies warn
def test_no_true_value_leaves_without_being_asked_for(store, tmp_path):
    run = evaluate(EvalConfig(store=str(store.root), model="trivial"), out=tmp_path / "run")
    values = {
        text
        for task in store.tasks
        for column in task.targets
        for text in pd.read_csv(io.BytesIO(read_truth(task).csv), dtype=str)[column]
    }
    assert len(values) == 60
    for form in ("html", "json", "md", "csv", "tex", "terminal"):
        text = render([run.folder], form).text
        if form == "html":
            text += json.dumps(documents_in(text))
        assert not [value for value in values if value in text]
    shown = json.loads(render([run.folder], "json", with_truth=True).text)["against_truth"]
    assert {f"{a['task']}" for a in shown} == {task.id for task in store.tasks}
    found = {row["truth"] for a in shown for t in a["targets"] for row in t["numbers"]["worst"]}
    assert found == set(map(float, values))
    page = json.dumps(documents_in(render([run.folder], "html", with_truth=True).text))
    assert all(re.search(rf"\b{re.escape(f'{float(v)}')}\b", page) for v in values)
    with pytest.raises(ConfigError, match="--with-truth needs --format html or json"):
        render([run.folder], "md", with_truth=True)
