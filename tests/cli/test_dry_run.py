"""`--dry-run` says what would be done, and does nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.running import darebench
from darebench.cli.dry_run import FolderState, state_of
from darebench.errors import ConfigError
from darebench.store.read import open_store
from darebench.work import Record, Work, claimed
from evals.chat_server import ChatServer

RUN = ("eval", "iris_class/*", "--model", "null")
WORK = Work(kind="run", records={"config.json": Record(value={"turns": 5})})


def plan(*arguments: str, cwd: Path, **more) -> dict:
    done = darebench(*arguments, "--dry-run", "--json", cwd=cwd, **more)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_run_is_described_and_not_made(tmp_path):
    described = plan(*RUN, "--epochs", "2", cwd=tmp_path)
    assert described["dry_run"] is True
    assert described["store_hash"] == open_store().hash
    assert described["tasks"] == {"class-IF": 1, "class-MM": 1}
    assert (described["epochs"], described["attempts"]) == (2, 4)
    assert (described["model"], described["turns"], described["seconds"]) == ("null", 5, 200.0)
    assert described["folder"].startswith("runs/null-")
    assert described["state"] == "new"
    assert list(tmp_path.iterdir()) == []
    text = darebench(*RUN, "--dry-run", cwd=tmp_path).stdout
    assert "tasks: class-IF 1, class-MM 1\n" in text
    assert list(tmp_path.iterdir()) == []


def test_its_folder_is_that_of_the_run_which_it_would_continue(tmp_path):
    described = plan(*RUN, cwd=tmp_path)
    made = json.loads(darebench(*RUN, "--json", cwd=tmp_path).stdout)
    assert made["run"] == described["folder"]
    assert plan(*RUN, cwd=tmp_path)["state"] == "continued"
    assert plan(*RUN, "--fresh", cwd=tmp_path)["state"] == "set aside"
    refused = darebench(*RUN, "--turns", "4", "--out", made["run"], "--dry-run", cwd=tmp_path)
    assert refused.returncode == 2
    assert "config.turns 5 there, 4 here" in refused.stderr
    again = plan("eval", "-c", f"{made['run']}/config.toml", "--out", made["run"], cwd=tmp_path)
    assert again["state"] == "continued"


def test_no_model_is_asked(tmp_path):
    with ChatServer(lambda request, turn: {"content": "done"}) as server:
        model = ("--model", "openai-api/local/m", "--base-url", server.url)
        described = plan("rollouts", *model, "-M", "api_key=none", cwd=tmp_path)
        assert described["attempts"] == 8 * 12
        assert server.requests == []


def test_what_would_be_refused_is_refused(tmp_path):
    done = darebench("eval", "nothing", "--dry-run", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    done = darebench("eval", "--model", "openai/gpt-5", "--dry-run", cwd=tmp_path)
    assert done.returncode == 2
    assert "the model 'openai/gpt-5' cannot be used" in done.stderr


def test_a_curation_is_described_and_not_made(tmp_path):
    (tmp_path / "tables").mkdir()
    for name in ("a", "b"):
        (tmp_path / "tables" / f"{name}.csv").write_text("x,y\n1,2\n")
    curate = ("curate", "tables", "--out", "made", "--noise", "hard")
    described = plan(*curate, cwd=tmp_path)
    assert (described["source"], described["tables"]) == ("tables", 2)
    assert described["options"]["noise"] == "hard"
    assert (described["models"], described["state"]) == ({}, "new")
    assert plan(*curate, "--limit", "1", cwd=tmp_path)["tables"] == 1
    assert [p.name for p in tmp_path.iterdir()] == ["tables"]


def test_the_state_of_a_folder_is_found_without_touching_it(tmp_path):
    folder = tmp_path / "run"
    assert state_of(folder, WORK) is FolderState.NEW
    assert list(tmp_path.iterdir()) == []
    with claimed(folder, WORK):
        pass
    assert state_of(folder, WORK) is FolderState.CONTINUED
    other = Work(kind="run", records={"config.json": Record(value={"turns": 4})})
    with pytest.raises(ConfigError, match="turns 5 there, 4 here"):
        state_of(folder, other)
    assert state_of(folder, other, fresh=True) is FolderState.SET_ASIDE
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("x")
    with pytest.raises(ConfigError, match="holds other files"):
        state_of(tmp_path / "mine", WORK)
