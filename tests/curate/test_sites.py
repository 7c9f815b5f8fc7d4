"""Network sources, through the real clients against servers that speak the sites' APIs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from site_servers import Hub, Kaggle, Openml

from darebench.curate.pipeline import curate
from darebench.curate.sources import open_source, remote
from darebench.curate.sources.sites import patiently, pin
from darebench.curate.stages import Options
from darebench.errors import ConfigError, SourceFault
from darebench.store.read import open_store
from good_tables import bundled

CARD = """---
license: cc-by-4.0
pretty_name: Progress of a disease
tags: [health, tabular]
---
# Progress

<p>Measured <b>once</b> a year.</p>
<table><tr><td>bmi</td><td>body mass index of a person</td></tr></table>
"""


def csv(name: str = "diabetes", rows: int = 10_000, padding: int = 0) -> bytes:
    frame = bundled(name).round(4).head(rows)
    return frame.assign(**({"note": "x" * padding} if padding else {})).to_csv(index=False).encode()


def parquet() -> bytes:
    return bundled("breast_cancer").iloc[:, [0, 1, 4, 6, 9, -1]].to_parquet()


@pytest.fixture
def hub():
    with Hub() as site:
        site.repos["ann/progress"] = {
            "README.md": CARD.encode(),
            "data/train.csv": csv(),
            "data/test.csv": csv(rows=50),
            "dataset_infos.json": b"{}",
        }
        site.repos["bob/cells"] = {"cells.parquet": parquet()}
        site.repos["cat/pictures"] = {"a.png": b"png"}
        site.tags = {"ann/progress": ["license:cc-by-4.0", "health"], "bob/cells": []}
        yield site


def darebench(url: str, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run in a process of its own: the hub's client reads its endpoint when it is imported."""
    env = {**os.environ, "HF_ENDPOINT": url, "HF_HUB_DISABLE_XET": "1", **more}
    command = [sys.executable, "-m", "darebench", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=env)


def test_a_repository_of_the_hub_becomes_tasks(hub, tmp_path):
    hub.repos["ann/progress"]["data/train.csv"] = csv(padding=27_000)
    hub.cut["train.csv"] = 11 << 20
    out = str(tmp_path / "out")
    call = ("curate", "hf://ann/progress", "--out", out, "--max-targets", "1", "--json")
    done = darebench(hub.url, *call)
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    assert (made["tables"], made["tasks"], made["refused"]) == (1, 2, [])
    store = open_store(made["store"])
    assert {t.cluster for t in store.tasks} == {"hf/ann-progress"}
    assert {t.licence for t in store.tasks} == {"cc-by-4.0"}
    text = (store.tasks[0].source / "metadata.txt").read_text()
    assert text.startswith("Progress of a disease")
    assert "bmi: body mass index of a person" in text
    assert "<b>" not in text
    assert "license:" not in text
    entry = json.loads((store.root / "question_list.json").read_text())[0]
    assert entry["lastUpdated"] == "2024-03-02"
    ranges = [h["range"] for m, p, h in hub.requests if "train.csv" in p and "range" in h]
    assert ranges == [f"bytes={10 << 20}-"], "the broken download went on where it stopped"
    assert hub.asked("test.csv") == []


def test_a_search_keeps_its_versions_and_refuses_licences_before_downloading(hub, tmp_path):
    call = ("curate", "hf", "--limit", "5", "--licences", "cc-*", "--max-targets", "1", "--json")
    done = darebench(hub.url, *call, "--out", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    refused = {r["table"]: r["reason"] for r in json.loads(done.stdout)["refused"]}
    assert set(refused) == {"bob-cells", "cat-pictures"}
    assert "licence 'unknown' is not accepted; nothing was downloaded" in refused["bob-cells"]
    assert hub.asked("cells.parquet") == []
    listing = json.loads((tmp_path / "out" / "listing.json").read_text())
    assert [row["key"] for row in listing] == ["ann/progress", "bob/cells", "cat/pictures"]
    assert listing[0]["version"] == hub.sha("ann/progress")


def test_what_has_no_table_is_refused_and_parts_are_joined(hub, tmp_path):
    frame = bundled("diabetes").round(4)
    hub.repos = {"cat/pictures": {"a.png": b"png"}, "dan/parts": {
        "default/train-00000-of-00002.parquet": frame[:200].to_parquet(),
        "default/train-00001-of-00002.parquet": frame[200:].to_parquet(),
    }}  # fmt: skip
    out = tmp_path / "out"
    done = darebench(
        hub.url, "curate", "hf", "--limit", "9", "--out", str(out), "--max-targets", "1", "--json"
    )
    made = json.loads(done.stdout)
    assert [r["reason"] for r in made["refused"]] == ["the repository holds no table"]
    (cluster,) = {t.cluster for t in open_store(made["store"]).tasks}
    assert cluster == "hf/dan-parts"
    assert hub.asked("00001-of-00002")


def test_a_repository_that_is_not_there_is_one_sentence(hub, tmp_path):
    done = darebench(hub.url, "curate", "hf://ann/gone", "--out", str(tmp_path / "out"))
    assert (done.returncode, done.stdout) == (2, "")
    assert "no such repository" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("name", "filters", "words"),
    [
        ("hf://ann", {}, "form hf://owner/name"),
        ("hf", {}, "--filter or a --limit"),
        ("openml", {}, "--filter or a --limit"),
        ("hf", {"colour": "red"}, "no filter 'colour'"),
        ("hf://ann/progress", {"search": "x"}, "is one dataset"),
        ("rdatasets", {"search": "x"}, "has no filters"),
        ("nowhere", {}, "there is no folder nowhere"),
    ],
)
def test_wrong_names_and_filters_are_named(tmp_path, name, filters, words):
    with pytest.raises(ConfigError, match=words):
        curate(name, tmp_path / "out", filters=filters)


