"""What rows belong to is found in any spelling, and never spans a split."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darebench.curate.designing.draft_tabular import draft_tabular
from darebench.curate.designing.naturalness import judge
from darebench.curate.designing.rules import tabular_design
from darebench.curate.profiling.clean import clean
from darebench.curate.profiling.profile import profile
from darebench.curate.records import RawTable, Table

UNITS = (
    "subject",
    "school",
    "firm",
    "patient",
    "litter",
    "household",
    "cow",
    "student",
    "hospital",
)
SPELLINGS = (
    str.upper,
    str.title,
    str,
    lambda unit: f"{unit}_id",
    lambda unit: f"{unit.title()}ID",
    lambda unit: f"{unit}.no",
    lambda unit: f"{unit}id",
    lambda unit: f"{unit.title()}Nr",
    lambda unit: f"id_{unit}",
    lambda unit: f"{unit} code",
)


def measured(n_groups: int, each: int, seed: int, *, mixed: bool = False) -> pd.DataFrame:
    """Make measurements of groups, with an effect of the group that a memory of it would give."""
    rng = np.random.default_rng(seed)
    codes = np.repeat(np.arange(1, n_groups + 1), each)
    effect = rng.normal(size=n_groups + 1)[codes]
    x = rng.normal(size=(2, len(codes)))
    frame = pd.DataFrame({"unit": codes, "dose": x[0], "heat": x[1]}).round(4)
    frame["score"] = (effect + 2 * x[0] + x[1] + rng.normal(0, 0.3, len(codes))).round(4)
    return frame.sample(frac=1, random_state=seed, ignore_index=True) if mixed else frame


def table(frame: pd.DataFrame, descriptions: dict[str, str] | None = None) -> Table:
    cleaned, said = clean(frame), descriptions or {}
    raw = RawTable(title="T", about="", licence="", updated="", frame=frame, descriptions=said)
    found = profile(cleaned, descriptions=said)
    return Table(slug="t", owner="o", raw=raw, frame=cleaned, profile=found)


@settings(max_examples=40, deadline=None)
@given(
    unit=st.sampled_from(UNITS),
    spell=st.sampled_from(SPELLINGS),
    n_groups=st.integers(20, 60),
    each=st.integers(4, 12),
    prefix=st.sampled_from(["", "u"]),
    seed=st.integers(0, 1000),
)
def test_groups_never_span_the_split_whatever_their_spelling(
    unit, spell, n_groups, each, prefix, seed
):
    frame = measured(n_groups, each, seed)
    name = spell(unit)
    if prefix:
        frame["unit"] = prefix + frame["unit"].astype(str)
    made = table(frame.rename(columns={"unit": name}))
    assert made.profile.groups == (name,)
    column = next(c for c in made.profile.columns if c.name == "score")
    design = tabular_design(made, column, judge(made))
    assert design is not None
    split = draft_tabular(made, design, np.random.default_rng(seed)).split
    assert {*split.train[name]}.isdisjoint(split.val[name])


@pytest.mark.parametrize(
    "said",
    ["person identifier", "identification number of the child", "unique id", "school code",
     "an ordered factor indicating the animal on which the measurement is made"],
)  # fmt: skip
def test_groups_are_found_by_what_is_said_of_them(said):
    frame = measured(40, 6, 1, mixed=True).rename(columns={"unit": "zper"})
    assert table(frame).profile.groups == ()
    if said.startswith("an ordered"):  # a half of the evidence: the rows must agree
        frame["weight"] = np.random.default_rng(0).normal(60, 9, 50)[frame["zper"]].round(1)
    assert table(frame, {"zper": said}).profile.groups == ("zper",)


def test_groups_are_found_by_the_columns_that_they_fix():
    frame = measured(40, 6, 2, mixed=True).rename(columns={"unit": "k"})
    rng = np.random.default_rng(1)
    frame["size"] = rng.integers(100, 2000, 41)[frame["k"]]
    frame["mean_income"] = rng.normal(30, 5, 41).round(2)[frame["k"]]
    assert table(frame).profile.groups == ("k",)
    frame["size"] = rng.permutation(frame["size"])
    frame["mean_income"] = rng.permutation(frame["mean_income"])
    assert table(frame).profile.groups == ()


def test_of_nested_groups_the_coarsest_with_enough_of_them_is_taken():
    frame = measured(200, 5, 3).rename(columns={"unit": "pupil_id"})
    frame["school_id"] = 1 + (frame["pupil_id"] - 1) // 8
    frame["district_id"] = 1 + (frame["school_id"] - 1) // 9
    assert frame["district_id"].nunique() < 8 < 20 < frame["school_id"].nunique() + 1
    assert table(frame).profile.groups == ("school_id",)


@pytest.mark.parametrize("name", ["students", "hospital", "patients", "employees"])
def test_counts_of_units_are_no_groups(name):
    rng = np.random.default_rng(0)
    frame = measured(40, 6, 4, mixed=True).drop(columns="unit")
    frame[name] = rng.poisson(12, len(frame))
    assert table(frame).profile.groups == ()
