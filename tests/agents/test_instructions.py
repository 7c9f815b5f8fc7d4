"""The baseline reads the starter store's written workflows back into their settings."""

from __future__ import annotations

import asyncio
import json

import pytest

from darebench import open_store, run_python
from darebench.agents.baseline.instructions import read_workflow
from darebench.agents.baseline.policy import BaselineModel
from darebench.agents.prompt import opening
from darebench.agents.protocol import Budget
from darebench.store.truth import read_settings


@pytest.mark.parametrize("dataset", ["iris_class", "affairs_class", "diabetes_reg"])
def test_a_written_workflow_comes_back_as_its_settings(dataset):
    task = next(t for t in open_store().tasks if t.id == f"{dataset}/if")
    asked = opening(task, Budget(), tool="python_executor", prediction="prediction.csv")
    look = asyncio.run(BaselineModel().reply(asked, [])).message.tool_calls[0].arguments
    loaded = {name: task.source / name for name in look["files_to_load"]}
    facts = json.loads(run_python(look["code"], load=loaded).stdout)
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
