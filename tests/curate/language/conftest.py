"""A table with its page, and a cache of answers for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from darebench.curate.language import ask
from good_tables import bundled


@pytest.fixture(autouse=True)
def _own_answers(tmp_path, monkeypatch):
    monkeypatch.setenv("DAREBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("LOCAL_API_KEY", "any")
    monkeypatch.setattr(ask, "MAX_RETRIES", 0)


@pytest.fixture
def folder(tmp_path) -> Path:
    folder = tmp_path / "tables"
    folder.mkdir()
    bundled("diabetes").round(4).to_csv(folder / "diabetes.csv", index=False)
    (folder / "diabetes.metadata.txt").write_text("Diabetes\n\nbmi: body mass index\n")
    return folder
