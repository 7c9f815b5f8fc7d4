"""Rows that follow each other in time are a series, said or not, and never shuffled."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darebench.curate.designing.draft_tabular import draft_tabular
from darebench.curate.designing.naturalness import judge
from darebench.curate.designing.rules import series_design, tabular_design
from darebench.curate.profiled import profile_table
from darebench.curate.records import RawTable, Table
from darebench.errors import CurationReject


def table(frame: pd.DataFrame, about: str = "") -> Table:
    raw = RawTable(title="T", about=about, licence="", updated="", frame=frame)
    return profile_table(raw, "t", "o").table


def series(n: int, seed: int, stickiness: float = 0.9) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(n, 3))
    for t in range(1, n):
        noise[t] += stickiness * noise[t - 1]
    y = noise @ [1.0, 0.5, 0.2] + rng.normal(0, 0.1, n)
    return pd.DataFrame(noise, columns=["load", "heat", "wind"]).assign(demand=y).round(4)


def refused(made: Table, target: str = "demand") -> str:
    column = next(c for c in made.profile.columns if c.name == target)
    design = tabular_design(made, column, judge(made))
    assert design is not None
    try:
        draft_tabular(made, design, np.random.default_rng(0))
    except CurationReject as error:
        return str(error)
    return ""


SAYINGS = (
    "Half-hourly electricity demand data.",
    "A monthly multiple time series with 4 variables.",
    "Time series of class ts.",
    "monthly observations from 1950-2 to 1990-12",
    'An object of class "mts".',
    "Daily readings of one station",
)


@settings(max_examples=25, deadline=None)
@given(saying=st.sampled_from(SAYINGS), n=st.integers(120, 500), seed=st.integers(0, 10_000))
def test_a_series_that_the_page_names_is_never_shuffled(saying, n, seed):
    made = table(series(n, seed), saying)
    assert made.profile.time is not None
    assert made.profile.time.column == "period"
    assert any("follow each other in time" in note for note in made.raw.notes)
    assert "never shuffled" in refused(made)
    column = next(c for c in made.profile.columns if c.name == "demand")
    assert series_design(made, column, judge(made)) is not None


@settings(max_examples=15, deadline=None)
@given(n=st.integers(120, 500), seed=st.integers(0, 10_000))
def test_a_smooth_series_is_found_without_a_word(n, seed):
    assert "never shuffled" in refused(table(series(n, seed, stickiness=0.98)))


@settings(max_examples=15, deadline=None)
@given(n=st.integers(120, 500), seed=st.integers(0, 10_000), saying=st.sampled_from(SAYINGS))
def test_rows_in_no_order_are_no_series_whatever_the_page_says(n, seed, saying):
    mixed = series(n, seed).sample(frac=1, random_state=seed, ignore_index=True)
    assert table(mixed, saying).profile.time is None


def test_a_table_that_was_sorted_is_no_series():
    frame = series(300, 0, stickiness=0.0)
    frame["heat"] += 3 * frame["load"]
    frame["demand"] += np.random.default_rng(1).normal(0, 1, 300)
    made = table(frame.sort_values("load", ignore_index=True))
    assert made.profile.time is None
    assert refused(made) == ""


@pytest.mark.parametrize("column", ["day", "SeasonStart", "y"])
def test_dates_and_years_are_a_series_whatever_they_are_called(column):
    frame = series(150, 1)
    years = np.arange(1850, 2000)
    days = pd.date_range("2001-01-01", periods=150).strftime("%Y-%m-%d")
    frame.insert(0, column, days if column == "day" else years)
    assert "never shuffled" in refused(table(frame))


def test_the_pages_span_gives_the_months():
    made = table(series(491, 2), "monthly observations from 1950-2 to 1990-12")
    assert made.frame["period"].iloc[[0, -1]].tolist() == ["1950-02-01", "1990-12-01"]
    quarters = table(series(160, 2), "Quarterly data, 1955(1) to 1994(4).")
    assert quarters.frame["period"].iloc[[0, 1]].tolist() == ["1955-01-01", "1955-04-01"]


def test_polls_at_any_day_are_no_table_where_they_follow_each_other():
    rng = np.random.default_rng(0)
    days = np.sort(rng.choice(2000, 400))
    frame = series(400, 3, stickiness=0.97)
    at = pd.Timestamp("2004-01-01") + pd.to_timedelta(days, unit="D")
    frame.insert(0, "polled", at.strftime("%Y-%m-%d"))
    assert "never shuffled" in refused(table(frame))
