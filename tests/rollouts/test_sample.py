"""K attempts a task, through the evaluation's own path."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest

from cli.running import darebench
from darebench.evals.run import EvalConfig
from darebench.rollouts.sample import SAMPLING, collect
from darebench.store.read import open_store

pytestmark = pytest.mark.filterwarnings("default")  # Inspect's own dependencies warn


def test_every_task_is_attempted_k_times_and_a_second_call_adds_nothing(tmp_path):
    config = EvalConfig(model="trivial", tasks=("iris_class/mm",))
    run = collect(config, attempts=3, out=tmp_path / "run", slots=1)
    assert Counter(t.epoch for t in run.trajectories) == {1: 1, 2: 1, 3: 1}
    assert (run.unscored, run.missing) == (0, 0)
    before = (tmp_path / "run" / "trajectories.jsonl").read_bytes()
    collect(config, attempts=3, out=tmp_path / "run", slots=1)
    assert (tmp_path / "run" / "trajectories.jsonl").read_bytes() == before


def test_a_scripted_agent_is_not_given_sampling_options(tmp_path):
    config = EvalConfig(model="null", tasks=("iris_class/mm",))
    collect(config, attempts=1, out=tmp_path / "run", slots=1)
    record = json.loads((tmp_path / "run" / "config.json").read_text())
    assert record["config"]["generation"] == {}
    assert SAMPLING == {"temperature": 1.0, "top_p": 0.95}


@pytest.fixture
def partly_broken(tmp_path) -> str:
    """A store of which two datasets cannot be read."""
    store = Path(shutil.copytree(open_store().root, tmp_path / "store"))
    (store / "databases/affairs_class/source/train_v1.sqlite").write_bytes(b"")
    shutil.rmtree(store / "databases/diabetes_reg/source")
    return str(store)


def test_rollouts_report_broken_datasets_as_an_evaluation_does(partly_broken, tmp_path):
    given = ["iris_class", "--store", partly_broken, "--model", "null"]
    once = ["--attempts", "1", "--out", str(tmp_path / "rollouts")]
    made = darebench("rollouts", *given, *once)
    said = darebench("rollouts", *given, *once, "--json")
    evaluated = darebench("eval", *given, "--out", str(tmp_path / "eval"), "--json")
    notes = [
        [line for line in done.stderr.splitlines() if line.startswith("left out")]
        for done in (made, said, evaluated)
    ]
    assert notes[0] == notes[1] == notes[2]
    assert notes[0][0] == "left out: 2 datasets that cannot be used"
    assert [line.split(": ")[1] for line in notes[0][1:]] == ["affairs_class", "diabetes_reg"]
    errors = [json.loads(done.stdout)["errors"] for done in (said, evaluated)]
    assert errors[0] == errors[1]
    assert [e["dataset"] for e in errors[0]] == ["affairs_class", "diabetes_reg"]
    assert made.returncode == said.returncode == evaluated.returncode == 1
    assert "attempts: 2, unscored: 0" in made.stdout
