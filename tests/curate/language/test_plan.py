"""Plans of a model are held against the columns."""

from __future__ import annotations

import pandas as pd
import pytest

from darebench.curate.language import ask
from darebench.curate.language.plan import Plan, find_problems
from darebench.curate.profiling.clean import clean
from darebench.curate.profiling.profile import profile
from darebench.curate.records import RawTable, Table
from good_tables import panel

pytestmark = pytest.mark.filterwarnings("default")  # Inspect's own dependencies warn


@pytest.fixture(autouse=True)
def _own_answers(tmp_path, monkeypatch):
    monkeypatch.setenv("DAREBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("LOCAL_API_KEY", "any")
    monkeypatch.setattr(ask, "MAX_RETRIES", 0)


def table_of(frame: pd.DataFrame) -> Table:
    frame = clean(frame)
    raw = RawTable(title="T", about="", licence="x", updated="", frame=frame)
    return Table(slug="t", owner="o", raw=raw, frame=frame, profile=profile(frame))


SERIES = {"column": "day", "format": "%Y-%m-%d", "entities": ["shop"]}


FORECAST = {"family": "forecasting", "targets": ["sold"], "features": ["visitors"], "time": SERIES}


@pytest.mark.parametrize(
    ("task", "problem"),
    [
        ({}, ""),
        ({"features": ["sold", "visitors"]}, "is a target and a feature"),
        ({"features": ["shop"]}, "1 features are needed"),
        ({"features": ["guests"]}, "no column 'guests'"),
        ({"targets": ["shop"]}, "'shop' is not a number"),
        ({"time": None}, "needs time"),
        ({"time": {**SERIES, "column": "date"}}, "no column 'date'"),
        ({"time": {**SERIES, "format": "%d/%m/%Y"}}, "not all of the format"),
        ({"time": {**SERIES, "format": "%"}}, "not all of the format"),
        ({"time": {**SERIES, "entities": []}}, "rows repeat in day"),
        ({"time": {**SERIES, "interval": "week"}}, "belong together"),
        ({"time": {**SERIES, "interval": "fortnight", "aggregation": "sum"}}, "is none of hour"),
        ({"time": {**SERIES, "interval": "week", "aggregation": "magic"}}, "is none of mean"),
        ({"time": {**SERIES, "entities": [], "interval": "week", "aggregation": "sum"}}, ""),
        ({"family": "regression"}, "2 features are needed"),
        ({"family": "classification", "targets": ["sold"], "time": None}, "that is not a class"),
    ],
)
def test_plans_are_held_against_the_columns(task, problem):
    plan = Plan.model_validate({"suitable": True, "tasks": [{**FORECAST, **task}]})
    found = find_problems(plan, table_of(panel()))
    assert (problem in " ".join(found)) if problem else found == []


def test_column_types_must_be_possible():
    plan = Plan.model_validate(
        {"suitable": True, "tasks": [FORECAST], "column_types": {"shop": "numerical", "x": "other"}}
    )
    found = find_problems(plan, table_of(panel()))
    assert any("'shop' holds text" in p for p in found)
    assert any("no column 'x'" in p for p in found)
    silent = Plan.model_validate({"suitable": False})
    assert find_problems(silent, table_of(panel())) == ["reason: say why the table is not suitable"]
