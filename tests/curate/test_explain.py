"""What is said of tables before any task is made of them."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from darebench.curate.explain_source import explain_source
from darebench.curate.sources.registry import open_source
from good_tables import panel


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("explained") / "tables"
    folder.mkdir()
    panel().to_csv(folder / "shops.csv", index=False, sep=";")
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "id": range(300),
            "size": rng.normal(size=300).round(3),
            "const": 1,
            "owner": rng.choice([f"owner {i}" for i in range(70)], 300),
            "since": rng.choice(["5th moon of 19", "6th moon of 20"], 300),
            "mostly": [None] * 290 + [1.5] * 10,
            "price": rng.normal(size=300).round(3),
            "kind": rng.choice(["flat", "house"], 300),
        }
    ).astype(object)
    frame.loc[7, "price"] = "unknown"
    text = "Homes of the district\n" + frame.to_csv(index=False)
    (folder / "homes.csv").write_bytes(text.replace("owner", "öwner").encode("cp1252"))
    (folder / "void.csv").write_text("")
    (folder / "keys.csv").write_text("a,b\n" + "".join(f"k{i},{i}\n" for i in range(100)))
    return folder


@pytest.fixture(scope="module")
def said(folder):
    return {one["key"]: one for one in explain_source(open_source(folder))}


def test_a_file_is_explained(said):
    homes = said["homes.csv"]
    assert homes["encoding"]["name"].lower().replace("-", "") in ("cp1252", "windows1252", "latin1")
    assert homes["dialect"]["delimiter"] == ","
    assert homes["header"]["row"] == 2
    assert homes["left_out"][0]["count"] == 1
    assert said["shops.csv"]["dialect"]["delimiter"] == ";"


def test_each_column_has_a_role_and_a_reason(said):
    columns = {column["name"]: column for column in said["homes.csv"]["columns"]}
    assert all(column["why"] for column in columns.values())
    roles = {name: column["role"] for name, column in columns.items()}
    assert roles["const"] == roles["mostly"] == roles["id"] == "left out"
    assert roles["öwner"] == "group"
    assert roles["size"] == roles["kind"] == "feature"
    assert columns["price"]["blanked"] == 1
    assert columns["price"]["examples"] == ["unknown"]
    assert "97% of it is missing" in columns["mostly"]["why"]


def test_time_and_groups_are_explained(said):
    shops = said["shops.csv"]
    assert (shops["time"]["column"], shops["time"]["series"]) == ("day", ["shop"])
    assert "200 times of each shop" in shops["time"]["why"]
    assert said["homes.csv"]["time"] == {"column": None, "why": "no column holds times"}
    assert said["homes.csv"]["groups"]["columns"] == ["öwner"]


def test_each_column_is_a_target_or_has_a_reason(said):
    for table in (said["homes.csv"], said["shops.csv"]):
        named = {row["name"] for row in table["targets"]}
        assert named == {c["name"] for c in table["columns"] if c["role"] != "left out"}
        assert all(row["why"] for row in table["targets"])
    taken = {row["name"] for row in said["homes.csv"]["targets"] if row["taken"]}
    assert taken == {"price"}
    (price,) = [row for row in said["homes.csv"]["targets"] if row["taken"]]
    assert price["role"] == "measured"
    assert price["score"] == sum(price["parts"].values()) >= 4
    others = [row for row in said["homes.csv"]["targets"] if not row["taken"]]
    assert all(row["role"] and row["role_why"] for row in others)
    assert any("--target" in row.get("help", "") for row in others)


def test_a_refusal_says_where_and_why(said):
    assert said["void.csv"]["refused"]["stage"] == "source"
    assert "0 bytes" in said["void.csv"]["refused"]["reason"]
    assert said["keys.csv"]["refused"]["stage"] == "design"
    assert said["homes.csv"]["refused"] is None


def call(folder, *options: str) -> str:
    command = [sys.executable, "-m", "darebench", "curate", str(folder), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_command_prints_lines_that_fit_and_makes_nothing(folder, said):
    before = sorted(folder.parent.rglob("*"))
    text = call(folder, "--explain", "--quiet")
    assert max(map(len, text.splitlines())) <= 80
    assert "- column const: left out; it holds one value" in text
    assert "# dataset.toml" in text
    assert sorted(folder.parent.rglob("*")) == before
    made = json.loads(call(folder, "--explain", "--json"))
    assert {one["key"]: one for one in made["tables"]} == json.loads(json.dumps(said))


def test_a_curation_needs_a_folder(folder):
    command = [sys.executable, "-m", "darebench", "curate", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "--out" in done.stderr
