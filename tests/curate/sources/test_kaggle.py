"""Kaggle, through its real client against a server that speaks its API."""

from __future__ import annotations

import json

import pytest

from darebench.curate.curation_options import Options
from darebench.curate.pipeline import curate
from darebench.curate.sources import sites
from darebench.curate.sources.registry import open_source
from darebench.errors import ConfigError, SourceFault
from darebench.store.read import open_store
from good_tables import bundled
from sites import Kaggle


@pytest.fixture
def kaggle(monkeypatch, tmp_path):
    kaggle_env = pytest.importorskip("kagglesdk.kaggle_env")
    pytest.importorskip("kagglehub")
    monkeypatch.setenv("KAGGLEHUB_CACHE", str(tmp_path / "kagglehub"))
    monkeypatch.setenv("KAGGLE_CONFIG_DIR", str(tmp_path / "nothing"))
    monkeypatch.setenv("KAGGLE_USERNAME", "me")
    monkeypatch.setenv("KAGGLE_KEY", "secret")
    monkeypatch.setattr(sites.time, "sleep", lambda s: None)
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
    kaggle.failures["DownloadDataset"] = [(503, {})] * (1 + len(sites.WAITS_S))
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
