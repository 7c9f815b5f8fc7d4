"""Diagnoses of a run: made when they are asked for, kept in its folder, made anew when stale."""

from __future__ import annotations

import json
import shutil

import pytest
from threadpoolctl import threadpool_limits

from by_hand import work_by_hand, write_if_store
from darebench.errors import ConfigError
from darebench.evals import diagnoses
from darebench.evals.rescore import rescore
from darebench.evals.run import EvalConfig, evaluate
from darebench.evals.run_folder import PREDICTIONS, predictions_of
from darebench.reference.near_misses import Step
from darebench.report.render import render
from darebench.store.layout import PREDICTION
from darebench.store.read import open_store
from darebench.view.shelf import Shelf
from pages import documents_in

pytestmark = pytest.mark.filterwarnings("default")  # Inspect's own dependencies warn


@pytest.fixture
def run(tmp_path):
    """A run of two attempts at each task: one that does as told, one that breaks a step."""
    store = open_store(write_if_store(tmp_path / "store"))
    made = evaluate(
        EvalConfig(store=str(store.root), model="trivial", epochs=2), out=tmp_path / "r"
    )
    for task in store.tasks:
        for epoch, broken in ((1, ()), (2, ("encode",))):
            path = predictions_of(made.folder / PREDICTIONS, task, epoch) / PREDICTION
            with threadpool_limits(1):
                path.write_bytes(work_by_hand(task, *broken))
    return rescore(made.folder).run


def test_attempts_of_a_run_are_diagnosed_once_and_reported_to_those_who_ask(run, monkeypatch):
    plain = render([run.folder], "json").text
    assert "diagnos" not in plain
    assert not (run.folder / diagnoses.DIAGNOSES).exists()
    value = json.loads(render([run.folder], "json", diagnose=True).text)["diagnoses"]
    assert [(d["task"], d["epoch"], d["followed"], d["step"]) for d in value] == [
        (task, epoch, epoch == 1, None if epoch == 1 else Step.ENCODING)
        for task in ("kinds_class/if", "scores_reg/if")
        for epoch in (1, 2)
    ]
    shown = render([run.folder], "terminal", diagnose=True).text
    assert "encoding of categories" in shown
    page = json.dumps(documents_in(render([run.folder], "html", diagnose=True).text))
    assert page.count("equals the reference with OrdinalEncoder") == 2
    kept = (run.folder / diagnoses.DIAGNOSES).read_bytes()

    def refuse(*_):
        raise AssertionError("it was diagnosed already")

    with monkeypatch.context() as patch:
        patch.setattr(diagnoses, "Diagnosing", refuse)
        again = json.loads(render([run.folder], "json", diagnose=True).text)["diagnoses"]
        shelf = Shelf([run.folder])
        shelf.look()
        served = {(a["task"], a["epoch"]): a["diagnosis"] for a in shelf.document("run/0/0")}
    assert again == value
    for one in value:
        assert served[one["task"], one["epoch"]]["sentence"] == one["sentence"]
    (run.folder / diagnoses.DIAGNOSES).write_text("{")
    assert json.loads(render([run.folder], "json", diagnose=True).text)["diagnoses"] == value
    assert (run.folder / diagnoses.DIAGNOSES).read_bytes() == kept


def test_a_store_that_has_changed_is_refused(run, tmp_path):
    with (tmp_path / "store/databases/kinds_class/source/train_v1.csv").open("a") as stream:
        stream.write("5000,20,5,Lyon,3,red,1,low\n")
    with pytest.raises(ConfigError, match=r"another state.*kinds_class \(if\) has changed"):
        render([run.folder], "json", diagnose=True)
    shutil.rmtree(tmp_path / "store")
    with pytest.raises(Exception, match="store"):
        render([run.folder], "json", diagnose=True)
