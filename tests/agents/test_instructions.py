"""The baseline reads the starter store's written workflows back into their settings."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest

from darebench import open_store, run_python
from darebench.agents.baseline.instructions import read_workflow
from darebench.sandbox.program import with_settings
from darebench.store.truth import read_settings

EXPLORE = files("darebench.agents.baseline.programs").joinpath("explore.py").read_text()


@pytest.mark.parametrize("dataset", ["iris_class", "affairs_class", "diabetes_reg"])
def test_a_written_workflow_comes_back_as_its_settings(dataset):
    task = next(t for t in open_store().tasks if t.id == f"{dataset}/if")
    code = with_settings(EXPLORE, {"files": list(task.files)})
    facts = json.loads(run_python(code, load={n: task.source / n for n in task.files}).stdout)
    settings = read_settings(task)
    read = read_workflow(task.question, facts, settings.train_file, settings.val_file)
    assert read is not None
    assert read["targets"] == list(settings.targets)
    assert read["features"] == list(settings.features)
    assert read["numerical"] == list(settings.numerical)
    assert read["categorical"] == list(settings.categorical)
    assert read["imputer"] == settings.imputer
    assert read["model"] == settings.model
    assert read["random_state"] == settings.random_state