@pytest.fixture
def kaggle(monkeypatch, tmp_path):
    kaggle_env = pytest.importorskip("kagglesdk.kaggle_env")
    pytest.importorskip("kagglehub")
    monkeypatch.setenv("KAGGLEHUB_CACHE", str(tmp_path / "kagglehub"))
    monkeypatch.setenv("KAGGLE_CONFIG_DIR", str(tmp_path / "nothing"))
    monkeypatch.setenv("KAGGLE_USERNAME", "me")
    monkeypatch.setenv("KAGGLE_KEY", "secret")
    monkeypatch.setattr(remote.time, "sleep", lambda s: None)
    page = {
        "title": "Cells", "subtitle": "of breasts", "description": "<p>Measured <i>cells</i>.</p>",
        "keywords": ["health"], "licenses": [{"name": "CC0-1.0"}],
        "data": [{"name": "cells.csv", "totalBytes": 9,
                  "columns": [{"name": "mean radius", "description": "mean distance from the centre"}]}],
    }  # fmt: skip
    with Kaggle() as site:
        frame = bundled("breast_cancer").iloc[:, [0, 1, 4, 6, 9, -1]].assign(note="x" * 4_000)
        files = {"cells.csv": frame.to_csv(index=False)}
        good = {
            "info": page,
            "files": files,
            "licenseName": "CC0: Public Domain",
            "usabilityRating": 0.9,
        }
        site.datasets = {
            "ann/cells": good,
            "bob/closed": {**good, "licenseName": "Other"},
            "cat/poor": {**good, "usabilityRating": 0.2},
        }
        monkeypatch.setitem(kaggle_env._env_to_endpoint, kaggle_env.KaggleEnv.PROD, site.url)
        yield site


def test_kaggle_is_searched_filtered_and_downloaded(kaggle, tmp_path):
    kaggle.failures["ListDatasets"] = [(429, {"Retry-After": "7"})]
    kaggle.cut["/archive/"] = 3 << 19
    options = Options(max_targets=1, licences=("cc0*",))
    filters = {"tag": "13302", "licence": "cc", "max_mb": "50", "min_usability": "0.5"}
    made = curate("kaggle", tmp_path / "out", options=options, filters=filters)
    assert made.n_tasks == 2
    assert {r.table: r.reason for r in made.refused} == {
        "bob-closed": "its licence 'Other' is not accepted; nothing was downloaded"
    }
    asked = kaggle.bodies[0]
    assert (asked["tagIds"], asked["license"], asked["maxSize"]) == (
        "13302",
        "DATASET_LICENSE_GROUP_CC",
        50_000_000,
    )
    assert kaggle.bodies[1]["pageToken"] == "2"
    assert [h["range"] for _, p, h in kaggle.requests if "/archive/" in p and "range" in h] == [
        f"bytes={1 << 20}-"
    ]
    (task, _) = open_store(made.store).tasks
    assert (task.cluster, task.licence) == ("kaggle/ann-cells", "CC0: Public Domain")
    text = (task.source / "metadata.txt").read_text()
    assert "of breasts" in text
    assert "Measured cells." in text
    assert "mean radius: mean distance from the centre" in text
    entry = json.loads((made.store / "question_list.json").read_text())[0]
    assert entry["lastUpdated"] == "2024-02-01"


def test_one_dataset_of_kaggle(kaggle, tmp_path):
    made = curate("kaggle://ann/cells", tmp_path / "out", options=Options(max_targets=1))
    assert (made.n_tasks, made.refused) == (2, ())
    with pytest.raises(ConfigError, match="no such dataset"):
        curate("kaggle://ann/gone", tmp_path / "other")


def test_kaggle_without_a_key_says_where_it_goes(kaggle, monkeypatch):
    monkeypatch.delenv("KAGGLE_KEY")
    with pytest.raises(ConfigError, match=r"KAGGLE_API_TOKEN.*kaggle\.json"):
        open_source("kaggle")


def test_a_key_that_kaggle_refuses_says_so(kaggle, tmp_path):
    kaggle.failures["ListDatasets"] = [(401, {})]
    with pytest.raises(ConfigError, match="refuses the key"):
        curate("kaggle", tmp_path / "out", filters={"search": "cells"})


