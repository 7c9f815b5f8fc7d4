"""The whole path: anchors on every starter task, scripted models over HTTP, faults, resume."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from chat_server import ChatServer, call, raw_call

from darebench.errors import ConfigError
from darebench.evals.run import EvalConfig, evaluate
from darebench.evals.trajectory import from_json, read_trajectories, to_json
from darebench.report.load import load_run
from darebench.store.read import open_store
from darebench.types import Failure, Family, StopReason
from darebench.work import held

pytestmark = pytest.mark.filterwarnings("default")  # Inspect's own dependencies warn

GOOD = "import pandas as pd\nv = pd.read_csv('val_v2.csv')\nv['species'] = 'setosa'\nv[['row_id', 'species']].to_csv('prediction.csv', index=False)"
FILES = ["train_v2.csv", "val_v2.csv"]
DONE = {"content": "done"}


@pytest.fixture(scope="module")
def oracle(tmp_path_factory):
    return evaluate(EvalConfig(model="oracle"), out=tmp_path_factory.mktemp("runs") / "oracle")


def test_the_oracle_scores_one_everywhere(oracle):
    assert {t.task: t.score for t in oracle.trajectories if t.score != 1.0} == {}
    assert len(oracle.trajectories) == 12
    assert all(t.failure is None for t in oracle.trajectories)


def test_doing_nothing_scores_zero_everywhere(tmp_path):
    run = evaluate(EvalConfig(model="null"), out=tmp_path / "null")
    assert [t.score for t in run.trajectories] == [0.0] * 12
    assert {t.failure for t in run.trajectories} == {Failure.NO_PREDICTION}


def test_a_constant_scores_the_floor(tmp_path):
    run = evaluate(EvalConfig(model="trivial"), out=tmp_path / "trivial")
    scores = {t.task: t.score for t in run.trajectories}
    assert all(t.answered for t in run.trajectories)
    assert 0.0 < scores["affairs_class/mm"] < 0.6
    assert scores["diabetes_reg/mm"] == 0.0


def test_a_finished_run_is_not_made_again(oracle):
    start = time.monotonic()
    before = (oracle.folder / "trajectories.jsonl").read_bytes()
    again = evaluate(EvalConfig(model="oracle"), out=oracle.folder)
    assert (oracle.folder / "trajectories.jsonl").read_bytes() == before
    assert len(again.trajectories) == 12
    assert time.monotonic() - start < 15


def test_a_folder_refuses_another_run(oracle):
    with pytest.raises(ConfigError, match="--fresh"):
        evaluate(EvalConfig(model="oracle", turns=4), out=oracle.folder)


def test_a_run_that_was_moved_is_still_the_run(tmp_path):
    config = EvalConfig(model="null", tasks=("iris_class/*",))
    run = evaluate(config, out=tmp_path / "a")
    before = {p.name: p.read_bytes() for p in (run.folder / "logs").glob("*.eval")}
    run.folder.rename(tmp_path / "b")
    again = evaluate(config, out=tmp_path / "b")
    assert again.trajectories == run.trajectories
    assert {p.name: p.read_bytes() for p in (tmp_path / "b" / "logs").glob("*.eval")} == before


def test_two_processes_are_not_at_work_in_one_folder(oracle):
    with held(oracle.folder), pytest.raises(ConfigError, match="another process"):
        evaluate(EvalConfig(model="oracle"), out=oracle.folder)


def test_a_record_that_was_not_written_to_its_end_loses_nothing(oracle):
    record = (oracle.folder / "config.json").read_bytes()
    (oracle.folder / "config.json").unlink()
    again = evaluate(EvalConfig(model="oracle"), out=oracle.folder)
    assert len(again.trajectories) == 12
    assert (oracle.folder / "config.json").read_bytes() == record


def test_an_answer_that_cannot_be_used_is_unscored_and_stops_nothing(tmp_path):
    from darebench.evals.batch import score_batch

    store = Path(shutil.copytree(open_store().root, tmp_path / "store"))
    truth = store / "databases/diabetes_reg/verify/ground_truth.csv"
    header, first, *_ = truth.read_text().splitlines()
    truth.write_text("\n".join([header, first, first]) + "\n")
    run = evaluate(
        EvalConfig(store=str(store), model="trivial", tasks=("diabetes_reg/*",)),
        out=tmp_path / "run",
    )
    assert (run.unscored, run.missing) == (1, 0)
    result = score_batch(run.folder / "predictions" / "epoch-1", str(store))
    assert [e["task"] for e in result["errors"]] == ["diabetes_reg/mm"]


def test_trajectories_go_to_json_and_back(oracle):
    for trajectory in read_trajectories(oracle.folder / "trajectories.jsonl"):
        value = json.loads(json.dumps(to_json(trajectory)))
        assert next(iter(value)) == "schema_version"
        assert from_json(value) == trajectory


def test_kept_predictions_score_the_same_again(oracle):
    from darebench.evals.batch import score_batch

    result = score_batch(oracle.folder / "predictions" / "epoch-1", None)
    assert result["missing"] == []
    assert {s["score"] for s in result["scores"]} == {1.0}


def test_a_broken_dataset_is_left_out_and_named(tmp_path):
    store = Path(shutil.copytree(open_store().root, tmp_path / "store"))
    (store / "databases/affairs_class/source/train_v1.sqlite").write_bytes(b"")
    run = evaluate(
        EvalConfig(store=str(store), model="null", family=Family.CLASS), out=tmp_path / "run"
    )
    assert [t.task for t in run.trajectories] == ["iris_class/if", "iris_class/mm"]
    assert [p.dataset for p in run.problems] == ["affairs_class"]


def play(script, tmp_path, monkeypatch, **more):
    """Run a scripted model on one task through the real client."""
    monkeypatch.setenv("LOCAL_API_KEY", "x")
    options = {"turns": 3, "generation": {"max_retries": 1}, **more}
    with ChatServer(script) as server:
        config = EvalConfig(
            model="openai-api/local/m", tasks=("iris_class/mm",), base_url=server.url, **options
        )
        run = evaluate(config, out=tmp_path / "run")
    return run.trajectories[0], server.requests


def test_a_model_that_does_well(tmp_path, monkeypatch):
    def script(request, turn):
        return call(GOOD, FILES, ["prediction.csv"]) if turn == 0 else DONE

    done, requests = play(script, tmp_path, monkeypatch)
    assert done.stop_reason is StopReason.ANSWER
    assert done.score is not None
    assert 0 < done.score < 1
    assert done.failure is None
    assert done.tokens.total == 30
    assert requests[0]["tools"][0]["function"]["name"] == "python_executor"
    assert "You have 3 turns" in requests[0]["messages"][0]["content"]


SCRIPTS = {
    "files as a string": (call("1", "a.csv"), Failure.TOOL_ARGUMENTS),
    "an unknown file": (call("1", ["nothing.csv"]), Failure.TOOL_ARGUMENTS),
    "a path": (call("1", ["../verify/ground_truth.csv"]), Failure.TOOL_ARGUMENTS),
    "arguments that are no JSON": (raw_call("{oops"), Failure.TOOL_ARGUMENTS),
    "a missing argument": (raw_call('{"code": "1"}'), Failure.TOOL_ARGUMENTS),
    "another tool": (raw_call("{}", "bash"), Failure.TOOL_ARGUMENTS),
    "a file that was not named": (call("open('train_v2.csv')"), Failure.TOOL_ARGUMENTS),
    "a crash": (call("1 / 0"), Failure.CODE_ERROR),
    "a huge output": (call("print('x' * 10_000_000)"), Failure.NO_PREDICTION),
}


@pytest.mark.parametrize("what", SCRIPTS)
def test_a_model_that_does_badly_is_told_and_classified(what, tmp_path, monkeypatch):
    message, failure = SCRIPTS[what]
    done, requests = play(
        lambda request, turn: dict(message) if turn == 0 else dict(DONE), tmp_path, monkeypatch
    )
    assert (done.score, done.failure) == (0.0, failure)
    told = requests[-1]["messages"][-1]["content"]
    assert 10 < len(told) < 45_000


def test_an_endless_caller_stops_at_the_turns(tmp_path, monkeypatch):
    done, requests = play(lambda r, t: call("print(1)"), tmp_path, monkeypatch)
    assert (done.stop_reason, done.failure) == (StopReason.TURNS, Failure.EXECUTION_LIMIT)
    assert len(requests) == 3


def test_an_endless_program_stops_at_the_seconds(tmp_path, monkeypatch):
    done, _ = play(
        lambda r, t: call("while True: pass") if t == 0 else dict(DONE),
        tmp_path, monkeypatch, seconds=1.0,
    )  # fmt: skip
    assert done.calls[0].status == "timeout"
    assert done.failure is Failure.EXECUTION_LIMIT


def test_a_model_out_of_tokens(tmp_path, monkeypatch):
    done, _ = play(
        lambda r, t: {"content": "and then", "finish_reason": "length"}, tmp_path, monkeypatch
    )
    assert (done.stop_reason, done.failure) == (StopReason.TOKENS, Failure.TOKEN_LIMIT)


def test_a_model_that_refuses_is_scored_and_named(tmp_path, monkeypatch):
    message = {"content": "I cannot help with that.", "finish_reason": "content_filter"}
    done, _ = play(lambda r, t: dict(message), tmp_path, monkeypatch)
    assert (done.score, done.stop_reason) == (0.0, StopReason.REFUSED)
    assert done.failure is Failure.NO_PREDICTION


def test_a_model_that_says_no_in_words_has_no_prediction(tmp_path, monkeypatch):
    done, _ = play(lambda r, t: {"content": None, "refusal": "No."}, tmp_path, monkeypatch)
    assert (done.score, done.failure) == (0.0, Failure.NO_PREDICTION)


def test_several_calls_in_one_turn_are_all_answered(tmp_path, monkeypatch):
    both = call(GOOD, FILES, ["prediction.csv"])["tool_calls"] + call("1 / 0")["tool_calls"]
    both[1] = {**both[1], "id": "c2"}

    def script(request, turn):
        return {"content": None, "tool_calls": both} if turn == 0 else dict(DONE)

    done, requests = play(script, tmp_path, monkeypatch)
    assert [c.status for c in done.calls] == ["ok", "error"]
    assert [m["tool_call_id"] for m in requests[1]["messages"][-2:]] == ["c1", "c2"]
    assert done.score


def test_sampling_options_reach_the_server(tmp_path, monkeypatch):
    from darebench.cli.models import generation as told

    generation = told(
        "openai-api/local/m", top_k=20, temperature=0.5, top_p=0.9, max_tokens=77, max_retries=0
    )
    _, requests = play(lambda r, t: dict(DONE), tmp_path, monkeypatch, generation=generation)
    sent = requests[0]
    assert (sent["top_k"], sent["temperature"], sent["top_p"], sent["max_tokens"]) == (
        20,
        0.5,
        0.9,
        77,
    )
    assert told("anthropic/claude", top_k=20) == {"top_k": 20}


PASSING = {"an error": 500, "too many requests": 429, "unavailable": 503, "a hang-up": None}


@pytest.mark.parametrize("what", PASSING)
def test_a_passing_fault_of_the_provider_is_retried(what, tmp_path, monkeypatch):
    seen = []

    def script(request, turn):
        seen.append(turn)
        if len(seen) == 1:
            return PASSING[what]
        return call(GOOD, FILES, ["prediction.csv"]) if turn == 0 else dict(DONE)

    done, _ = play(script, tmp_path, monkeypatch)
    assert done.score
    assert done.fault is None


LASTING = {
    "errors": 500,
    "too many requests": 429,
    "hang-ups": None,
    "a wrong key": 401,
    "no JSON": b"<html>oops</html>",
    "no choice": b'{"id": "x", "object": "chat.completion", "created": 0, "model": "m", "choices": []}',
}


@pytest.mark.slow
@pytest.mark.parametrize("what", LASTING)
def test_a_lasting_fault_of_the_provider_is_unscored_and_counted(what, tmp_path, monkeypatch):
    from darebench.evals.summary import observations
    from darebench.report.tables import all_tables

    done, _ = play(lambda r, t: LASTING[what], tmp_path, monkeypatch, generation={"max_retries": 0})
    assert (done.score, done.failure, done.stop_reason) == (None, None, StopReason.FAULT)
    assert done.fault
    run = load_run(tmp_path / "run")
    assert observations(run.trajectories)[0].score is None
    shown = all_tables([run])
    del shown["published"]
    for table in shown.values():
        assert table.rows[0][table.columns.index("unscored")] == "1", table.title


@pytest.mark.slow
def test_a_killed_run_continues(tmp_path):
    command = [sys.executable, "-m", "darebench", "eval", "--model", "oracle", "--epochs", "4"]
    command += ["--out", str(tmp_path / "run"), "--json"]
    first = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    kept = tmp_path / "run" / "predictions"
    deadline = time.monotonic() + 60
    while len(list(kept.rglob("prediction.csv"))) < 10 and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    second = subprocess.run(command, capture_output=True, text=True)
    assert second.returncode == 0, second.stderr
    result = json.loads(second.stdout)
    assert len(result["tasks"]) == 48
    assert {t["score"] for t in result["tasks"]} == {1.0}


@pytest.mark.slow
def test_inspect_runs_the_task_by_name(tmp_path):
    command = [str(Path(sys.executable).with_name("inspect")), "eval", "darebench/bench"]
    command += ["--model", "darebench/oracle", "-T", "tasks=iris_class/*", "--display", "none"]
    done = subprocess.run(
        [*command, "--log-dir", str(tmp_path)], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    from inspect_ai.log import read_eval_log

    log = read_eval_log(str(next(tmp_path.glob("*.eval"))))
    assert log.status == "success"
    assert log.results is not None
    assert log.results.scores[0].metrics["mean"].value == 1.0
