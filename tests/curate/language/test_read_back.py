"""A second model must read a rewritten question as it is meant."""

from __future__ import annotations

import json

import pytest
from model_answers import honest, models

from darebench.curate.curation_options import Options
from darebench.curate.language.authors import choose_authors
from darebench.curate.pipeline import curate
from darebench.store.read import open_store
from darebench.store.truth import read_settings
from sites import Chat

pytestmark = pytest.mark.filterwarnings("default")  # Inspect's own dependencies warn


def test_a_second_model_must_read_the_same(folder, tmp_path):
    """It reads right settings for the workflow; of the modelling task it misses the measure."""
    seen: dict[str, str] = {}

    def script(said: list[dict[str, str]]) -> str:
        if "You rewrite" in said[0]["content"]:
            text = honest(said)
            seen["v1" if "random_state" in text else "v2"] = text
            return text
        if '"measure"' in said[1]["content"]:
            return json.dumps({"targets": ["result"], "output": "prediction.csv", "measure": None})
        return seen["settings"]

    plain = curate(str(folder), tmp_path / "plain", options=Options(max_targets=1))
    settings = read_settings(open_store(plain.store).tasks[0])
    read = {
        "targets": ["result"], "features": list(settings.features),
        "numerical": list(settings.numerical), "categorical": list(settings.categorical),
        "ranges": {k: list(v) for k, v in settings.expected_ranges.items()},
        "keeps_missing": True, "drops_targetless": True, "imputer": settings.imputer,
        "scaler": "StandardScaler", "encoder": "OneHotEncoder", "numeric_first": True,
        "model": settings.model, "random_state": settings.random_state, "output": "prediction.csv",
    }  # fmt: skip
    told = []
    for number, change in enumerate(
        ({}, {"keeps_missing": False}, {"features": read["features"][::-1]})
    ):
        seen["settings"] = json.dumps({**read, **change})
        out = tmp_path / f"out{number}"
        with Chat(script) as chat:
            authors = choose_authors(models(chat.url, rewriter="w", reader=f"r{number}"), out)
            made = curate(str(folder), out, authors=authors, options=Options(max_targets=1))
        task = open_store(made.store).tasks[0]
        path = task.source.parent / "verify" / "all_metadata.json"
        told.append(json.loads(path.read_text())["question"]["rewriting"])
        assert task.question.startswith("Dear colleague") == (number == 0)
    assert told[0]["v1"] == "rewritten"
    assert "reads measure as None, not as 'R2'" in told[0]["v2"]
    assert "reads keeps_missing as False" in told[1]["v1"]
    assert "reads features as" in told[2]["v1"]
