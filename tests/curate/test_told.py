"""What a user says of a table counts before what is found."""

from __future__ import annotations

import json
import tomllib

import numpy as np
import pandas as pd
import pytest
import tomli_w

from darebench.curate.curation_options import Options
from darebench.curate.designing.as_told import design_as_told
from darebench.curate.designing.rules import RulesDesigner
from darebench.curate.explain_source import explain_source
from darebench.curate.pipeline import curate
from darebench.curate.profiled import profile_table
from darebench.curate.records import Kind, Table
from darebench.curate.sources.registry import open_as_told
from darebench.curate.told import DAY_FIRST, KINDS, Told, read_pairs, told_of
from darebench.errors import ConfigError, CurationReject
from darebench.store.read import open_store
from darebench.types import Family

N = 240


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "tables"
    folder.mkdir()
    rng = np.random.default_rng(5)
    area, rooms = rng.normal(90, 20, N).round(1), rng.integers(1, 7, N)
    frame = pd.DataFrame(
        {
            "area": area,
            "rooms": rooms,
            "zone": rng.integers(1, 5, N),
            "Case No": [f"c{i:04}" for i in range(N)],
            "street": [f"s{i % 40:02}" for i in range(N)],
            "week": np.arange(N),
            "price": (3 * area + 20 * rooms + rng.normal(0, 10, N)).round(1),
        }
    )
    frame.to_csv(folder / "homes.csv", index=False)
    return folder


def table_of(folder, **said) -> Table:
    source = open_as_told(str(folder), None, told_of(said, "here"))
    return profile_table(source.load("homes.csv"), "homes", "tables").table


def kinds(table: Table) -> dict[str, Kind]:
    return {column.name: column.kind for column in table.profile.columns}


def test_kinds_are_those_of_columns():
    assert set(KINDS) - set(DAY_FIRST) == {str(kind) for kind in Kind}


@pytest.mark.parametrize("kind", DAY_FIRST)
def test_the_order_of_day_and_month_counts_before_the_steps(tmp_path, kind):
    """First days of months, which are steady read one way only."""
    days = pd.date_range("2000-01-01", periods=12, freq="MS")
    cells = [f"{day:%d/%m/}{year}" for year in range(1990, 2005) for day in days]
    frame = pd.DataFrame({"when": cells, "x": np.arange(180) % 7, "y": np.arange(180) ** 2})
    frame.to_csv(tmp_path / "homes.csv", index=False)
    table = table_of(tmp_path, type={"when": kind})
    written = "%d/%m/%Y" if DAY_FIRST[kind] else "%m/%d/%Y"
    expected = pd.to_datetime(cells, format=written).strftime("%Y-%m-%d")
    assert kinds(table)["when"] is Kind.TIME
    assert table.frame["when"].tolist() == list(expected)


def test_an_order_that_the_cells_do_not_have_is_refused(tmp_path):
    cells = pd.date_range("2000-01-01", periods=180).strftime("%m/%d/%Y")
    pd.DataFrame({"when": cells, "x": range(180)}).to_csv(tmp_path / "homes.csv", index=False)
    with pytest.raises(CurationReject, match="'when' is said to be day-first, and its cells"):
        table_of(tmp_path, type={"when": "day-first"})


def test_only_named_targets_are_designed_in_their_order(folder):
    table = table_of(folder, target=["rooms", "AREA"])
    made = design_as_told(RulesDesigner(), table)
    assert list(dict.fromkeys(d.target for d in made)) == ["rooms", "area"]


def test_a_target_that_the_rules_refuse_is_taken_all_the_same(folder):
    assert "week" not in {d.target for d in RulesDesigner().design(table_of(folder))}
    table = table_of(folder, target="week", time="", type={"week": "number"})
    assert {d.target for d in design_as_told(RulesDesigner(), table)} == {"week"}


def test_a_key_can_be_no_target(folder):
    with pytest.raises(CurationReject, match=r"'Case No' is to be the target.*kind key"):
        design_as_told(RulesDesigner(), table_of(folder, target="Case No"))


def test_types_ids_and_groups_count_before_what_is_found(folder):
    found = kinds(table_of(folder))
    assert found["zone"] is Kind.NUMBER
    table = table_of(folder, type={"zone": "category", "area": "text"}, id="rooms", group="street")
    said = kinds(table)
    assert (said["zone"], said["area"], said["rooms"]) == (Kind.CATEGORY, Kind.TEXT, Kind.KEY)
    assert table.profile.groups == ("street",)
    (price,) = [d for d in design_as_told(RulesDesigner(), table) if d.target == "price"
                and d.family is Family.REG]  # fmt: skip
    assert price.groups == ("street",)
    assert "zone" in price.categorical
    assert not {"area", "rooms", "Case No", "street"} & {*price.features}
    table = table_of(folder, type={"zone": "category"}, target="zone")
    zone = design_as_told(RulesDesigner(), table)
    assert {d.family for d in zone} == {Family.CLASS}


def test_the_time_is_the_column_that_is_said(folder):
    frame = pd.read_csv(folder / "homes.csv")
    days = pd.date_range("2020-01-01", periods=N).strftime("%d of %B %Y")
    frame.assign(when=days, other=pd.date_range("2021-01-01", periods=N)).to_csv(
        folder / "homes.csv", index=False
    )
    axis = table_of(folder, time="other").profile.time
    assert axis is not None
    assert axis.column == "other"
    with pytest.raises(CurationReject, match="'street'"):
        table_of(folder, time="street")


def test_without_a_type_of_time_there_is_no_axis(folder):
    assert table_of(folder).profile.time is not None
    assert table_of(folder, id="week").profile.time is None


