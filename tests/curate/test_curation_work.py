"""What a curation is: what was asked and what was read, wherever it lies."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from darebench.curate.curation_options import Noise, Options
from darebench.curate.curation_work import work_of
from darebench.curate.designing.rules import RulesDesigner
from darebench.curate.language.authors import Models, choose_authors
from darebench.curate.pipeline import curate
from darebench.curate.protocols import Authors
from darebench.curate.sources.hugging_face import HubSite
from darebench.curate.sources.registry import open_source
from darebench.errors import ConfigError

RULES = Authors(designer=RulesDesigner())


@pytest.fixture
def folder(tmp_path) -> Path:
    """A folder of tables that are refused at once, one of them in a folder of its own."""
    folder = tmp_path / "here" / "tables"
    (folder / "inner").mkdir(parents=True)
    rows = pd.DataFrame({"a": np.arange(20) ** 2, "b": [1, 2, 4, 8] * 5})
    rows.to_csv(folder / "short.csv", index=False)
    rows.to_csv(folder / "inner" / "data.csv", index=False)
    return folder


def test_a_folder_of_tables_may_be_moved(folder, tmp_path):
    curate(folder, tmp_path / "out")
    moved = folder.rename(tmp_path / "tables")
    assert curate(moved, tmp_path / "out").was_finished


def test_a_curation_may_be_moved(folder, tmp_path):
    curate(folder, tmp_path / "out")
    (tmp_path / "out").rename(tmp_path / "elsewhere")
    assert curate(folder, tmp_path / "elsewhere").was_finished


@pytest.mark.parametrize("changed", ["short.csv", "inner/data.csv", "inner/new.csv"])
def test_a_changed_file_is_named(folder, tmp_path, changed):
    curate(folder, tmp_path / "out")
    with (folder / changed).open("a") as stream:
        stream.write("7,7\n")
    named = changed.replace("/", r"\.")
    with pytest.raises(ConfigError, match=rf"another curation \(source\.files\.{named} \w+ there"):
        curate(folder, tmp_path / "out")


def test_hidden_files_are_not_part_of_a_folder(folder, tmp_path):
    curate(folder, tmp_path / "out")
    (folder / ".DS_Store").write_bytes(b"any")
    (folder / "inner" / ".cache").write_bytes(b"any")
    assert curate(folder, tmp_path / "out").was_finished


def test_nothing_that_is_compared_is_a_path_or_a_repr(folder, tmp_path):
    curate(folder, tmp_path / "out")
    kept = json.loads((tmp_path / "out" / "config.json").read_text())
    assert kept["source"].pop("path") == str(folder)
    text = json.dumps(kept)
    assert str(tmp_path) not in text
    assert "(" not in text
    assert kept["instructions_version"] == 2


def test_a_site_is_known_by_what_it_was_asked():
    def asked(**filters: str) -> dict[str, object]:
        site = HubSite.create("", dict(filters))
        return dict(work_of(site, RULES, Options(), 5).records["config.json"].value)

    assert asked(search="a", author="b") == asked(author="b", search="a")
    assert asked(search="a") != asked(search="b")


def test_authors_are_known_by_their_models_and_not_by_where_these_are_served(folder, tmp_path):
    def work(port: int, name: str):
        models = Models(
            designer=f"openai-api/local/{name}",
            rewriter="openai-api/local/w",
            base_url=f"http://127.0.0.1:{port}/v1",
        )
        authors = choose_authors(models, tmp_path / str(port))
        return work_of(open_source(folder), authors, Options(), None).records["config.json"]

    def compared(record) -> dict[str, object]:
        authors = json.loads(json.dumps(record.value["authors"]))
        for author in authors:
            if f"authors.{author}.base_url" in record.notes:
                del authors[author]["base_url"]
        return authors

    assert compared(work(1, "a")) == compared(work(2, "a"))
    assert compared(work(1, "a")) != compared(work(1, "b"))


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv("LOCAL_API_KEY", "any")


def test_the_options_are_kept_as_a_file_of_settings(folder, tmp_path):
    options = Options(seed=4, noise=Noise.HARD, licences=("cc*", "unknown"))
    curate(folder, tmp_path / "out", options=options, limit=2)
    assert tomllib.loads((tmp_path / "out" / "config.toml").read_text()) == {
        "seed": 4,
        "max_targets": 2,
        "noise": "hard",
        "workflows": 1,
        "steps": "mixed",
        "licences": ["cc*", "unknown"],
        "limit": 2,
        "designer": "rules",
    }
