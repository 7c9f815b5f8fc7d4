"""The baseline reads the starter store's written workflows back into their settings."""

from __future__ import annotations

import asyncio
import json

import numpy as np
import pandas as pd
import pytest
from garden import FILTERS, GARDEN_META, RANGES, START, WORDINGS

from darebench import open_store, run_python
from darebench.agents.baseline.policy import BaselineModel, look
from darebench.agents.baseline.programs import explore
from darebench.agents.prompt import opening
from darebench.agents.protocol import Budget
from darebench.instructions.facts import Facts
from darebench.instructions.ranges import plain
from darebench.instructions.reader import read_ranges, read_workflow
from darebench.store.truth import read_settings


@pytest.mark.parametrize("dataset", ["iris_class", "affairs_class", "diabetes_reg"])
def test_a_written_workflow_comes_back_as_its_settings(dataset):
    task = next(t for t in open_store().tasks if t.id == f"{dataset}/if")
    asked = opening(task, Budget(), tool="python_executor", prediction="prediction.csv")
    look = asyncio.run(BaselineModel().reply(asked, [])).message.tool_calls[0].arguments
    loaded = {name: task.source / name for name in look["files_to_load"]}
    facts = json.loads(run_python(look["code"], load=loaded).stdout)
    settings = read_settings(task)
    read = read_workflow(task.question, facts, settings.train_file, settings.val_file)
    assert read is not None
    assert read["targets"] == list(settings.targets)
    assert read["features"] == list(settings.features)
    assert read["numerical"] == list(settings.numerical)
    assert read["categorical"] == list(settings.categorical)
    assert read["imputer"] == settings.imputer
    assert read["model"] == settings.model
    assert read["random_state"] == settings.random_state


