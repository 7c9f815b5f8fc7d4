"""Which columns the rules make targets of."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from darebench.curate.designing.naturalness import THRESHOLD, judge
from darebench.curate.designing.rules import RulesDesigner
from darebench.curate.profiling.clean import clean
from darebench.curate.profiling.profile import profile
from darebench.curate.records import RawTable, Table
from darebench.errors import CurationReject
from darebench.types import Family
from good_tables import bundled, panel

N = 300


def table(frame: pd.DataFrame, *, title: str = "T", about: str = "", code: str = "",
          **said: str) -> Table:  # fmt: skip
    raw = RawTable(title=title, about=about, licence="", updated="", frame=frame, code=code,
                   descriptions=said)  # fmt: skip
    cleaned = clean(frame)
    return Table(slug="t", owner="o", raw=raw, frame=cleaned, profile=profile(cleaned))


def numbers(*names: str, seed: int = 0) -> pd.DataFrame:
    values = np.random.default_rng(seed).normal(50, 10, size=(N, len(names))).round(3)
    return pd.DataFrame(values, columns=list(names))


def targets(made: Table) -> list[str]:
    return [design.target for design in RulesDesigner().design(made)]


FISH = numbers("girth", "length", "mercury", "depth")


@pytest.mark.parametrize(
    "said",
    [
        {"code": "lm(mercury ~ girth + depth, data = fish)"},
        {"code": "m <- gam(log(mercury) ~ s(girth) +\n  depth)"},
        {"about": "Pike of a lake. The response is mercury, measured in the liver."},
        {"about": "Pike of a lake. These were used to predict mercury from size."},
        {"mercury": "response variable, parts per million"},
        {"title": "Mercury of pike", "mercury": "concentration in the liver"},
    ],
)
def test_the_page_names_the_target(said):
    assert targets(table(FISH, **said)) == ["mercury"]


def test_without_a_word_for_it_there_is_no_target_and_the_refusal_says_what_helps():
    with pytest.raises(CurationReject, match=r"no column is a natural target.*--target"):
        RulesDesigner().design(table(FISH))
    assert all(judged.score < THRESHOLD for judged in judge(table(FISH)).ranked)


@pytest.mark.parametrize(
    ("name", "said", "role"),
    [
        ("patient_id", "", "id"),
        ("pid", "person identifier", "id"),
        ("zone", "district code of the bureau", "id"),
        ("trt", "", "design variable"),
        ("g", "dose of the drug given", "design variable"),
        ("h", "randomized arm", "design variable"),
        ("age", "", "demographic"),
        ("p3", "mother's age in years", "demographic"),
        ("lat", "", "place"),
        ("k", "longitude of the station", "place"),
        ("day_of_visit", "day of the visit", "calendar"),
        ("lprice", "log(price)", "derived"),
        ("cheap", "1 if price < 40", "derived"),
        ("gap", "price - cost", "derived"),
    ],
)
def test_roles_that_are_no_targets(name, said, role):
    frame = numbers("price", "cost", "size").assign(**{name: numbers("x", seed=9)["x"].round(0)})
    judged = judge(table(frame, **({name: said} if said else {}))).columns[name]
    assert judged.role.role == role
    assert judged.why_not


def test_rows_that_are_counted_are_an_index():
    made = table(numbers("price", "cost").assign(when=np.arange(N) + 7))
    assert judge(made).columns["when"].role.role == "index"


def test_parts_of_a_total_are_none_and_the_total_may_be():
    frame = numbers("north", "south", "west").assign(x=numbers("x", seed=3)["x"])
    frame["rainfall"] = frame["north"] + frame["south"] + frame["west"]
    made = judge(table(frame, rainfall="total rainfall, as response"))
    assert {made.columns[n].role.role for n in ("north", "south", "west")} == {"part of a total"}
    assert made.columns["rainfall"].is_natural


def test_what_a_page_says_of_a_logarithm_is_meant_of_what_it_is_of():
    frame = numbers("rent", "area", "floor").assign(lrent=lambda f: np.log(f["rent"]).round(4))
    made = table(frame, code="lm(lrent ~ area + floor)", lrent="log(rent)")
    (design,) = RulesDesigner().design(made)
    assert design.target == "rent"
    assert "lrent" not in design.features


def test_counts_and_scales_are_regression_and_classes_classification():
    rng = np.random.default_rng(1)
    frame = numbers("a", "b", "c").assign(
        accidents=rng.integers(0, 6, N), stage=rng.integers(1, 5, N), died=rng.integers(0, 2, N)
    )
    for name, said, family in (
        ("accidents", "number of accidents, the response", Family.REG),
        ("stage", "stage of the disease, the outcome of the study", Family.CLASS),
        ("died", "whether the patient died", Family.CLASS),
    ):
        designs = RulesDesigner().design(table(frame, **{name: said}))
        assert {d.target: d.family for d in designs}[name] is family


def test_a_series_is_forecast_and_never_shuffled():
    families = {d.family for d in RulesDesigner().design(table(monthly(120)))}
    assert families == {Family.TS}
    shops = panel().assign(busy=lambda f: np.where(f["visitors"] > 240, "yes", "no"))
    designs = RulesDesigner().design(table(shops, busy="outcome: whether the shop was busy"))
    assert {d.family for d in designs} == {Family.TS}
    assert "busy" not in {d.target for d in designs}


def test_the_better_known_name_comes_first():
    frame = bundled("diabetes").rename(columns={"result": "s9"})
    frame["IsDefault"] = (frame["s9"] > 140).astype(int)
    assert targets(table(frame[["age", "bmi", "bp", "IsDefault"]]))[0] == "IsDefault"


def monthly(n_months: int) -> pd.DataFrame:
    t = np.arange(n_months)
    value = 100 + t + 20 * np.sin(t * np.pi / 6) + np.random.default_rng(1).normal(0, 3, n_months)
    return pd.DataFrame({"time": (1970 + t / 12).round(3), "value": value.round(2)})


def test_too_few_months_are_refused():
    with pytest.raises(CurationReject, match="59 rows are left; 60 are needed"):
        RulesDesigner().design(table(monthly(59)))
