"""Which columns the rules make targets of."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from darebench.curate.designing.rules import RulesDesigner
from darebench.curate.profiling.clean import clean
from darebench.curate.profiling.profile import profile
from darebench.curate.records import RawTable, Table
from darebench.errors import CurationReject
from darebench.types import Family
from good_tables import bundled, panel


def table(frame: pd.DataFrame) -> Table:
    raw = RawTable(title="T", about="", licence="", updated="", frame=frame)
    cleaned = clean(frame)
    return Table(slug="t", owner="o", raw=raw, frame=cleaned, profile=profile(cleaned))


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


def monthly(n_months: int) -> pd.DataFrame:
    t = np.arange(n_months)
    value = 100 + t + 20 * np.sin(t * np.pi / 6) + np.random.default_rng(1).normal(0, 3, n_months)
    return pd.DataFrame({"time": (1970 + t / 12).round(3), "value": value.round(2)})


def test_too_few_months_are_refused():
    with pytest.raises(CurationReject, match="59 rows are left; 60 are needed"):
        RulesDesigner().design(table(monthly(59)))