def test_numbers_that_were_codes_are_numbers_if_said(folder):
    frame = pd.read_csv(folder / "homes.csv").assign(code=[f"{i % 90:05}" for i in range(N)])
    frame.to_csv(folder / "homes.csv", index=False)
    assert kinds(table_of(folder))["code"] is Kind.KEY
    assert kinds(table_of(folder, type={"code": "number"}))["code"] is Kind.NUMBER
    with pytest.raises(CurationReject, match=r"'street' is said to hold a number.*such as 's00'"):
        table_of(folder, type={"street": "number"})


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"target": "prize"}, "no column 'prize'; did you mean 'price'"),
        ({"type": {"aera": "number"}}, "no column 'aera'; did you mean 'area'"),
        ({"time": "xyz"}, "no column 'xyz'; there are area, rooms"),
        ({"sheet": "One"}, "homes.csv has no sheet"),
        ({"header_row": 9000}, "header row 9000 is empty or not there"),
    ],
)
def test_what_does_not_fit_the_table_is_a_refusal_in_words(folder, said, message):
    with pytest.raises(CurationReject, match=message):
        table_of(folder, **said)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("targets = ['a']", "has no key 'targets'; did you mean 'target'"),
        ("type = {a = 'numeric'}", "'a' cannot be 'numeric'; a kind is number, category"),
        ("header_row = -1", "header_row is -1; give a number from 1"),
        ("header_row = true", "header_row is True"),
        ("time = ['a']", "give one name in quotes"),
        ("target = 3", "target is 3; give a list of columns"),
        ("type = 'number'", "give a table of COLUMN = KIND"),
        ("['hoems.csv']\ntime = 'week'", "no table 'hoems.csv'; did you mean 'homes.csv'"),
        ("['homes.csv']\ntimes = 'week'", "has no key 'times'"),
        ("target = ", "not a usable TOML file"),
    ],
)
def test_a_wrong_file_is_refused_at_once(folder, tmp_path, text, message):
    (folder / "dataset.toml").write_text(text)
    with pytest.raises(ConfigError, match=message):
        curate(folder, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("text", ["zone", "=number", "zone=numeric"])
def test_types_are_pairs(text):
    with pytest.raises(
        ConfigError, match="number, category, time, day-first, month-first, key or text"
    ):
        read_pairs([text])


def test_a_name_may_hold_an_equals_sign():
    assert read_pairs(["a=b=number"]) == {"a=b": "number"}


def test_nearer_words_count_before_others(folder):
    (folder / "dataset.toml").write_text(
        "target = ['rooms']\nid = ['zone']\n[type]\nweek = 'text'\n"
        "['homes.csv']\ntarget = ['area']\n['homes.csv'.type]\nrooms = 'category'\n"
    )
    told = table_of(folder).raw.told
    assert (told.target, told.id) == (("area",), ("zone",))
    assert told.types == {"zone": "key", "week": "text", "rooms": "category"}
    assert table_of(folder, target=["price"]).raw.told.target == ("price",)


def test_the_header_is_in_the_row_that_is_said(folder):
    path = folder / "homes.csv"
    path.write_text("a,b,c,d,e,f,g\n" + path.read_text())
    assert next(iter(table_of(folder, header_row=2).frame.columns)) == "area"
    rows = path.read_text().splitlines()[2:]
    path.write_text("\n".join(rows) + "\n")
    assert "column_1" in table_of(folder, header_row=0).frame.columns


def test_the_sheet_is_the_one_that_is_said(folder, tmp_path):
    pytest.importorskip("openpyxl")
    pytest.importorskip("python_calamine")
    frame = pd.read_csv(folder / "homes.csv")
    with pd.ExcelWriter(folder / "book.xlsx") as book:
        frame.to_excel(book, sheet_name="All", index=False)
        frame.head(90).to_excel(book, sheet_name="Some", index=False)
    source = open_as_told(str(folder), None, Told(sheet="Some"))
    assert len(source.load("book.xlsx").frame) == 90
    with pytest.raises(CurationReject, match="no sheet 'Som'; did you mean 'Some'"):
        open_as_told(str(folder), None, Told(sheet="Som")).load("book.xlsx")


def test_what_is_found_can_be_said_again_and_changes_nothing(folder):
    (before,) = explain_source(open_as_told(str(folder), None, Told()))
    (folder / "dataset.toml").write_text(tomli_w.dumps({"homes.csv": before["dataset_toml"]}))
    (after,) = explain_source(open_as_told(str(folder), None, Told()))
    assert after["told"]
    assert after["dataset_toml"] == before["dataset_toml"]
    roles = [{c["name"]: (c["role"], c.get("kind")) for c in t["columns"]} for t in (before, after)]
    assert roles[0] == roles[1]


def test_the_words_are_part_of_what_a_curation_is(folder, tmp_path):
    out = tmp_path / "out"
    options = Options(max_targets=1, told=Told(target=("price",), id=("week",)))
    made = curate(folder, out, options=options)
    tasks = open_store(made.store).tasks
    assert {task.targets for task in tasks} == {("price",)}
    assert json.loads((out / "config.json").read_text())["told"]["target"] == ["price"]
    kept = tomllib.loads((out / "config.toml").read_text())
    assert (kept["target"], kept["id"]) == (["price"], ["week"])
    with pytest.raises(ConfigError, match=r"another curation \(told"):
        curate(folder, out, options=Options(max_targets=1))
    rows = [json.loads(line) for line in (out / "ledger.jsonl").read_text().splitlines()]
    (said,) = [row["explanation"] for row in rows if "explanation" in row]
    assert said["told"] == {"target": ["price"], "id": ["week"]}
