"""The hub, through its real client against a server that speaks its API."""

from __future__ import annotations

import json

import pytest
from huggingface_hub import constants

from cli.running import darebench
from darebench.store.read import open_store
from good_tables import bundled
from sites import Hub

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
def hub(monkeypatch):
    with Hub() as site:
        # The client has read its endpoint from the environment when it was imported.
        monkeypatch.setattr(constants, "ENDPOINT", site.url)
        form = site.url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", form)
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
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


def test_a_repository_of_the_hub_becomes_tasks(hub, tmp_path):
    hub.repos["ann/progress"]["data/train.csv"] = csv(padding=27_000)
    hub.cut["train.csv"] = 11 << 20
    out = str(tmp_path / "out")
    call = ("curate", "hf://ann/progress", "--out", out, "--max-targets", "1", "--json")
    done = darebench(*call)
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
    done = darebench(*call, "--out", str(tmp_path / "out"))
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
        "curate", "hf", "--limit", "9", "--out", str(out), "--max-targets", "1", "--json"
    )
    made = json.loads(done.stdout)
    assert [r["reason"] for r in made["refused"]] == ["the repository holds no table"]
    (cluster,) = {t.cluster for t in open_store(made["store"]).tasks}
    assert cluster == "hf/dan-parts"
    assert hub.asked("00001-of-00002")


def test_a_repository_that_is_not_there_is_one_sentence(hub, tmp_path):
    done = darebench("curate", "hf://ann/gone", "--out", str(tmp_path / "out"))
    assert (done.returncode, done.stdout) == (2, "")
    assert "no such repository" in done.stderr
    assert "Traceback" not in done.stderr
