"""The shared cases of tables as people have them: each is read, with what is right in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from darebench.curate.designing.rules import RulesDesigner
from darebench.curate.profiling.clean import tidy
from darebench.curate.profiling.profile import profile
from darebench.curate.reading.evidence import with_units
from darebench.curate.records import Kind, RawTable, Table
from darebench.curate.sources.local_folder import read_dataset
from darebench.types import Family

CASES = Path(__file__).parents[3] / "shared" / "cases" / "tables"
CASES = CASES if CASES.is_dir() else Path(__file__).parents[2] / "../shared/cases/tables"
pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="the shared cases are not beside this")
HOMES = ["area", "age_of_home", "rooms", "kind", "price"]


def read(name: str) -> Table:
    raw = read_dataset(CASES / name)
    read = tidy(raw.frame, raw.descriptions)
    known = RawTable(
        title=raw.title,
        about=raw.about,
        licence=raw.licence,
        updated=raw.updated,
        frame=raw.frame,
        descriptions=with_units(raw.descriptions, read.units),
        notes=(*raw.notes, *read.notes),
        reading=raw.reading,
    )
    found = profile(read.frame, read.columns)
    return Table(slug="t", owner="o", raw=known, frame=read.frame, profile=found)


def targets(table: Table, family: Family) -> set[str]:
    return {d.target for d in RulesDesigner().design(table) if d.family is family}


def test_a_first_column_without_a_name_is_an_index():
    table = read("header-one-short/homes.csv")
    assert list(table.frame.columns) == HOMES
    assert set(table.frame["kind"]) == {"flat", "house", "loft"}
    assert "price" in targets(table, Family.REG)


def test_first_days_of_months_are_months():
    table = read("monthly-day-first/sales.csv")
    axis = table.profile.time
    assert axis is not None
    assert axis.regular
    days = table.frame["month_start"]
    assert (days.iloc[0], days.iloc[1], days.iloc[-1]) == ("1990-01-01", "1990-02-01", "2009-12-01")


def test_none_is_a_class_and_a_level():
    table = read("none-is-a-class/homes.csv")
    assert "None" in set(table.frame["defect"])
    assert "none" in set(table.frame["garage"])
    kinds = {column.name: column.kind for column in table.profile.columns}
    assert kinds["defect"] is Kind.CATEGORY


@pytest.mark.parametrize(
    "file", sorted(p.name for p in (CASES / "number-spellings").glob("*")) or ["absent"]
)
def test_numbers_are_numbers_in_any_spelling(file):
    table = read(f"number-spellings/{file}")
    assert table.frame["price"].notna().all()
    assert "price" in targets(table, Family.REG)


def test_one_bad_cell_is_blank_and_counted():
    table = read("one-bad-cell/homes.csv")
    assert table.frame["price"].isna().sum() == 2
    assert any("price: 2 cells are missing" in note for note in table.raw.notes)
    assert "price" in targets(table, Family.REG)


def test_the_index_of_a_parquet_file_is_the_time():
    table = read("parquet-index/load.parquet")
    assert table.profile.time is not None
    assert targets(table, Family.TS)


@pytest.mark.parametrize(
    "file", ["comments.csv", "report.csv", "report.xlsx", "report_semicolon.csv"]
)
def test_titles_stand_above_headers(file):
    table = read(f"title-above-header/{file}")
    assert list(table.frame.columns) == HOMES
    assert len(table.frame) == 400
    assert any("left out" in note for note in table.raw.notes)


def test_a_far_date_is_no_time_among_times():
    table = read("far-date/homes.csv")
    kinds = {column.name: column.kind for column in table.profile.columns}
    assert kinds["valid_to"] is Kind.TIME
    assert any("9999-12-31" in note for note in table.raw.notes)
    assert "price" in targets(table, Family.REG)


def test_a_file_gets_the_descriptions_of_its_own_entry():
    table = read("kaggle-page-of-two-files/homes")
    assert table.describe("area") == "Floor area in square metres"
    assert table.describe("price") == "Price paid in euros"


def test_cyrillic_words_are_read():
    table = read("other-encodings/cp1251.csv")
    assert set(table.frame["kind"]) == {"лофт", "квартира", "дом"}


@pytest.mark.parametrize(
    "file", ["columns.json", "lists.json", "pretty.json", "split.json", "wrapped.json"]
)
def test_json_is_read_in_any_shape(file):
    table = read(f"json-shapes/{file}")
    assert list(table.frame.columns) == HOMES
    assert len(table.frame) == 400


def test_seconds_since_1970_are_times():
    table = read("epoch-seconds/load.csv")
    axis = table.profile.time
    assert axis is not None
    assert (axis.column, axis.regular) == ("timestamp", True)
    made = RulesDesigner().design(table)
    assert "timestamp" not in {design.target for design in made}
