"""Profiles, designs, splits and questions: what a table is found to be good for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import r2_score

from conftest import bundled, panel
from darebench.audit.headroom import score_of_best
from darebench.audit.near_duplicates import find_shared_rows
from darebench.curate.clean import clean
from darebench.curate.design import RulesDesigner
from darebench.curate.fidelity import lost_in_workflow
from darebench.curate.package import package_series
from darebench.curate.profile import Kind, profile
from darebench.curate.questions import write_workflow
from darebench.curate.records import RawTable, Table
from darebench.curate.series import draft_series
from darebench.curate.split import MIN_VAL, draw_ratio
from darebench.curate.tabular import draft_tabular
from darebench.curate.verify import verify
from darebench.curate.workflow import draw_workflow
from darebench.errors import CurationReject
from darebench.instructions.facts import file_facts
from darebench.store.read import open_store
from darebench.store.write import write_store
from darebench.types import Family


def table(frame: pd.DataFrame) -> Table:
    raw = RawTable(title="T", about="", licence="", updated="", frame=frame)
    cleaned = clean(frame)
    return Table(slug="t", owner="o", raw=raw, frame=cleaned, profile=profile(cleaned))


def test_a_panel_has_its_time_and_its_entities():
    axis = table(panel()).profile.time
    assert axis is not None
    assert (axis.column, axis.format, axis.entities) == ("day", "%Y-%m-%d", ("shop",))
    assert axis.regular


SPELLINGS = ("%d/%m/%Y", "%m/%d/%Y", "%Y-%m", "%YM%m", "%d-%m-%Y", "%b %Y", "%Y%m%d", "%B %d, %Y")


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_times_become_iso_text_however_they_are_written(spelling):
    months = pd.date_range("2000-01-31", periods=300, freq="ME")
    if "%d" not in spelling:
        months = months.to_period("M").start_time
    frame = pd.DataFrame({"date": months.strftime(spelling), "a": np.sin(range(300))})
    made = table(frame.assign(b=np.arange(300) ** 1.5))
    (column,) = [c for c in made.profile.columns if c.kind is Kind.TIME]
    assert column.time_format == "%Y-%m-%d"
    assert made.frame["date"].tolist() == months.strftime("%Y-%m-%d").tolist()
    assert made.profile.time is not None


def test_moments_with_an_offset_are_told_in_utc():
    times = [f"2020-01-{d:02d}T{h:02d}:30:00+02:00" for d in range(1, 29) for h in range(2, 12)]
    made = table(pd.DataFrame({"at": times, "a": np.sin(range(280)), "b": np.cos(range(280))}))
    assert made.frame["at"].iloc[0] == "2020-01-01 00:30:00"
    assert made.profile.time is not None


CALENDARS = {
    "a year and a month": {"year": np.repeat(range(2000, 2010), 12), "month": [*range(1, 13)] * 10},
    "a year and a month's name": {
        "Year": np.repeat(range(2000, 2010), 12),
        "Month": [f"{m:%b}" for m in pd.date_range("2001-01-01", periods=12, freq="MS")] * 10,
    },
    "a decimal year": {"time": [2000 + i / 12 for i in range(120)]},
}


@pytest.mark.parametrize("how", CALENDARS)
def test_times_in_parts_or_fractions_become_dates(how):
    made = table(pd.DataFrame({**CALENDARS[how], "value": np.sin(range(120)).round(3)}))
    axis = made.profile.time
    assert axis is not None
    months = pd.date_range("2000-01-01", periods=120, freq="MS").strftime("%Y-%m-%d")
    assert made.frame[axis.column].tolist() == months.tolist()


def test_counted_time_needs_entities_or_many_rows():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"visit": [*range(12)] * 20, "person": np.repeat(range(20), 12)})
    frame = frame.assign(dose=rng.normal(size=240), weight_kg=rng.normal(size=240))
    axis = table(frame).profile.time
    assert axis is not None
    assert (axis.column, axis.format, axis.entities) == ("visit", "index", ("person",))


def logs(n: int = 3_000) -> pd.DataFrame:
    """Rows at any moment of 100 days, of two machines, more in the afternoon."""
    rng = np.random.default_rng(5)
    moments = pd.Timestamp("2023-03-01") + pd.to_timedelta(
        np.sort(rng.uniform(0, 100, n)), unit="D"
    )
    machine = rng.choice(["a", "b"], n)
    load = 5 + 3 * (moments.day_of_week > 4) + (machine == "b") + rng.normal(0, 0.3, n)
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


@pytest.mark.slow
def test_a_series_without_other_columns_gets_those_of_the_calendar():
    days = pd.date_range("2020-01-01", periods=500)
    value = 10 + 3 * (days.day_of_week > 4) + np.random.default_rng(0).normal(0, 0.5, 500)
    made = table(pd.DataFrame({"day": days, "value": value.round(3)}))
    (design,) = RulesDesigner().design(made)
    draft = draft_series(made, design, np.random.default_rng(0))
    assert "calendar_weekday" in draft.design.features
    assert "Monday" in draft.table.describe("calendar_weekday")
    assert (
        draft.split.val["calendar_weekday"] == pd.to_datetime(draft.split.val["day"]).dt.day_of_week
    ).all()


def test_the_likeliest_target_comes_first():
    frame = bundled("diabetes").rename(columns={"result": "s9"})
    frame["IsDefault"] = (frame["s9"] > 140).astype(int)
    made = table(frame[["IsDefault", "age", "bmi", "s9"]])
    assert next(d.target for d in RulesDesigner().design(made)) == "IsDefault"
    raw = RawTable(title="", about="", licence="", updated="", frame=frame,
                   descriptions={"bmi": "what is to be predicted"})  # fmt: skip
    told = Table(slug="t", owner="o", raw=raw, frame=made.frame, profile=made.profile)
    ranks = [d.target for d in RulesDesigner().design(told)]
    assert ranks.index("bmi") < ranks.index("s9")


def test_designs_name_every_family_that_a_table_allows():
    frame = panel().assign(open=lambda f: np.where(f["visitors"] > 240, "late", "early"))
    families = {
        d.family for d in RulesDesigner().design(table(frame.assign(rain=frame["sold"] % 7)))
    }
    assert families == {Family.TS, Family.REG, Family.CLASS}


def test_keys_and_times_are_never_targets():
    frame = bundled("diabetes").assign(patient_id=lambda f: range(len(f)), year=1999)
    frame["year"] += np.arange(len(frame)) % 20
    targets = {d.target for d in RulesDesigner(max_candidates=99).design(table(frame))}
    assert targets.isdisjoint({"patient_id", "year"})
    assert "result" in targets


def test_features_that_give_the_target_away_are_left_out():
    frame = bundled("diabetes").assign(copy=lambda f: f["result"] * 2 + 1)
    made = table(frame)
    design = next(d for d in RulesDesigner().design(made) if d.target == "result")
    draft = draft_tabular(made, design, np.random.default_rng(0))
    assert draft.dropped == ("copy",)
    assert "copy" not in draft.design.features


def test_no_group_is_on_both_sides():
    rng = np.random.default_rng(0)
    people = rng.normal(size=60)
    who = rng.integers(0, 60, 900)
    age = rng.normal(size=900)
    frame = pd.DataFrame(
        {"person": who + 1000, "age": age, "skill": people[who], "score": people[who] + age}
    )
    frame["score"] += rng.normal(scale=0.5, size=900)
    made = table(frame)
    assert made.profile.groups == ("person",)
    design = next(d for d in RulesDesigner().design(made) if d.target == "score")
    split = draft_tabular(made, design, np.random.default_rng(0)).split
    assert set(split.train["person"]).isdisjoint(split.val["person"])
    assert "person" not in design.features


def test_a_forecast_is_asked_for_later_than_all_training():
    made = table(panel())
    design = next(d for d in RulesDesigner().design(made) if d.target == "sold")
    draft = draft_series(made, design, np.random.default_rng(0))
    assert draft.split.train["day"].max() < draft.split.val["day"].min()
    assert len(draft.split.val) >= MIN_VAL


@pytest.mark.parametrize("n_rows", [200, 250, 334, 500, 5_000])
def test_one_row_decides_at_most_a_point(n_rows):
    ratio = draw_ratio(n_rows, np.random.default_rng(0))
    assert n_rows - int(n_rows * ratio) >= MIN_VAL


def test_a_short_table_is_refused():
    with pytest.raises(CurationReject, match="74 different rows"):
        draw_ratio(74, np.random.default_rng(0))


@pytest.mark.parametrize("n_rows", [75, 120, 199])
def test_a_small_table_keeps_thirty_rows_to_validate_on(n_rows):
    ratio = draw_ratio(n_rows, np.random.default_rng(0))
    assert n_rows - int(n_rows * ratio) >= 30


@pytest.mark.parametrize("seed", range(25))
def test_every_wording_comes_back_as_its_settings(seed):
    frame = bundled("diabetes").assign(
        **{
            "sex": lambda f: np.where(f["sex"] > 0, "female", "male"),
            "Blood.Sugar": lambda f: f["s6"],
        }
    )
    made = table(frame.drop(columns="s6"))
    design = next(d for d in RulesDesigner().design(made) if d.target == "result")
    rng = np.random.default_rng(seed)
    draft = draft_tabular(made, design, rng)
    workflow = draw_workflow(draft, rng)
    assert workflow is not None
    names = ("train_v1.csv", "val_v1.csv")
    labels = {name: f"`{name}`" for name in workflow.columns}
    text = write_workflow(workflow, *names, labels, rng)
    facts = file_facts(draft.split.train, draft.split.val[list(workflow.columns)], names, "")
    assert lost_in_workflow(text, workflow, facts, names) == ""
    wrong = text.replace(f"`{workflow.features[0]}`", f"`{workflow.features[1]}`")
    assert lost_in_workflow(wrong, workflow, facts, names) != ""


def states(n_years: int = 12, *, first: int = 80) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    years, codes = np.meshgrid(np.arange(first, first + n_years), np.arange(1, 13), indexing="ij")
    level = rng.normal(50, 10, 13)[codes.ravel()]
    income = level + 0.8 * (years.ravel() - first) + rng.normal(0, 1, codes.size)
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
    designs = [d for d in RulesDesigner().design(made) if d.family is Family.TS]
    assert {d.target for d in designs} == {"income", "rate"}
    split = draft_series(made, designs[0], np.random.default_rng(0)).split
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
    design = next(d for d in RulesDesigner().design(made) if d.target == "wage")
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
    assert all(room.ceiling > 0.8 for room in draft.headroom)


def test_too_few_months_are_refused():
    with pytest.raises(CurationReject, match="59 rows are left; 60 are needed"):
        RulesDesigner().design(table(monthly(59)))


def test_noise_over_time_leaves_nothing_to_win():
    frame = monthly(240).assign(value=np.random.default_rng(5).normal(0, 1, 240))
    made = table(frame)
    (design,) = RulesDesigner().design(made)
    with pytest.raises(CurationReject, match="nothing to win"):
        draft_series(made, design, np.random.default_rng(0))


def test_features_that_together_are_the_target_are_left_out():
    frame = states(first=1980).assign(tax=lambda f: f["rate"] * 2 + f["income"] % 7)
    frame["total"] = frame["income"] + 3 * frame["tax"]
    made = table(frame)
    design = next(
        d for d in RulesDesigner().design(made) if d.target == "total" and d.family is Family.TS
    )
    draft = draft_series(made, design, np.random.default_rng(0))
    assert draft.dropped
    assert draft.headroom[0].ceiling < 0.995


def yearly() -> pd.DataFrame:
    year = np.arange(1821, 1935)
    caught = 1500 + 1400 * np.sin(2 * np.pi * (year - 1821) / 9.6)
    noise = np.random.default_rng(3).normal(0, 60, len(year))
    return pd.DataFrame({"year": year, "trend": (caught + 40 * (year - 1821) + noise).round(1)})


def test_years_without_any_other_column_are_a_cf_task_alone(tmp_path):
    made = table(yearly())
    (design,) = RulesDesigner().design(made)
    draft = draft_series(made, design, np.random.default_rng(0))
    assert (draft.design.features, len(draft.headroom)) == ((), 1)
    written = package_series(draft, "own_years_ts", np.random.default_rng(0))
    write_store([written], tmp_path / "s")
    store = open_store(tmp_path / "s")
    assert ([str(task.variant) for task in store.tasks], store.problems) == (["cf"], ())
    assert not (tmp_path / "s/databases/own_years_ts/source/val_v1.csv").exists()
    assert all("cf: validation_size" in flag for flag in verify(tmp_path / "s"))
    again = replace(written, name="other_years_ts", info={**written.info, "ref": "other/years"})
    write_store([written, again], tmp_path / "both")
    assert {*find_shared_rows(tmp_path / "both", open_store(tmp_path / "both").tasks)} == {
        "other_years_ts/cf"
    }


def test_a_forecast_is_not_measured_on_the_rows_that_chose_it():
    """Of 40 guesses of noise the luckiest would score; on other rows it does not."""
    rng = np.random.default_rng(0)
    truth = rng.normal(0, 1, 30)
    guesses = [0.5 * rng.normal(0, 1, 30) for _ in range(40)]
    assert max(r2_score(truth, guess) for guess in guesses) > 0.05
    assert score_of_best(truth, guesses) == 0.0
    assert score_of_best(truth, [*guesses, truth + 0.1]) > 0.98
