"""`score`: a file against a task or its id, of any store."""

from __future__ import annotations

import pytest

from darebench.errors import ConfigError, StoreError
from darebench.evals.prediction import score
from darebench.store.read import open_store
from darebench.store.truth import read_truth
from darebench.types import ReasonCode


def test_a_path_bytes_and_nothing_are_predictions(tmp_path):
    task = open_store().task("iris_class/mm")
    path = tmp_path / "p.csv"
    path.write_bytes(read_truth(task).csv)
    for prediction in (path, str(path), path.read_bytes()):
        assert score(prediction, task).score == 1.0
    missing = score(tmp_path / "none.csv", "iris_class/mm")
    assert missing.reason == score(None, task).reason
    assert missing.reason is not None
    assert missing.reason.code is ReasonCode.NO_PREDICTION


def test_a_task_or_its_id_and_a_store_or_its_folder_are_the_same():
    store = open_store()
    task = store.task("iris_class/mm")
    answer = read_truth(task).csv
    found = score(answer, "iris_class/v2")
    assert found.provenance.store == store.hash
    assert found == score(answer, task, store=store) == score(answer, task.id, store=store.root)
    assert score(answer, task).provenance.store is None


def test_what_is_not_there_is_one_sentence():
    with pytest.raises(ConfigError, match="did you mean 'iris_class/mm'"):
        score(None, "iris_class/nn")
    with pytest.raises(StoreError, match="no store at nowhere"):
        score(None, "iris_class/mm", store="nowhere")
