"""Evaluation in a sandbox that is elsewhere, and in one that is not there."""

from __future__ import annotations

import asyncio
import gc
import re
import socket
import subprocess
import sys
from dataclasses import replace

import pytest

from darebench.environment import current_environment
from darebench.errors import ConfigError, SandboxFault
from darebench.evals import remote_sandbox as remote
from darebench.evals.run import EvalConfig, evaluate
from darebench.report.load import load_run
from darebench.sandbox import LocalExecutor, Outcome, Program, Status

pytestmark = pytest.mark.filterwarnings("default")  # Inspect's own dependencies warn


@pytest.fixture(autouse=True)
def _nothing_left():
    yield
    gc.collect()  # what Inspect leaves open is warned of now, not at the end of all tests


@pytest.fixture
def executor():
    executor = LocalExecutor(1)
    yield executor
    executor.close_now()


@pytest.fixture
def url():
    command = [sys.executable, "-m", "darebench", "sandbox", "serve", "--port", "0"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        assert server.stdout is not None
        yield server.stdout.readline().split()[-1]
        server.terminate()


class Told:
    """A sandbox elsewhere that answers with this text."""

    url = "http://there"

    @property
    def members(self):
        return (self,)

    def __init__(self, text: str) -> None:
        self.text = text

    async def execute(self, program: Program) -> Outcome:
        return Outcome(status=Status.OK, exit_code=0, stdout=self.text, stderr="", seconds=0.1)

    async def close(self) -> None:
        pass


def test_a_sandbox_tells_its_environment(executor):
    assert asyncio.run(remote.environment_of(executor)) == current_environment()


def test_another_environment_is_refused_and_named(monkeypatch):
    here = current_environment()
    monkeypatch.setattr(remote, "current_environment", lambda: replace(here, python="3.99.0"))
    told = f'["{here.python}", "{here.machine}", {[list(pair) for pair in here.libraries]}]'
    with pytest.raises(ConfigError, match=r"python 3\.11\.\d+ there, 3\.99\.0 here"):
        asyncio.run(remote.check_same(Told(told.replace("'", '"'))))


@pytest.mark.parametrize("text", ["", "no", "[1]", "[1, 2, 3]", '{"a": 1}'])
def test_a_sandbox_that_talks_nonsense_is_at_fault(text):
    with pytest.raises(SandboxFault, match="does not tell its environment"):
        asyncio.run(remote.environment_of(Told(text)))


@pytest.mark.slow
def test_an_evaluation_runs_on_a_server(url, tmp_path):
    config = EvalConfig(model="trivial", tasks=("iris_class/*",), sandbox=url)
    run = evaluate(config, out=tmp_path / "run")
    assert len(run.trajectories) == run.expected
    assert run.unscored == 0


@pytest.mark.slow
def test_a_server_that_is_not_there_is_named_before_any_attempt(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as held:
        gone = f"http://127.0.0.1:{held.getsockname()[1]}"
    config = EvalConfig(model="trivial", tasks=("iris_class/mm",), sandbox=gone)
    with pytest.raises(ConfigError, match=re.escape(gone)):
        evaluate(config, out=tmp_path / "run")
    assert load_run(tmp_path / "run").trajectories == ()
