"""Runs that are interrupted, refused, or cannot write: one sentence, and how to go on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from darebench.errors import ConfigError
from darebench.evals.run import EvalConfig, evaluate

pytestmark = pytest.mark.filterwarnings("default")  # Inspect's own dependencies warn

DAREBENCH = [sys.executable, "-m", "darebench"]


def start(*arguments: str, **more) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*DAREBENCH, *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True, **more,
    )  # fmt: skip


def wait_for(found, seconds: float = 90.0) -> None:
    deadline = time.monotonic() + seconds
    while not found() and time.monotonic() < deadline:
        time.sleep(0.05)


@pytest.mark.slow
def test_ctrl_c_keeps_what_is_done_and_the_same_command_continues(tmp_path):
    folder = tmp_path / "run"
    command = (
        "eval",
        "--model",
        "trivial",
        "--epochs",
        "12",
        "--out",
        str(folder),
        "--json",
        "--quiet",
    )
    first = start(*command)
    kept = folder / "predictions"
    wait_for(lambda: len(list(kept.rglob("prediction.csv"))) >= 10)
    os.kill(first.pid, signal.SIGINT)
    out, err = first.communicate(timeout=60)
    assert first.returncode == 130, err
    assert (out, err.count("\n")) == ("", 1)
    assert "the same command continues" in err
    second = start(*command)
    out, err = second.communicate(timeout=120)
    assert second.returncode == 0, err
    assert len(json.loads(out)["tasks"]) == 144


def test_a_run_of_another_environment_is_not_continued(tmp_path):
    config = EvalConfig(model="null", tasks=("iris_class/mm",))
    folder = evaluate(config, out=tmp_path / "run").folder
    path = folder / "env.json"
    record = json.loads(path.read_text())
    record["environment"]["numpy"] = "1.0"
    path.write_text(json.dumps(record))
    with pytest.raises(ConfigError, match=r"numpy 1\.0 there, .* here.*--fresh"):
        evaluate(config, out=folder)
    assert len(evaluate(config, out=folder, fresh=True).trajectories) == 1
    path.unlink()
    with pytest.raises(ConfigError, match=r"env\.json cannot be read .*--fresh"):
        evaluate(config, out=folder)


def run(*arguments: str, **more) -> subprocess.CompletedProcess[str]:
    command = [*DAREBENCH, *arguments, "--quiet"]
    return subprocess.run(command, capture_output=True, text=True, **more)


def test_a_missing_key_is_one_sentence(tmp_path):
    env = {k: v for k, v in os.environ.items() if not k.endswith("_API_KEY")}
    done = run("eval", "iris_class/mm", "--model", "openai/gpt-5", "--out", str(tmp_path / "run"), env=env)  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert "OPENAI_API_KEY" in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr


@pytest.mark.parametrize("model", ["nowhere/x", "openai", "", "darebench/nobody"])
def test_an_unknown_model_is_one_sentence(model, tmp_path):
    done = run("eval", "iris_class/mm", "--model", model, "--out", str(tmp_path / "run"))
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert done.stderr.count("\n") == 1, done.stderr


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 1 MB, where this machine lets us have one."""
    place = tmp_path / "small"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    if subprocess.run(command, capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_is_one_sentence(small_disk: Path):
    (small_disk / "filler").write_bytes(bytes((1 << 20) - 8192))
    done = run("eval", "iris_class/*", "--model", "trivial", "--out", str(small_disk / "run"))
    assert done.returncode == 2, done.stderr
    assert "no space left on the disk; make room" in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    done = run("eval", "iris_class/mm", "--model", "null", "--out", str(tmp_path / "file" / "run"))
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1, done.stderr
