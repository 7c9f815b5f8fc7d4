"""Profiles, designs, splits and questions: what a table is found to be good for."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from conftest import bundled, panel
from darebench.curate.clean import clean
from darebench.curate.design import RulesDesigner
from darebench.curate.fidelity import file_facts, lost_in_workflow
from darebench.curate.profile import Kind, profile
from darebench.curate.questions import write_workflow
from darebench.curate.records import RawTable, Table
from darebench.curate.series import draft_series
from darebench.curate.split import MIN_VAL, draw_ratio
from darebench.curate.tabular import draft_tabular
from darebench.curate.workflow import draw_workflow
from darebench.errors import CurationReject
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


@pytest.mark.parametrize("spelling", ["%d/%m/%Y", "%m/%d/%Y", "%Y-%m", "%Y-%m-%d %H:%M:%S"])
def test_times_are_known_by_their_format(spelling):
    times = pd.date_range("2000-01-31", periods=300, freq="ME").strftime(spelling)
    frame = pd.DataFrame({"when": times, "a": np.arange(300) ** 1.5, "b": np.sin(range(300))})
    (column,) = [c for c in table(frame).profile.columns if c.kind is Kind.TIME]
    assert column.time_format == spelling


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
    with pytest.raises(CurationReject, match="198 different rows"):
        draw_ratio(198, np.random.default_rng(0))


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
