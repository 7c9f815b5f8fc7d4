"""How alike two targets are, and how many distinct datasets there are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darebench.audit.alike_targets import measure_distinctness, similarity
from darebench.store.read import open_store
from small_store import write_tables

RNG = np.random.default_rng(8)
X = pd.Series(RNG.normal(size=400))
CODES = pd.Series(RNG.choice([*"abcd"], 400))
CASES = [
    ("a monotone copy", X, np.exp(X), (False, False), 1.0),
    ("a falling copy", X, -(X**3), (False, False), 1.0),
    ("unrelated numbers", X, pd.Series(RNG.normal(size=400)), (False, False), 0.0),
    (
        "other names of the classes",
        CODES,
        CODES.map({**dict(zip("abcd", "wxyz", strict=True))}),
        (True, True),
        1.0,
    ),
    ("unrelated classes", CODES, pd.Series(RNG.choice([*"abcd"], 400)), (True, True), 0.0),
    ("a number for each class", CODES, CODES.map(ord), (True, False), 1.0),
    ("a number that no class tells", CODES, X, (True, False), 0.0),
]


@pytest.mark.parametrize(
    ("a", "b", "classes", "value"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_the_measure_fits_what_the_columns_hold(a, b, classes, value):
    assert similarity(a, b, classes=classes)[1] == pytest.approx(value, abs=0.15)


@settings(deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([(False, False), (True, True), (True, False)]))
def test_similarity_is_a_share_and_symmetric(seed, classes):
    rng = np.random.default_rng(seed)
    a, b = (pd.Series(rng.choice([*"pqr"], 40) if c else rng.normal(size=40)) for c in classes)
    forth = similarity(a, b, classes=classes)[1]
    assert 0 <= forth <= 1 + 1e-9
    assert similarity(b, a, classes=classes[::-1])[1] == pytest.approx(forth)


def test_a_constant_says_nothing():
    assert similarity(X, X * 0, classes=(False, False))[1] == 0.0


def table(seed: int = 0, n: int = 200) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"a": rng.normal(size=n), "b": rng.normal(size=n)})
    y = frame["a"] + rng.normal(scale=0.5, size=n)
    return frame.assign(price=y, cube=y**3, sales=frame["b"] + rng.normal(scale=0.5, size=n))


def measured(folder, **datasets):
    store = open_store(write_tables(folder / "store", datasets))
    assert not store.problems
    return measure_distinctness(store.tasks, {})


@pytest.mark.parametrize("dropped", [[], ["price", "cube"]], ids=["as features", "left out"])
def test_a_target_that_repeats_another_is_found(tmp_path, dropped):
    """Also where neither dataset has the other's target: by the rows that they share."""
    frame = table()
    shuffled = frame.sample(frac=1, random_state=1, ignore_index=True)
    found = measured(
        tmp_path,
        first=("o/t", frame.drop(columns=[*{*dropped} - {"price"}]), "price"),
        second=("o/t", shuffled.drop(columns=[*{*dropped} - {"cube"}]), "cube"),
    )
    assert (found.n_pairs, found.n_alike, found.n_unknown) == (1, 1, 0)
    assert found.effective == pytest.approx(1.0, abs=0.01)
    assert {id: (a.target, a.other, a.dataset) for id, a in found.by_task.items()} == {
        "second_reg/mm": ("cube", "price", "first_reg")
    }


def test_other_targets_and_other_tables_are_left_alone(tmp_path):
    found = measured(
        tmp_path,
        first=("o/t", table(), "price"),
        second=("o/t", table(), "sales"),
        third=("o/u", table(7), "price"),
    )
    assert (found.n_datasets, found.n_tables, found.n_pairs, found.n_alike) == (3, 2, 1, 0)
    assert found.by_task == {}
    assert 2.5 < found.effective <= 3.0


def test_datasets_without_a_row_in_common_are_counted_as_unknown(tmp_path):
    found = measured(
        tmp_path,
        first=("o/t", table().drop(columns=["sales"]), "price"),
        second=("o/t", table(9).drop(columns=["price", "cube"]), "sales"),
    )
    assert (found.n_pairs, found.n_unknown, found.effective) == (1, 1, 2.0)


def test_rows_of_an_earlier_table_count_for_less(tmp_path):
    store = open_store(write_tables(tmp_path / "store", {"first": ("o/t", table(), "price")}))
    assert measure_distinctness(store.tasks, {"o/t": 0.75}).effective == 0.25
