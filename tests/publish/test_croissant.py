"""Croissant metadata that mlcroissant reads."""

from __future__ import annotations

import json

import pytest

from darebench.errors import ConfigError
from darebench.publish.croissant import validate
from darebench.publish.push import prepare

pytest.importorskip("mlcroissant")
pytestmark = pytest.mark.filterwarnings("default")  # mlcroissant's own dependencies warn


def test_a_file_that_is_not_croissant_is_refused(store, tmp_path):
    out = tmp_path / "docs"
    prepare(str(store), "me/tasks", out)
    path = out / "croissant.json"
    content = json.loads(path.read_text())
    content["recordSet"][0]["field"][0]["source"]["fileObject"]["@id"] = "nowhere"
    path.write_text(json.dumps(content))
    with pytest.raises(ConfigError, match="is not valid Croissant"):
        validate(path)
