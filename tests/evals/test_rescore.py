"""A store that has changed is noticed by name; kept predictions are scored with it again."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from darebench.errors import ConfigError
from darebench.evals.rescore import rescore
from darebench.evals.run import EvalConfig, evaluate
from darebench.evals.run_folder import read_run
from darebench.store.read import open_store

pytestmark = pytest.mark.filterwarnings("default")  # Inspect's own dependencies warn

TASKS = ("affairs_class/mm", "diabetes_reg/mm", "iris_class/if")
RUN_FILES = ("attempts.jsonl", "trajectories.jsonl", "config.json", "env.json")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    place = tmp_path_factory.mktemp("made")
    store = Path(shutil.copytree(open_store().root, place / "store"))
    evaluate(config_of(store), out=place / "run")
    return place


@pytest.fixture
def place(made, tmp_path):
    for name in ("store", "run"):
        shutil.copytree(made / name, tmp_path / name)
    return tmp_path


def config_of(store, **more):
    return EvalConfig(store=str(store), model="trivial", tasks=TASKS, epochs=2, **more)


def edit(path):
    """Turn the value of the first row of an answer into another row's."""
    header, *rows = path.read_text().splitlines()
    row_id, _, value = rows[0].partition(",")
    other = next(v for r in rows if (v := r.partition(",")[2]) != value)
    path.write_text("\n".join([header, f"{row_id},{other}", *rows[1:]]) + "\n")


def answer(place, dataset="affairs_class"):
    return place / "store/databases" / dataset / "verify/ground_truth.csv"


def contents(place):
    return {name: (place / "run" / name).read_bytes() for name in RUN_FILES}


def test_an_edited_answer_is_refused_by_name_and_scored_again(place):
    before, old = contents(place), read_run(place / "run")
    edit(answer(place))
    with pytest.raises(
        ConfigError, match=r"the content of affairs_class \(mm\) has changed.*--resc"
    ):
        evaluate(config_of(place / "store"), out=place / "run")
    assert contents(place) == before
    result = rescore(place / "run", str(place / "store"))
    assert result.scored == 6
    assert [(c.task, c.epoch) for c in result.changed] == [(TASKS[0], 1), (TASKS[0], 2)]
    new = read_run(place / "run")
    assert new.trajectories == result.run.trajectories
    for was, now in zip(old.trajectories, new.trajectories, strict=True):
        assert was.provenance is not None
        assert now.provenance is not None
        assert now.provenance.store == open_store(place / "store").hash != was.provenance.store
        assert (now.provenance.truth == was.provenance.truth) == (now.task != TASKS[0])
        assert (now.messages, now.calls, now.seconds) == (was.messages, was.calls, was.seconds)
    again = evaluate(config_of(place / "store"), out=place / "run")
    assert (again.new_attempts, again.trajectories) == (0, new.trajectories)


def test_scoring_again_changes_nothing_where_nothing_has_changed(place):
    rescore(place / "run", str(place / "store"))  # the store has moved
    before = contents(place)
    assert rescore(place / "run", str(place / "store")).changed == ()
    assert contents(place) == before


def test_an_answer_that_is_gone_is_refused_by_name(place):
    answer(place, "diabetes_reg").unlink()
    before = contents(place)
    everything = EvalConfig(store=str(place / "store"), model="trivial", epochs=2)
    with pytest.raises(ConfigError, match=r"diabetes_reg .* gone or broken"):
        evaluate(everything, out=place / "run")
    with pytest.raises(ConfigError, match=r"diabetes_reg: .*ground_truth\.csv is missing"):
        evaluate(config_of(place / "store"), out=place / "run")
    with pytest.raises(ConfigError, match=r"diabetes_reg .* gone or broken; mend the store"):
        rescore(place / "run", str(place / "store"))
    assert contents(place) == before


def test_the_folder_that_a_run_has_by_default_is_the_same_after_an_edit(place, monkeypatch):
    monkeypatch.chdir(place)
    evaluate(config_of("store"))
    edit(answer(place))
    with pytest.raises(ConfigError, match="has changed"):
        evaluate(config_of("store"))


def test_a_change_to_other_tasks_of_the_store_is_no_change_of_the_run(place):
    edit(answer(place, "schools_reg"))
    assert evaluate(config_of(place / "store"), out=place / "run").new_attempts == 0


def test_predictions_that_answer_other_files_are_not_scored(place):
    source = place / "store/databases/affairs_class/source"
    for path in source.glob("val_v2*"):
        path.write_bytes(path.read_bytes() + b"\n")
    before = contents(place)
    with pytest.raises(ConfigError, match=r"affairs_class \(mm\) .*answer other tasks"):
        rescore(place / "run", str(place / "store"))
    assert contents(place) == before


def test_a_prediction_that_is_gone_is_no_score_of_0(place):
    path = place / "run/predictions/epoch-2/affairs_class/mm/prediction.csv"
    path.unlink()
    before = contents(place)
    with pytest.raises(ConfigError, match=r"epoch-2/affairs_class/mm/prediction\.csv is missing"):
        rescore(place / "run", str(place / "store"))
    assert contents(place) == before


def test_another_scorer_is_refused_until_the_predictions_are_scored_again(place):
    path = place / "run/env.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "scorer": "0" * 12}))
    with pytest.raises(ConfigError, match="scorer 000000000000 there"):
        evaluate(config_of(place / "store"), out=place / "run")
    rescore(place / "run", str(place / "store"))
    assert evaluate(config_of(place / "store"), out=place / "run").new_attempts == 0


def test_both_commands_say_how_many_scores_changed(place):
    edit(answer(place))
    darebench = [sys.executable, "-m", "darebench"]
    store, out = ["--store", str(place / "store")], ["--out", str(place / "run")]
    same = [*darebench, "eval", *TASKS, *store, "--model", "trivial", "--epochs", "2", *out]
    refused = subprocess.run(same, capture_output=True, text=True)
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1), refused.stderr
    done = subprocess.run([*same, "--rescore", "--json"], capture_output=True, text=True)
    result = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert (result["rescored"], len(result["changed"]), len(result["tasks"])) == (6, 2, 6)
    score = [*darebench, "score", "--run", str(place / "run")]
    done = subprocess.run(score, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "scored again: 6 predictions; scores that changed: 0" in done.stdout
