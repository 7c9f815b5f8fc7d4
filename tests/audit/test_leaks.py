"""Features that give a target away are found: alone, as terms of a sum, as ranges, as indexes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from darebench.audit.leaks import find_leaks
from darebench.audit.task_tables import TaskTables
from darebench.types import Family, Variant


def leaks(frame: pd.DataFrame, target: str, family: Family = Family.REG) -> dict[str, str]:
    """Return what is found in a table whose rows are split as they come: feature -> how."""
    rows = frame.sample(frac=1, random_state=0)
    cut = int(0.6 * len(rows))
    val = rows[cut:].reset_index(drop=True)
    tables = TaskTables(
        family=family,
        variant=Variant.MM,
        question="",
        metadata="",
        train=rows[:cut],
        val=val,
        truth=val[[target]],
        targets=(target,),
        features=tuple(c for c in frame if c != target),
    )
    return {leak.feature: leak.relation.how for leak in find_leaks(tables)}


def others(n: int, rng: np.random.Generator, *, n_columns: int = 4) -> pd.DataFrame:
    values = rng.lognormal(1, 0.7, size=(n, n_columns)).round(3)
    return pd.DataFrame(values, columns=[f"x{i}" for i in range(n_columns)])


@settings(max_examples=40, deadline=None)
@given(
    weights=st.lists(st.sampled_from([-3.0, -1.0, 0.5, 1.0, 2.0]), min_size=2, max_size=8),
    n=st.integers(80, 400),
    n_more=st.integers(0, 6),
    seed=st.integers(0, 2**32 - 1),
)
def test_a_sum_or_difference_of_features_is_always_found(weights, n, n_more, seed):
    rng = np.random.default_rng(seed)
    frame = others(n, rng, n_columns=len(weights) + n_more)
    terms = list(frame)[: len(weights)]
    frame["total"] = (frame[terms] * weights).sum(axis=1)
    found = leaks(frame, "total")
    assert found
    assert {*found} <= {*terms}
    rest = frame.drop(columns=[*found])
    assert (
        np.linalg.lstsq(rest.drop(columns="total"), rest["total"], rcond=None)[0].size
        < len(terms) + n_more
    )


@settings(max_examples=40, deadline=None)
@given(
    powers=st.lists(st.sampled_from([-1.0, 1.0, 2.0, 0.5]), min_size=2, max_size=4),
    scale=st.sampled_from([0.01, 1.0, 1000.0]),
    seed=st.integers(0, 2**32 - 1),
)
def test_a_product_or_ratio_of_features_is_always_found(powers, scale, seed):
    rng = np.random.default_rng(seed)
    frame = others(200, rng, n_columns=len(powers) + 2)
    terms = list(frame)[: len(powers)]
    frame["rate"] = scale * np.prod([frame[t] ** p for t, p in zip(terms, powers, strict=True)], 0)
    found = leaks(frame, "rate")
    assert found
    assert {*found} <= {*terms}


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(80, 500))
def test_features_that_predict_well_are_no_leak(seed, n):
    rng = np.random.default_rng(seed)
    frame = others(n, rng)
    whole = frame["x0"] + frame["x1"] + frame["x2"]
    frame["y"] = whole + rng.normal(0, 0.2 * whole.std(), n)
    assert leaks(frame, "y") == {}


def test_a_sum_with_gaps_in_its_terms_is_found():
    rng = np.random.default_rng(0)
    frame = others(400, rng)
    frame["total"] = frame["x0"] + frame["x1"] + frame["x2"]
    for name in ("x0", "x3"):
        frame.loc[rng.random(400) < 0.2, name] = np.nan
    assert {*leaks(frame, "total")} <= {"x0", "x1", "x2"}
    assert leaks(frame, "total")


def test_a_sum_is_found_among_more_columns_than_rows():
    rng = np.random.default_rng(0)
    frame = others(90, rng, n_columns=80)
    frame["total"] = frame["x3"] + frame["x50"]
    assert {*leaks(frame, "total")} == {"x3", "x50"}


@pytest.mark.parametrize(
    "shape", [np.log, np.square, np.sqrt, np.reciprocal, lambda x: 2.54 * x + 1, np.exp]
)
def test_twins_of_a_target_are_found(shape):
    rng = np.random.default_rng(1)
    frame = others(300, rng)
    frame["y"] = rng.integers(1, 18, 300).astype(float)
    frame["twin"] = shape(frame["y"])
    assert [*leaks(frame, "y")] == ["twin"]
    assert [*leaks(frame, "twin")] == ["y"]


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    share=st.floats(0.1, 0.9),
    n=st.integers(100, 400),
)
@example(seed=1, share=0.21875, n=100)  # fewer than ten training rows are of the rarer class
def test_a_threshold_of_one_feature_is_found_from_both_sides(seed, share, n):
    """`low` is 1 if the birth weight is under 2500: neither predicts the other."""
    rng = np.random.default_rng(seed)
    frame = others(n, rng)
    weight = rng.normal(3000, 600, n)
    limit = np.quantile(weight, share)
    if min((weight < limit).sum(), (weight >= limit).sum()) < 20:
        return
    frame["weight"] = weight
    frame["low"] = np.where(weight < limit, "yes", "no")
    # A limit that no training row comes near is learned a little off.
    near = np.abs(weight - limit) < 40
    frame = frame[~near]
    assert [*leaks(frame, "low", Family.CLASS)] == ["weight"]
    assert [*leaks(frame, "weight")] == ["low"]


def test_a_label_beside_a_code_is_found():
    rng = np.random.default_rng(2)
    frame = others(300, rng)
    frame["code"] = rng.integers(0, 5, 300)
    frame["label"] = frame["code"].map(dict(enumerate(["none", "few", "some", "many", "all"])))
    assert "label" in leaks(frame, "code", Family.CLASS)
    assert "code" in leaks(frame, "label", Family.CLASS)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), start=st.integers(0, 5000), is_class=st.booleans())
def test_an_index_of_sorted_rows_is_found_and_one_of_mixed_rows_tells_nothing(
    seed, start, is_class
):
    rng = np.random.default_rng(seed)
    frame = others(400, rng)
    walk = np.cumsum(rng.normal(size=400))
    frame["y"] = np.where(walk > np.median(walk), "up", "down") if is_class else walk
    frame["number"] = np.arange(start, start + 400)
    family = Family.CLASS if is_class else Family.REG
    assert "number" in leaks(frame, "y", family)
    frame["number"] = rng.permutation(frame["number"])
    assert "number" not in leaks(frame, "y", family)
