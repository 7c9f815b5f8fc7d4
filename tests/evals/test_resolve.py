"""Which runs are the same: by what is asked and by contents, never by where things lie."""

from __future__ import annotations

import json
import shutil
import tomllib
from pathlib import Path

import pytest

from darebench.errors import ConfigError
from darebench.evals.evaluation import EvalConfig
from darebench.evals.resolve import Asked, resolve
from darebench.evals.run import evaluate
from darebench.store.read import open_store
from darebench.work import held

pytestmark = pytest.mark.filterwarnings("default")  # Inspect's own dependencies warn
ONE = EvalConfig(model="null", tasks=("iris_class/mm",))


def asked(config: EvalConfig) -> Asked:
    return Asked(config=config, model=None, agent=None)


@pytest.fixture(scope="module")
def other_store(tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("elsewhere") / "store"
    return str(shutil.copytree(open_store().root, folder))


def test_a_run_is_called_the_same_wherever_the_store_and_the_cache_lie(
    other_store, tmp_path, monkeypatch
):
    here = resolve(asked(ONE))
    there = resolve(asked(EvalConfig(store=other_store, model="null", tasks=ONE.tasks)))
    assert here.name == there.name
    assert here.name.startswith("null-")
    monkeypatch.setenv("DAREBENCH_CACHE", str(tmp_path / "another cache"))
    monkeypatch.setenv("HOME", str(tmp_path / "another user"))
    assert resolve(asked(ONE)).name == here.name
    other = resolve(asked(EvalConfig(model="null", tasks=ONE.tasks, turns=4)))
    assert other.name != here.name


def test_a_run_goes_on_with_the_same_store_at_another_path(other_store, tmp_path):
    run = evaluate(ONE, out=tmp_path / "run")
    assert run.new_attempts == 1
    moved = EvalConfig(store=other_store, model="null", tasks=ONE.tasks)
    again = evaluate(moved, out=tmp_path / "run")
    assert (again.new_attempts, again.trajectories) == (0, run.trajectories)


def test_another_content_of_the_store_is_another_run(other_store, tmp_path):
    evaluate(ONE, out=tmp_path / "run")
    changed = Path(shutil.copytree(other_store, tmp_path / "store"))
    questions = changed / "question_list.json"
    value = json.loads(questions.read_text())
    value[0]["question_v2"] += " Be quick."
    questions.write_text(json.dumps(value))
    with pytest.raises(ConfigError, match=r"content of iris_class \(mm\) has changed.*--fresh"):
        evaluate(
            EvalConfig(store=str(changed), model="null", tasks=ONE.tasks), out=tmp_path / "run"
        )


def test_fresh_sets_a_run_aside_unless_another_process_writes_it(tmp_path):
    run = evaluate(ONE, out=tmp_path / "run")
    before = (run.folder / "trajectories.jsonl").read_bytes()
    with held(run.folder), pytest.raises(ConfigError, match="another process"):
        evaluate(ONE, out=run.folder, fresh=True)
    assert not (tmp_path / "run.old1").exists()
    assert (run.folder / "trajectories.jsonl").read_bytes() == before
    anew = evaluate(ONE, out=run.folder, fresh=True)
    assert anew.new_attempts == 1
    assert (tmp_path / "run.old1" / "trajectories.jsonl").read_bytes() == before


def test_the_folder_keeps_the_settings_as_a_file_for_the_same_run(tmp_path):
    config = EvalConfig(
        model="null", tasks=("iris_class/mm",), generation={"temperature": 0.5}, token_limit=1000
    )
    run = evaluate(config, out=tmp_path / "run")
    kept = tomllib.loads((run.folder / "config.toml").read_text())
    assert kept["tasks"] == ["iris_class/mm"]
    assert kept["generation"] == {"temperature": 0.5}
    assert "store" not in kept
    again = evaluate(EvalConfig(**{**kept, "tasks": tuple(kept["tasks"])}), out=run.folder)
    assert again.new_attempts == 0
