"""Textbook tables are known by their content, whatever they are called."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darebench.audit.textbook import recognise
from good_tables import bundled

NAMES = {"iris": "iris", "wine": "wine", "breast_cancer": "breast cancer (diagnostic)"}


@pytest.mark.parametrize("stem", sorted(NAMES))
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_a_table_is_recognised_renamed_shuffled_in_part_and_rounded(stem, seed):
    rng = np.random.default_rng(seed)
    frame = bundled(stem)
    frame = frame[list(rng.permutation(frame.columns))].sample(
        frac=float(rng.uniform(0.6, 1)), random_state=seed
    )
    frame = frame.set_axis([f"x{i}" for i in range(frame.shape[1])], axis=1)
    numbers = frame.select_dtypes("number")
    frame = frame.assign(**numbers.map(lambda v: float(f"{v:.3g}"))).reset_index(drop=True)
    assert recognise(frame) == NAMES[stem]


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_tables_of_the_same_ranges_are_not_recognised(seed):
    """Each column of iris on its own, shuffled apart: the same values, and no row of iris."""
    rng = np.random.default_rng(seed)
    frame = bundled("iris")
    apart = pd.DataFrame({c: rng.permutation(frame[c].to_numpy()) for c in frame})
    assert recognise(apart) == ""


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), digits=st.integers(0, 2), rows=st.integers(100, 2_000))
def test_made_numbers_are_not_recognised(seed, digits, rows):
    rng = np.random.default_rng(seed)
    made = {f"n{i}": rng.normal(50, 20, rows).round(digits) for i in range(5)}
    made |= {f"c{i}": rng.integers(0, 100, rows) for i in range(5)}
    assert recognise(pd.DataFrame(made)) == ""


def test_a_table_without_numbers_is_not_recognised():
    assert recognise(pd.DataFrame({"a": ["x", "y"] * 200})) == ""
    assert recognise(pd.DataFrame()) == ""
