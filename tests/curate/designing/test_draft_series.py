"""Drafts of series: split in time, with something to win."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from darebench.curate.designing.draft_series import draft_series
from darebench.curate.designing.naturalness import judge
from darebench.curate.designing.rules import RulesDesigner, series_design
from darebench.curate.designing.split import MIN_VAL
from darebench.curate.profiling.clean import clean
from darebench.curate.profiling.profile import profile
from darebench.curate.records import Design, RawTable, Table
from darebench.curate.verify import verify
from darebench.curate.writing.package import package_series
from darebench.errors import CurationReject
from darebench.store.read import open_store
from darebench.store.write import write_store
from darebench.types import Family, Variant
from good_tables import panel


def table(frame: pd.DataFrame) -> Table:
    raw = RawTable(title="T", about="", licence="", updated="", frame=frame)
    cleaned = clean(frame)
    return Table(slug="t", owner="o", raw=raw, frame=cleaned, profile=profile(cleaned))


def logs(n: int = 3_000) -> pd.DataFrame:
    """Rows at any moment of 100 days, of two machines, more in the afternoon."""
    rng = np.random.default_rng(5)
    moments = pd.Timestamp("2023-03-01") + pd.to_timedelta(
        np.sort(rng.uniform(0, 100, n)), unit="D"
    )
    machine = rng.choice(["a", "b"], n)
    load = 5 + 3 * (moments.day_of_week > 4) + (machine == "b") + rng.normal(0, 0.3, n)
    load = load + 0.1 * (moments - moments[0]).days
    return pd.DataFrame(
        {
            "at": moments.strftime("%Y-%m-%d %H:%M:%S"),
            "machine": machine,
            "load": load.round(3),
            "heat": (30 + 4 * load + rng.normal(0, 1, n)).round(3),
        }
    )


def test_rows_at_any_time_are_aggregated_to_the_finest_full_interval():
    made = table(logs())
    axis = made.profile.time
    assert axis is not None
    assert (axis.interval, axis.entities) == ("day", ("machine",))
    design = next(d for d in RulesDesigner().design(made) if d.family is Family.TS)
    draft = draft_series(made, design, np.random.default_rng(0))
    rows = pd.concat([draft.split.train, draft.split.val])
    assert not rows.duplicated(["at", "machine"]).any()
    frame = logs()
    first = frame[(frame["at"].str[:10] == "2023-03-02") & (frame["machine"] == "b")]
    told = rows[(rows["at"] == "2023-03-02") & (rows["machine"] == "b")]
    assert told["heat"].item() == pytest.approx(first["heat"].mean())


def test_a_forecast_is_asked_for_later_than_all_training():
    made = table(panel())
    design = forecast_of(made, "sold")
    draft = draft_series(made, design, np.random.default_rng(0))
    assert draft.split.train["day"].max() < draft.split.val["day"].min()
    assert len(draft.split.val) >= MIN_VAL


def forecast_of(made: Table, target: str) -> Design:
    column = next(c for c in made.profile.columns if c.name == target)
    design = series_design(made, column, judge(made))
    assert design is not None
    return design


def states(n_years: int = 12, *, first: int = 80) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    years, codes = np.meshgrid(np.arange(first, first + n_years), np.arange(1, 13), indexing="ij")
    level = rng.normal(50, 10, 13)[codes.ravel()]
    income = level + 0.8 * (years.ravel() - first) + rng.normal(0, 1, codes.size)
    rate = 20 - 0.2 * income + rng.normal(0, 0.5, codes.size)
    return pd.DataFrame(
        {"state": codes.ravel(), "year": years.ravel(), "income": income, "rate": rate}
    ).round(3)


def test_people_of_each_year_are_aggregated_by_year():
    rng = np.random.default_rng(0)
    year, region = rng.integers(1980, 2010, 6000), rng.choice(list("abcde"), 6000)
    wage = 10 + 0.3 * (year - 1980) + (region == "a") * 5 + rng.normal(0, 4, 6000)
    frame = pd.DataFrame({"year": year, "region": region, "wage": wage.round(2)})
    made = table(frame.assign(age=rng.integers(18, 65, 6000)))
    axis = made.profile.time
    assert axis is not None
    assert (axis.interval, axis.entities) == ("year", ("region",))
    assert made.profile.groups == ()
    design = forecast_of(made, "wage")
    draft = draft_series(made, design, np.random.default_rng(0))
    rows = pd.concat([draft.split.train, draft.split.val])
    assert len(rows) == 150
    told = rows[(rows["year"] == "1990-01-01") & (rows["region"] == "c")]["wage"].item()
    assert told == pytest.approx(frame[(year == 1990) & (region == "c")]["wage"].mean())


def monthly(n_months: int) -> pd.DataFrame:
    t = np.arange(n_months)
    value = 100 + t + 20 * np.sin(t * np.pi / 6) + np.random.default_rng(1).normal(0, 3, n_months)
    return pd.DataFrame({"time": (1970 + t / 12).round(3), "value": value.round(2)})


def test_six_years_of_months_are_a_forecast():
    made = table(monthly(72))
    (design,) = RulesDesigner().design(made)
    draft = draft_series(made, design, np.random.default_rng(0))
    assert len(draft.split.val) >= 30
    assert len(draft.split.train) >= 30
    assert all(room.reference > 0.8 for room in draft.headroom.values())


def test_noise_over_time_leaves_nothing_to_win():
    frame = monthly(240).assign(value=np.random.default_rng(5).normal(0, 1, 240))
    made = table(frame)
    (design,) = RulesDesigner().design(made)
    with pytest.raises(CurationReject, match="nothing to win"):
        draft_series(made, design, np.random.default_rng(0))


def test_features_that_together_are_the_target_are_left_out():
    frame = states(18, first=1980).assign(tax=lambda f: 2 * f["year"] - 3960 + f["income"] % 7)
    frame["total"] = frame["income"] + 3 * frame["tax"]
    made = table(frame)
    able = tuple(c for c in frame if c not in ("state", "year", "total"))
    design = replace(forecast_of(made, "total"), features=able)
    draft = draft_series(made, design, np.random.default_rng(0))
    assert {*draft.dropped} >= {"tax"}
    assert all(room.reference < 0.995 for room in draft.headroom.values())


def test_features_that_gain_nothing_make_no_second_task():
    """A forecast with the future's features is CF's twin where they tell nothing more."""
    frame = states(first=1980).assign(luck=np.random.default_rng(0).normal(size=144).round(3))
    frame["income"] += 3 * (frame["year"] - 1980)
    made = table(frame[["state", "year", "income", "luck"]])
    design = forecast_of(made, "income")
    draft = draft_series(made, design, np.random.default_rng(0))
    assert [*draft.headroom] == [Variant.CF]
    assert draft.design.features == ()


def test_a_future_that_only_its_features_tell_is_asked_with_them_only(tmp_path):
    rng = np.random.default_rng(0)
    rain = rng.gamma(2, 3, 400)
    frame = pd.DataFrame({"day": pd.date_range("2020-01-01", periods=400), "rain": rain.round(2)})
    frame["flow"] = (3 * rain + rng.normal(0, 2, 400)).round(2)
    made = table(frame)
    design = forecast_of(made, "flow")
    draft = draft_series(made, design, np.random.default_rng(0))
    assert [*draft.headroom] == [Variant.XF]
    rng = np.random.default_rng(1)
    written = package_series(draft, "o_t-flow_ts", rng)
    assert written.extra["variants"] == ["xf"]
    assert written.question_v1
    assert not written.question_v2
    assert [*written.settings["headroom"]] == ["v1"]
    write_store([written], tmp_path / "store")
    assert verify(tmp_path / "store") is not None
    assert [task.id for task in open_store(tmp_path / "store").tasks] == ["o_t-flow_ts/xf"]


def test_what_each_series_last_was_leaves_nothing_to_win():
    """Of 80 series that stay where they are, a constant tells nothing and the last value all."""
    rng = np.random.default_rng(0)
    level = np.repeat(rng.normal(50, 10, 40), 20)
    years = np.tile(np.arange(1980, 2000), 40)
    frame = pd.DataFrame({"firm": np.repeat(np.arange(40), 20), "year": years})
    frame["sales"] = (level + rng.normal(0, 0.5, 800)).round(3)
    made = table(frame)
    design = forecast_of(made, "sales")
    with pytest.raises(CurationReject, match="nothing to win"):
        draft_series(made, design, np.random.default_rng(0))
