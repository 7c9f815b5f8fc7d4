"""What a table is found to hold: its time axis, its entities."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from darebench.curate.designing.draft_series import draft_series
from darebench.curate.designing.naturalness import judge
from darebench.curate.designing.rules import series_design
from darebench.curate.profiling.clean import clean
from darebench.curate.profiling.profile import profile
from darebench.curate.records import RawTable, Table
from good_tables import panel


def table(frame: pd.DataFrame) -> Table:
    raw = RawTable(title="T", about="", licence="", updated="", frame=frame)
    cleaned = clean(frame)
    return Table(slug="t", owner="o", raw=raw, frame=cleaned, profile=profile(cleaned))


def test_a_panel_has_its_time_and_its_entities():
    axis = table(panel()).profile.time
    assert axis is not None
    assert (axis.column, axis.format, axis.entities) == ("day", "%Y-%m-%d", ("shop",))
    assert axis.regular


def test_counted_time_needs_entities_or_many_rows():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"visit": [*range(12)] * 20, "person": np.repeat(range(20), 12)})
    frame = frame.assign(dose=rng.normal(size=240), weight_kg=rng.normal(size=240))
    axis = table(frame).profile.time
    assert axis is not None
    assert (axis.column, axis.format, axis.entities) == ("visit", "index", ("person",))


def states(n_years: int = 12, *, first: int = 80) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    years, codes = np.meshgrid(np.arange(first, first + n_years), np.arange(1, 13), indexing="ij")
    level = rng.normal(50, 10, 13)[codes.ravel()]
    income = level + 3.0 * (years.ravel() - first) + rng.normal(0, 1, codes.size)
    rate = 20 - 0.2 * income + rng.normal(0, 0.5, codes.size)
    return pd.DataFrame(
        {"state": codes.ravel(), "year": years.ravel(), "income": income, "rate": rate}
    ).round(3)


@pytest.mark.parametrize(("first", "spelling"), [(80, "index"), (1980, "%Y")])
def test_codes_tell_the_series_of_a_full_panel_apart(first, spelling):
    made = table(states(first=first))
    axis = made.profile.time
    assert axis is not None
    assert (axis.column, axis.format, axis.entities) == ("year", spelling, ("state",))
    column = next(c for c in made.profile.columns if c.name == "income")
    design = series_design(made, column, judge(made))
    assert design is not None
    split = draft_series(made, design, np.random.default_rng(0)).split
    assert split.train["year"].max() < split.val["year"].min()


def test_a_measured_number_tells_no_series_apart():
    frame = states().assign(state=lambda f: np.random.default_rng(0).permutation(len(f)) % 50)
    frame = frame.drop_duplicates(["state", "year"])
    axis = table(frame).profile.time
    assert axis is None or axis.entities != ("state",)


def test_counted_time_does_not_start_anew_within_parts_of_a_date():
    frame = states(31, first=1).rename(columns={"year": "day", "state": "month"})
    axis = table(frame).profile.time
    assert axis is None or axis.column != "day"
