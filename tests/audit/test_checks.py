"""What the checks find, and what they leave alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from darebench.audit.checks.headroom_left import headroom_left
from darebench.audit.checks.labels_blank import labels_blank
from darebench.audit.checks.solvable_without_data import answers_stated
from darebench.audit.findings import Severity
from darebench.audit.headroom import measure
from darebench.audit.task_audit import check_tables
from darebench.audit.task_tables import TaskTables
from darebench.types import Family, Variant

RNG = np.random.default_rng(1)
QUESTION = (
    "Predict the target column `y` of every row of `val.csv` from what is learned from `train.csv`; "
    "`metadata.txt` describes the columns."
)


def make(family: Family = Family.REG, n: int = 400, **features) -> TaskTables:
    frame = pd.DataFrame({"a": RNG.normal(size=n), "b": RNG.choice(["u", "v", "w"], n)})
    y = frame["a"] + 1.5 * (frame["b"] == "u") + RNG.normal(scale=0.5, size=n)
    if family is Family.CLASS:
        y = pd.Series(np.where(y > 0.3, "high", "low"))
    frame = frame.assign(y=y)
    frame = frame.assign(**{name: make_one(frame) for name, make_one in features.items()})
    half = n // 2
    train, val = frame.iloc[:half].reset_index(drop=True), frame.iloc[half:].reset_index(drop=True)
    names = tuple(c for c in frame.columns if c != "y")
    return TaskTables(
        family=family,
        variant=Variant.MM,
        question=QUESTION,
        metadata=" ".join([*names, "y"]),
        train=train,
        val=val[list(names)],
        truth=val[["y"]],
        targets=("y",),
        features=names,
        files=("train.csv", "val.csv", "metadata.txt"),
    )


def checks(tables: TaskTables) -> set[str]:
    return {f.check for f in check_tables(tables) if f.severity is not Severity.NOTE}


@pytest.mark.parametrize("family", [Family.CLASS, Family.REG])
def test_a_sound_task_has_no_finding(family):
    assert check_tables(make(family)) == []


LEAKS = {
    "a copy": lambda f: f["y"],
    "another unit": lambda f: f["y"] * 9 / 5 + 32,
    "a logarithm": lambda f: np.exp(f["y"]),
    "nearly a copy": lambda f: f["y"] + RNG.normal(scale=1e-3, size=len(f)),
}


@pytest.mark.parametrize("how", LEAKS)
def test_a_feature_that_gives_a_number_away_is_found(how):
    assert "target_given_away" in checks(make(Family.REG, leak=LEAKS[how]))


CODES = {
    "a code": lambda f: f["y"].map({"high": "H", "low": "L"}),
    "several codes of one class": lambda f: (
        f["y"].map({"high": "H", "low": "L"}) + pd.Series(RNG.integers(0, 9, len(f))).astype(str)
    ),
    "a range of numbers": lambda f: np.where(
        f["y"] == "high", RNG.uniform(5, 9, len(f)), RNG.uniform(0, 4, len(f))
    ),
}


@pytest.mark.parametrize("how", CODES)
def test_a_feature_that_gives_a_class_away_is_found(how):
    assert "target_given_away" in checks(make(Family.CLASS, leak=CODES[how]))


def test_a_group_with_one_value_of_the_target_is_found():
    def grouped(frame: pd.DataFrame) -> pd.Series:
        frame["y"] = np.repeat(RNG.permutation(20), len(frame) // 20)[RNG.permutation(len(frame))]
        return frame["y"].map(lambda v: f"firm {v * 7 % 20}")

    assert "target_given_away" in checks(make(Family.REG, firm=grouped))


def test_a_key_with_a_value_of_its_own_for_each_row_is_not_a_leak():
    assert checks(make(Family.CLASS, key=lambda f: [f"k{i}" for i in range(len(f))])) == set()


def test_repeated_validation_rows_are_counted():
    tables = make()
    n = 50
    val = pd.concat([tables.train[list(tables.features)].head(n), tables.val.iloc[n:]])
    truth = pd.concat([tables.train[["y"]].head(n), tables.truth.iloc[n:]])
    found = check_tables(
        replace(tables, val=val.reset_index(drop=True), truth=truth.reset_index(drop=True))
    )
    assert [(f.check, f.severity, f.figure) for f in found] == [
        ("rows_repeated", Severity.DEFECT, 0.25)
    ]


@pytest.mark.parametrize(("n", "severity"), [(100, Severity.NOTE), (40, Severity.DEFECT)])
def test_a_small_validation_part_is_found(n, severity):
    found = [f for f in check_tables(make(n=n)) if f.check == "validation_size"]
    assert found[0].severity is severity
    assert found[0].figure == 2 / n


def test_one_far_value_that_decides_r2_is_found():
    tables = make()
    truth = tables.truth.copy()
    truth.loc[0, "y"] = 1e6
    assert "validation_size" in checks(replace(tables, truth=truth))


def test_targets_in_order_are_found():
    tables = make()
    order = np.argsort(tables.truth["y"].to_numpy())
    val, truth = (x.iloc[order].reset_index(drop=True) for x in (tables.val, tables.truth))
    assert checks(replace(tables, val=val, truth=truth)) == {"order_leak"}


@pytest.mark.parametrize("spelling", ["%Y-%m-%d", "%d/%m/%Y", "%Y%m%d", "%b %d, %Y"])
def test_training_rows_from_the_time_asked_for_are_found(spelling):
    days = pd.Series(pd.date_range("2020-01-15", periods=400).strftime(spelling))
    tables = make()
    tables = replace(
        tables,
        family=Family.TS,
        variant=Variant.XF,
        train=tables.train.assign(day=days.head(200)),
        val=tables.val.assign(day=days.tail(200).reset_index(drop=True)),
        time_column="day",
        metadata="a b day y",
    )
    assert "time_leak" not in checks(tables)
    late = tables.train.assign(day=days.iloc[10:210].reset_index(drop=True))
    found = [f for f in check_tables(replace(tables, train=late)) if f.check == "time_leak"]
    assert found[0].figure == pytest.approx(10 / 200)


def test_if_tasks_are_not_judged_by_their_true_values():
    tables = make(n=40, leak=lambda f: f["y"])
    assert check_tables(replace(tables, variant=Variant.IF)) == []


def test_a_question_without_its_target_or_file_is_found():
    tables = replace(make(), question="Please predict something from the training file " * 3)
    assert checks(tables) == {"question"}


def test_columns_that_the_metadata_never_mentions_are_found():
    found = check_tables(replace(make(), metadata="y: what is asked for"))
    assert [(f.check, f.figure) for f in found] == [("columns", 2 / 3)]


@pytest.mark.parametrize("family", [Family.CLASS, Family.REG])
def test_headroom_is_between_a_constant_and_a_strong_model(family):
    headroom = measure(make(family))
    assert headroom.naive["constant"].score < 0.5 < headroom.reference <= 1
    assert headroom_left(headroom) == []


def test_a_target_of_pure_noise_has_no_headroom():
    tables = make()
    noise = replace(tables, train=tables.train.assign(y=RNG.normal(size=200)))
    assert [f.check for f in headroom_left(measure(noise))] == ["headroom"]


def test_blank_labels_and_told_answers_are_found():
    tables = make()
    blank = tables.truth.assign(y=lambda f: f["y"].where(f.index > 9))
    assert [f.figure for f in labels_blank(replace(tables, truth=blank))] == [10 / 200]
    told = "\n".join(f"row: {value:.6f}" for value in tables.truth["y"])
    assert answers_stated(replace(tables, metadata=told))
    assert not answers_stated(tables)