def with_release_noise(clean: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Mix in rows as the public release has them: every value one to ten beyond its range."""
    noise = clean.sample(60, random_state=0).reset_index(drop=True)
    for name, bounds in RANGES.items():
        if isinstance(bounds[0], str):
            noise[name] = ["".join(map(chr, row)) for row in rng.integers(97, 123, (60, 8))]
            continue
        beyond = rng.integers(1, 11, 60)
        noise[name] = np.where(rng.random(60) < 0.5, bounds[0] - beyond, bounds[1] + beyond)
    return pd.concat([clean, noise]).sample(frac=1, random_state=0).reset_index(drop=True)


@pytest.fixture(scope="module")
def garden(tmp_path_factory):
    """A folder with a noisy training table and its description."""
    rng = np.random.default_rng(0)
    n = 300
    clean = pd.DataFrame(
        {
            "tmp_c": rng.uniform(4.2, 38.7, n).round(1),
            "hum": rng.uniform(23, 95, n).round(1),
            "n_workers": rng.integers(1, 9, n),
            "plot_kind": rng.choice(["glass", "foil", "open field"], n),
            "zone": rng.integers(1, 5, n),
            "light_h": rng.uniform(6, 17, n).round(2),
            "yield_kg": rng.normal(10, 2, n).round(2),
        }
    )
    folder = tmp_path_factory.mktemp("garden")
    train = with_release_noise(clean, rng)
    train.insert(0, "row_id", range(len(train)))
    train.to_csv(folder / "train_v1.csv", index=False)
    val = clean.drop(columns="yield_kg").head(20)
    val.insert(0, "row_id", range(len(val)))
    val.to_csv(folder / "val_v1.csv", index=False)
    (folder / "metadata.txt").write_text(GARDEN_META)
    return folder


@pytest.mark.parametrize("spelling", FILTERS)
@pytest.mark.parametrize("number", range(len(WORDINGS)))
def test_a_workflow_is_read_in_many_wordings(garden, number, spelling, monkeypatch, capsys):
    steps, features, numerical, imputer, model, seed = WORDINGS[number]
    question = f"{START}{FILTERS[spelling]}\n\n{steps}"
    monkeypatch.chdir(garden)
    explore.main(dict(look(question, ("train_v1.csv", "val_v1.csv", "metadata.txt")).settings))
    facts = json.loads(capsys.readouterr().out)
    read = read_workflow(question, facts, "train_v1.csv", "val_v1.csv")
    assert read is not None
    assert read["targets"] == ["yield_kg"]
    assert read["features"] == features
    assert read["numerical"] == numerical
    assert read["categorical"] == [f for f in features if f not in numerical]
    assert (read["imputer"], read["model"], read["random_state"]) == (imputer, model, seed)
    ranges = {name: [list(pair) for pair in pairs] for name, pairs in read["ranges"].items()}
    assert ranges == {name: [ends] for name, ends in RANGES.items() if name != "plot_kind"}


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("between 1 and 3,649 days", 1, 3649),
        ("from 500 to 500 000", 500, 500_000),
        ("must be 0 or 1", 0, 1),
        ("at least -3 and at most 10.5", -3, 10.5),
        ("a minimum of 5 and a maximum of 10", 5, 10),
        ("greater than or equal to 5 and less than or equal to 10", 5, 10),
        ("[0.0, 17.0]", 0, 17),
        ("between –3 and 2", -3, 2),
        ("20 % to 100 %", 20, 100),
        ("5 ≤ x ≤ 10", 5, 10),
        ("between zero and ten", 0, 10),
        ("between $1.5e3 and $2e4", 1500, 20_000),
    ],
)
def test_a_range_is_read_in_many_spellings(text, low, high):
    assert read_ranges(plain(text)) == [(low, high)]


def test_a_step_beside_noise_needs_no_full_range():
    """Noise lies just beyond the ends, so a range fits even where no true value reaches them."""
    values = pd.Series([5.0, 6.5, 7.0] * 30 + [-1.0, -10.0, 21.0, 30.0] * 4)
    assert explore.fitting(values, [(0.0, 20.0), (0.0, 25.0), (-5.0, 20.0)]) == [[0.0, 20.0]]


def test_a_list_of_names_is_not_joined_by_the_values_that_follow_it():
    columns = {"inbed": "float64", "left": "str", "year": "int64", "cause": "str"}
    told = [{"name": name, "dtype": dtype} for name, dtype in columns.items()]
    told[3]["stated"] = ["acd", "alive", "inbed"]
    facts = {
        "files": {name: {"tables": {"": {"columns": told}}} for name in ("train.csv", "val.csv")},
        "metadata": "",
    }
    text = (
        'Expected: `year` from 1840 to 1960; `cause` one of "acd", "alive", "inbed". Select these '
        "features in this order: `inbed`, `left`, `year` and `cause`. Treat `inbed` and `year` as "
        "numeric. Treat `left` and `cause` as categorical. Fill missing numeric values by the "
        "median. Fit scikit-learn's Ridge with random_state 3."
    )
    read = read_workflow(text, facts, "train.csv", "val.csv")
    assert read["features"] == ["inbed", "left", "year", "cause"]
    assert (read["numerical"], read["categorical"]) == (["inbed", "year"], ["left", "cause"])


@pytest.mark.parametrize("imputer", ["mean", "median", "most frequent value"])
@pytest.mark.parametrize("called", ["average blood pressure", "mean pay", "median age", "`mean`"])
def test_what_a_column_is_called_is_not_the_imputer(called, imputer):
    """A handled column, or one that is filled, may be called after a statistic."""
    name = called.strip("`")
    facts: Facts = {
        "files": {
            file: {"tables": {"": {"columns": [{"name": c, "dtype": "float64"} for c in columns]}}}
            for file, columns in {"t.csv": [name, "size", "y"], "v.csv": [name, "size"]}.items()
        },
        "metadata": "",
    }
    text = (
        "Predict the target column `y`. Select these features in this order: "
        f"size and {called}. Handle size and {called} as numeric features; missing values of "
        f"{called} are filled like all others. Fill missing values with the {imputer} of their "
        "column. Scale with StandardScaler. Fit Ridge with random_state 3."
    )
    read = read_workflow(text, facts, "t.csv", "v.csv")
    assert read is not None
    assert read["features"] == ["size", name]
    assert read["imputer"] == {"most frequent value": "most_frequent"}.get(imputer, imputer)
