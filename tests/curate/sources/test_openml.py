"""OpenML, through its real client against a server that speaks its API."""

from __future__ import annotations

import pytest

from darebench.curate.curation_options import Options
from darebench.curate.pipeline import curate
from darebench.curate.sources import sites
from darebench.curate.sources.registry import open_source
from darebench.errors import ConfigError
from darebench.store.read import open_store
from good_tables import bundled
from sites import Openml


@pytest.fixture
def openml(monkeypatch, tmp_path):
    openml = pytest.importorskip("openml")
    monkeypatch.setattr(sites.time, "sleep", lambda s: None)
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
    with pytest.raises(ConfigError, match="is not the number"):
        open_source("openml://iris")
