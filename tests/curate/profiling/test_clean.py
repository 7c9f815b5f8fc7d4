"""Cleaning: whatever comes in, what goes out is the same after writing and reading."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darebench.curate.profiling.clean import clean, column_names
from darebench.errors import CurationReject
from darebench.store.tables import read_table
from darebench.store.write import write_table

N = 30
KEY = pd.Series(np.arange(N) * 1.5)

COLUMNS = {
    "truth values": ([True, False] * 15, ["yes", "no"] * 15),
    "truth values as text": (["true", "False"] * 15, ["yes", "no"] * 15),
    "numbers as text": ([f"{i}" for i in range(N)], list(range(N))),
    "money": ([f"${i},{i:03d}.50" for i in range(1, N + 1)], [i * 1000 + i + 0.5 for i in range(1, N + 1)]),
    "decimal commas": ([f"{i},{i}5" for i in range(N)], [float(f"{i}.{i}5") for i in range(N)]),
    "grouped digits beside short ones": (["1,250", "56", "7"] * 10, [1250, 56, 7] * 10),
    "spellings of nothing": (["NA", *["a", "b"] * 14, "a"], [np.nan, *["a", "b"] * 14, "a"]),
    "a level called NA": (["NA", "a", "b"] * 10, ["NA", "a", "b"] * 10),
    "blanks and lines": (["  two\n words ", "x"] * 15, ["two words", "x"] * 15),
    "infinities": ([np.inf, 1.5, 2.5] * 10, [np.nan, 1.5, 2.5] * 10),
    "whole floats": ([1.0, 2.0] * 15, [1, 2] * 15),
    "dates": (pd.date_range("2020-01-01", periods=N), None),
}  # fmt: skip


@pytest.mark.parametrize("name", COLUMNS)
def test_values_become_what_reading_would_make_of_them(name):
    raw, expected = COLUMNS[name]
    cleaned = clean(pd.DataFrame({"key": KEY, "it": raw}))
    if expected is None:
        expected = [f"{day:%Y-%m-%d}" for day in raw]
    pd.testing.assert_series_equal(cleaned["it"], pd.Series(expected, name="it"), check_dtype=False)


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".sqlite"])
@pytest.mark.parametrize("name", COLUMNS)
def test_what_is_written_comes_back(name, suffix, tmp_path):
    cleaned = clean(pd.DataFrame({"key": KEY, "it": COLUMNS[name][0]}))
    path = tmp_path / f"train{suffix}"
    write_table(cleaned, path)
    pd.testing.assert_frame_equal(read_table(path), cleaned, check_dtype=False)


@pytest.mark.parametrize(
    "useless",
    [
        [1] * N,
        [None] * N,
        [None] * (N - 5) + list(range(5)),
        [{"a": i} for i in range(N)],
        [[i] for i in range(N)],
        [10**40 + i for i in range(N)],
        ["long " * 100 + str(i) for i in range(N)],
        KEY,
    ],
    ids=["constant", "missing", "mostly missing", "objects", "lists", "huge", "prose", "a copy"],
)
def test_useless_columns_go(useless):
    frame = pd.DataFrame({"key": KEY, "other": KEY**2, "it": useless})
    assert list(clean(frame).columns) == ["key", "other"]


def test_names_become_plain_and_unique_in_any_case():
    given = ["a", "A", "", " b\n c ", "row_id", "`x`", ("p", "q"), 7, "a"]
    names = column_names(given)
    assert names == ["a", "A_2", "column_3", "b c", "row_id_original", "'x'", "p q", "7", "a_3"]
    assert len({name.casefold() for name in names}) == len(names)


@pytest.mark.parametrize(
    "frame", [pd.DataFrame(), pd.DataFrame({"a": []}), pd.DataFrame({"a": [1, 1]})]
)
def test_a_table_with_nothing_in_it_is_refused(frame):
    with pytest.raises(CurationReject):
        clean(frame)


CELLS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8),
    st.lists(st.integers(), max_size=2), st.binary(max_size=3), st.dates(),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(CELLS, min_size=6, max_size=6))
def test_no_column_of_anything_crashes(cells):
    frame = pd.DataFrame({"key": [1.5, 2.5, 3.5, 4, 5, 6], "it": pd.Series(cells, dtype=object)})
    cleaned = clean(frame)
    assert "key" in cleaned.columns
