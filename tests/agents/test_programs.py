"""The baseline's programs, in the real sandbox, on small tables that real data can look like."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import numpy as np
import pandas as pd
import pytest

from darebench.agents.baseline import policy
from darebench.agents.baseline.compose import program_text
from darebench.sandbox.program import Program

ROWS = 60
RNG = np.random.default_rng(0)
TABLE = pd.DataFrame(
    {
        "size": RNG.normal(size=ROWS).round(3),
        "kind": RNG.choice(["x", "y", "zé"], ROWS),
        "price": RNG.normal(size=ROWS).round(3),
        "sold": RNG.choice(["yes", "no"], ROWS),
    }
)
ASKED = TABLE[["size", "kind"]]


def run(sandbox, program, settings, train, val, tmp_path, fmt="csv"):
    """Run a program on two tables and read its prediction."""
    val = val.assign(row_id=range(100, 100 + len(val)))
    names = {f"train.{fmt}": train, f"val.{fmt}": val}
    for name, frame in names.items():
        if fmt == "csv":
            frame.to_csv(tmp_path / name, index=False)
        elif fmt == "parquet":
            frame.to_parquet(tmp_path / name)
        else:
            with closing(sqlite3.connect(tmp_path / name)) as connection:
                frame.to_sql("data_1", connection, index=False)
    step = policy.Step(
        program=program,
        settings={"train": f"train.{fmt}", "val": f"val.{fmt}", **settings},
        load=tuple(names),
    )
    code = policy.call_of(step, 1).tool_calls[0].arguments["code"]
    load = {name: tmp_path / name for name in names}
    outcome = sandbox.execute_now(
        Program(code=code, load=load, save=("prediction.csv",), save_to=tmp_path)
    )
    assert outcome.exit_code == 0, outcome.stderr
    answer = pd.read_csv(outcome.files["prediction.csv"].path)
    assert answer["row_id"].tolist() == val["row_id"].tolist()
    return answer


def predict(sandbox, train, val, target, tmp_path, *, kind="regression", seconds=0.1, fmt="csv"):
    """Predict targets with the tabular program; it must leave no gap."""
    targets = [target] if isinstance(target, str) else target
    settings = {"targets": targets, "kind": kind, "seconds": seconds, "max_rows": 1000}
    answer = run(sandbox, "table_model", settings, train, val, tmp_path, fmt)
    assert answer[targets].notna().all(axis=None)
    return answer


WIDE = pd.DataFrame(RNG.normal(size=(ROWS, 200)), columns=[f"w{i}" for i in range(200)])
HOSTILE = {
    "one row": (TABLE.head(1), ASKED.head(3), "price"),
    "five rows": (TABLE.head(5), ASKED.head(3), "price"),
    "constant target": (TABLE.assign(price=3.0), ASKED, "price"),
    "a column that is missing altogether": (
        TABLE.assign(gone=np.nan), ASKED.assign(gone=np.nan), "price",
    ),
    "a column that only the asked rows have": (
        TABLE.assign(gone=np.nan), ASKED.assign(gone=1.0), "price",
    ),
    "text in a numeric column": (TABLE, ASKED.assign(size="oops"), "price"),
    "infinite numbers": (TABLE.assign(size=np.inf), ASKED, "price"),
    "more columns than rows": (TABLE.join(WIDE), ASKED.join(WIDE), "price"),
    "names beyond ASCII": (
        TABLE.rename(columns={"size": "größe, °C", "price": "目标"}),
        ASKED.rename(columns={"size": "größe, °C"}), "目标",
    ),
    "no feature at all": (TABLE[["price"]], ASKED[["kind"]].rename(columns={"kind": "k"}), "price"),
    "gaps in the target": (TABLE.assign(price=TABLE["price"].where(TABLE.index % 2 == 0)), ASKED,
                           "price"),
}  # fmt: skip
HOSTILE_LABELS = {
    "three rows": (TABLE.head(3), ASKED.head(3), "sold"),
    "one class": (TABLE.assign(sold="yes"), ASKED, "sold"),
    "a class of one row": (TABLE.assign(sold=["solo"] + ["p"] * 30 + ["q"] * 29), ASKED, "sold"),
    "categories never seen": (TABLE, ASKED.assign(kind="new"), "sold"),
    "more classes than folds can hold": (
        TABLE.assign(sold=[f"k{i % 30}" for i in range(ROWS)]), ASKED, "sold",
    ),
    "two targets": (TABLE.assign(size_class=TABLE["size"] > 0), ASKED, ["sold", "size_class"]),
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE)
def test_any_table_gets_a_number_for_each_row(sandbox, case, tmp_path):
    train, val, target = HOSTILE[case]
    answer = predict(sandbox, train, val, target, tmp_path)
    assert np.isfinite(answer[target]).all()


@pytest.mark.parametrize("case", HOSTILE_LABELS)
def test_any_table_gets_known_labels(sandbox, case, tmp_path):
    train, val, target = HOSTILE_LABELS[case]
    answer = predict(sandbox, train, val, target, tmp_path, kind="classification")
    for name in [target] if isinstance(target, str) else target:
        assert set(answer[name].astype(str)) <= set(train[name].astype(str))


@pytest.mark.parametrize("fmt", ["csv", "parquet", "sqlite"])
def test_truth_values_come_back_as_they_were_stored(sandbox, fmt, tmp_path):
    train = TABLE.assign(sold=TABLE["size"] > 0)
    answer = predict(sandbox, train, ASKED, "sold", tmp_path, kind="classification", fmt=fmt)
    said = answer["sold"].astype(str).isin(["True", "1"])
    assert (said == train["sold"]).mean() > 0.9


def test_numbers_inside_text_are_used_as_numbers(sandbox, tmp_path):
    rng = np.random.default_rng(1)
    km = rng.integers(1_000, 99_000, 300)
    frame = pd.DataFrame({"driven": [f"{n:,} km" for n in km], "price": 100 - km / 1_000})
    answer = predict(sandbox, frame[:200], frame[200:][["driven"]], "price", tmp_path, seconds=1)
    left = frame["price"][200:].to_numpy() - answer["price"].to_numpy()
    assert 1 - left.var() / frame["price"][200:].var() > 0.95


def test_rows_of_one_entity_are_tied_over_time(sandbox, tmp_path):
    rng = np.random.default_rng(2)
    level = rng.normal(scale=10, size=40)
    frame = pd.DataFrame(
        [(f"e{e}", t, level[e] + 5 * np.sin(e + t / 3)) for e in range(40) for t in range(20)],
        columns=["entity", "year", "value"],
    ).sample(frac=1, random_state=0)
    answer = predict(
        sandbox, frame[:600], frame[600:][["entity", "year"]], "value", tmp_path, seconds=2
    )
    truth = frame["value"][600:].to_numpy()
    assert 1 - ((truth - answer["value"]) ** 2).sum() / ((truth - truth.mean()) ** 2).sum() > 0.95


def test_a_rare_class_is_not_given_up(sandbox, tmp_path):
    rng = np.random.default_rng(3)
    size = rng.normal(size=400)
    label = np.where(size + rng.normal(scale=0.8, size=400) > 1.9, "rare", "usual")
    frame = pd.DataFrame({"size": size, "label": label})
    answer = predict(
        sandbox,
        frame[:300],
        frame[300:][["size"]],
        "label",
        tmp_path,
        kind="classification",
        seconds=2,
    )
    assert (answer["label"] == "rare").any()


def test_the_constant_program_answers_in_every_format(sandbox, tmp_path):
    question = "A classification of the column `sold`."
    for fmt in ("csv", "parquet", "sqlite"):
        settings = {"question": question, "series": False}
        answer = run(sandbox, "trivial", settings, TABLE, ASKED, tmp_path, fmt)
        assert set(answer["sold"]) == {TABLE["sold"].mode()[0]}


def test_a_program_runs_alone_and_holds_each_part_once():
    for name in ("explore", "table_model", "literal", "trivial", "forecast"):
        text = program_text(name)
        assert "from darebench" not in text
        assert text.count("def read_table(") <= 1
        compile(text, name, "exec")
