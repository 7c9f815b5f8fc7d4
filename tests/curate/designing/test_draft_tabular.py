"""Drafts of table rows: nothing leaks from one part to the other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from darebench.curate.designing.draft_tabular import draft_tabular
from darebench.curate.designing.rules import RulesDesigner
from darebench.curate.profiling.clean import clean
from darebench.curate.profiling.profile import profile
from darebench.curate.records import RawTable, Table
from good_tables import bundled


def table(frame: pd.DataFrame) -> Table:
    raw = RawTable(title="T", about="", licence="", updated="", frame=frame)
    cleaned = clean(frame)
    return Table(slug="t", owner="o", raw=raw, frame=cleaned, profile=profile(cleaned))


def test_features_that_give_the_target_away_are_left_out():
    frame = bundled("diabetes").assign(copy=lambda f: f["result"] * 2 + 1)
    made = table(frame)
    design = next(d for d in RulesDesigner().design(made) if d.target == "result")
    assert "copy" not in design.features
    design = replace(design, features=(*design.features, "copy"))
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
