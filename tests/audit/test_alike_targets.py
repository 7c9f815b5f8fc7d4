"""How alike two targets are, and how many distinct datasets there are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from darebench.audit.alike_targets import similarity

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


@given(st.integers(0, 10_000), st.sampled_from([(False, False), (True, True), (True, False)]))
def test_similarity_is_a_share_and_symmetric(seed, classes):
    rng = np.random.default_rng(seed)
    a, b = (pd.Series(rng.choice([*"pqr"], 40) if c else rng.normal(size=40)) for c in classes)
    forth = similarity(a, b, classes=classes)[1]
    assert 0 <= forth <= 1 + 1e-9
    assert similarity(b, a, classes=classes[::-1])[1] == pytest.approx(forth)


def test_a_constant_says_nothing():
    assert similarity(X, X * 0, classes=(False, False))[1] == 0.0
