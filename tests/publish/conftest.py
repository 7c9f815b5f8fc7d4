"""A store to publish, with files in it that stay at home."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from darebench.store.read import open_store


@pytest.fixture
def store(tmp_path) -> Path:
    folder = tmp_path / "store"
    shutil.copytree(open_store().root, folder)
    secret = next((folder / "databases").glob("*_class")) / "verify"
    (secret / "simulated_pred_local.csv").write_text("row_id,x\n1,2\n")
    (folder / "databases" / ".DS_Store").write_text("junk")
    (folder / "notes.txt").write_text("private")
    return folder
