"""Ranges are stated as somebody would who knows the matter, and hold every row."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from darebench.curate.writing.ranges import stated_range

NUMBERS = st.lists(
    st.floats(-1e9, 1e9, allow_nan=False).map(lambda x: round(x, 4)), min_size=2, max_size=40
).filter(lambda xs: len({*xs}) > 1)


@given(train=NUMBERS, val=NUMBERS)
def test_a_range_holds_every_row_and_is_not_that_of_the_rows(train, val):
    low, high = stated_range([pd.Series(train), pd.Series(val)])
    values = [*train, *val]
    assert low <= min(values)
    assert high >= max(values)
    if not {low, high} <= {0, 1} and not float(max(values)).is_integer():
        assert (low, high) != (min(values), max(values))
    for bound in (low, high):
        assert len(repr(bound).strip("-").replace(".", "").strip("0")) <= 12


@pytest.mark.parametrize(
    ("values", "meaning", "stated"),
    [
        ([0, 1, 1, 0, 1], "smoker", [0, 1]),
        ([1, 2, 3, 4, 5, 3], "satisfaction", [1, 5]),
        ([3.2, 41.7, 18.0], "percent of adults", [0, 100]),
        ([0.12, 0.73], "proportion of the votes", [0, 1]),
        ([18, 89, 45, 33], "age", [0, 100]),
        ([12_000.5, 187_300.0], "income", [0, 250_000]),
        ([1961, 1998, 1975], "year", [1955, 2005]),
        ([-12.3, 38.4], "temperature", [-20, 45]),
        ([98.61, 98.64, 98.69], "temperature", [98.6, 98.7]),
        ([-7.0, 0.0], "loss", [-10, 0]),
    ],
)
def test_what_is_stated(values, meaning, stated):
    assert stated_range([pd.Series(values)], meaning) == stated


def test_categories_are_those_of_training_and_of_the_rows_to_predict():
    parts = [pd.Series(["b", "a", None]), pd.Series(["c", "a"])]
    assert stated_range(parts) == ["a", "b", "c"]


def test_counts_that_trail_off_are_no_scale():
    counts = np.repeat([0, 1, 2, 3, 4], [500, 300, 100, 20, 1])
    low, high = stated_range([pd.Series(counts)])
    assert low == 0
    assert high > 4