def test_a_site_that_fails_leaves_a_table_unfinished_and_the_next_call_finishes_it(
    kaggle, tmp_path
):
    kaggle.failures["DownloadDataset"] = [(503, {})] * (1 + len(remote.WAITS_S))
    options = Options(max_targets=1)
    with pytest.raises(SourceFault, match="1 of 1 tables are unfinished; the same command"):
        curate("kaggle://ann/cells", tmp_path / "out", options=options)
    assert not (tmp_path / "out" / "store").exists()
    left = [
        json.loads(row) for row in (tmp_path / "out" / "unfinished.jsonl").read_text().splitlines()
    ]
    assert [row["table"] for row in left] == ["ann-cells"]
    made = curate("kaggle://ann/cells", tmp_path / "out", options=options)
    assert (made.n_tasks, made.refused) == (2, ())
    assert not (tmp_path / "out" / "unfinished.jsonl").exists()


@pytest.fixture
def openml(monkeypatch, tmp_path):
    openml = pytest.importorskip("openml")
    monkeypatch.setattr(remote.time, "sleep", lambda s: None)
    frame = bundled("diabetes").round(4)
    lines = ["@RELATION diabetes", *(f"@ATTRIBUTE {c} REAL" for c in frame.columns), "@DATA"]
    arff = "\n".join(lines) + "\n" + frame.to_csv(index=False, header=False)
    with Openml() as site:
        good = {"name": "diabetes_progress", "licence": "Public", "arff": arff,
                "description": "**Progress**\n\nbmi: body mass index of a person\n"}  # fmt: skip
        site.datasets = {61: good, 62: {**good, "licence": "CC BY-NC"}}
        monkeypatch.setattr(openml.config, "server", f"{site.url}/api/v1/xml")
        monkeypatch.setattr(openml.config, "_root_cache_directory", tmp_path / "openml")
        yield site


def test_openml_is_searched_and_read(openml, tmp_path):
    options = Options(max_targets=1, licences=("public*",))
    made = curate("openml", tmp_path / "out", options=options, filters={"data_name": "diabetes"})
    assert made.n_tasks == 2
    assert [(r.table, r.reason) for r in made.refused] == [
        ("62", "its licence 'CC BY-NC' is not accepted; nothing was downloaded")
    ]
    assert openml.asked("/files/62.arff") == []
    (task, _) = open_store(made.store).tasks
    assert (task.cluster, task.licence) == ("openml/61", "Public")
    text = (task.source / "metadata.txt").read_text()
    assert text.startswith("diabetes progress")
    assert "bmi: body mass index of a person" in text


def test_openml_is_read_from_its_parquet_files_where_it_has_them(openml, tmp_path):
    openml.parquets[61] = bundled("diabetes").round(4).to_parquet()
    made = curate("openml://61", tmp_path / "out", options=Options(max_targets=1))
    assert (made.n_tasks, made.refused) == (2, ())
    assert openml.asked("dataset_061.pq")
    assert openml.asked("/files/61.arff") == []


def test_openml_is_read_from_arff_where_the_parquet_file_is_gone(openml, tmp_path):
    openml.parquets[61] = b""
    made = curate("openml://61", tmp_path / "out", options=Options(max_targets=1))
    assert (made.n_tasks, made.refused) == (2, ())
    assert openml.asked("dataset_061.pq")
    assert openml.asked("/files/61.arff")


def test_an_unknown_number_of_openml_is_named(openml, tmp_path):
    with pytest.raises(ConfigError, match=r"openml://9: OpenML says: Unknown dataset"):
        curate("openml://9", tmp_path / "out")
    with pytest.raises(ConfigError, match="is no number"):
        open_source("openml://iris")


class Limited(Exception):
    def __init__(self, status: int, headers: dict[str, str]) -> None:
        class Answer:
            status_code = status

        self.response = Answer()
        self.response.headers = headers


def test_waiting_obeys_the_site_and_ends(monkeypatch):
    waits: list[float] = []
    monkeypatch.setattr(remote.time, "sleep", waits.append)
    planned = [Limited(429, {"Retry-After": "7"}), Limited(503, {})]

    def call() -> str:
        if planned:
            raise planned.pop(0)
        return "done"

    assert patiently(call, (Limited,)) == "done"
    assert waits == [7.0, remote.WAITS_S[1]]

    def never() -> str:
        raise Limited(500, {"Retry-After": "999999"})

    with pytest.raises(SourceFault, match="does not answer"):
        patiently(never, (Limited,))
    assert waits[-1] == remote.LONGEST_WAIT_S

    def refused() -> str:
        raise Limited(404, {})

    with pytest.raises(Limited):
        patiently(refused, (Limited,))


def test_a_local_source_is_not_pinned(tables, tmp_path: Path):
    source = open_source(str(tables))
    assert pin(source, tmp_path, limit=None, licences=("*",)) is source
