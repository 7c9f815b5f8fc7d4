"""The environment for Harbor: what commands may do, and the list of attacks, tried through it.

Runs with the interpreter of `make harbor-env`, which has Harbor.
"""

from __future__ import annotations

import asyncio
import logging
import shlex
from pathlib import Path
from uuid import uuid4

import pytest

pytest.importorskip("harbor", reason="`make test-harbor` runs this where Harbor is")

from harbor.models.task.config import EnvironmentConfig, NetworkMode, NetworkPolicy
from harbor.models.trial.paths import TrialPaths

from darebench.harbor import KILLED, TIMED_OUT, Environment
from darebench.sandbox.attacks.attack import PRELUDE
from darebench.sandbox.attacks.reach import REACH

ALONE = ("other processes", "the warden's end")
"""Attacks that end by asserting that they are the only program, which a command never is: a shell
and the session's own process are there beside it."""


class Opened:
    def __init__(self, folder: Path) -> None:
        (folder / "task" / "data").mkdir(parents=True)
        (folder / "task" / "data" / "train.csv").write_text("a,b\n1,2\n")
        self.loop = asyncio.new_event_loop()
        self.environment = Environment(
            environment_dir=folder / "task",
            environment_name="one",
            session_id=f"one__{uuid4().hex[:6]}__env",
            trial_paths=TrialPaths(trial_dir=folder / "trial"),
            task_env_config=EnvironmentConfig(
                network_mode=NetworkMode.NO_NETWORK, memory_mb=700, storage_mb=64, workdir="/app"
            ),
            network_policy=NetworkPolicy(network_mode=NetworkMode.NO_NETWORK),
            logger=logging.getLogger("test"),
        )

    def __call__(self, name: str, *args, **kwargs):
        return self.loop.run_until_complete(getattr(self.environment, name)(*args, **kwargs))


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    opened = Opened(tmp_path_factory.mktemp("environment"))
    opened("start", False)
    yield opened
    opened("stop", True)
    opened.loop.close()


def test_commands_share_files_and_have_an_exit_code(opened):
    assert opened("exec", "cat train.csv; echo 3,4 >> train.csv").stdout == "a,b\n1,2\n"
    assert opened("exec", "tail -1 /app/train.csv").stdout == "3,4\n"
    failed = opened("exec", "echo no >&2; exit 3", env={"X": "1"})
    assert (failed.return_code, failed.stderr) == (3, "no\n")
    assert opened("exec", "echo $X-$PWD", cwd="/tmp", env={"X": "1"}).stdout == "1-/tmp\n"
    assert opened("exec", "python -c 'import pandas; print(pandas.__name__)'").stdout == "pandas\n"


def test_limits_end_a_command_and_not_the_environment(opened):
    slow = opened("exec", "echo kept > kept; sleep 60 & sleep 60", timeout_sec=1)
    assert slow.return_code == TIMED_OUT
    assert opened("exec", "cat kept; pgrep sleep").stdout == "kept\n"
    greedy = opened("exec", "python -c 'x = []\nwhile True: x.append(bytearray(10**7))'")
    assert greedy.return_code in (1, KILLED, 137, -9)
    assert opened("exec", "dd if=/dev/zero of=big bs=1M count=100; rm big").return_code == 0
    assert opened("exec", "echo on").stdout == "on\n"


def test_files_go_in_and_come_out(opened, tmp_path):
    source = tmp_path / "source"
    (source / "deep").mkdir(parents=True)
    (source / "deep" / "x").write_bytes(bytes(range(256)) * 2000)
    opened("upload_dir", source, "/logs/artifacts/in")
    opened("upload_file", source / "deep" / "x", "/app/new/y")
    opened("download_dir", "/logs/artifacts/in", tmp_path / "back")
    opened("download_file", "/app/new/y", tmp_path / "y")
    expected = (source / "deep" / "x").read_bytes()
    assert (tmp_path / "back" / "deep" / "x").read_bytes() == expected
    assert (tmp_path / "y").read_bytes() == expected
    opened("exec", "ln -s /etc/passwd /app/new/link; mkfifo /app/new/pipe")
    with pytest.raises(FileNotFoundError):
        opened("download_file", "/app/new/pipe", tmp_path / "pipe")
    with pytest.raises(FileNotFoundError):
        opened("download_file", "/app/nothing", tmp_path / "nothing")


def test_answers_are_not_there_before_they_are_uploaded(opened):
    assert opened("exec", "ls -A /tests /solution").stdout == "/solution:\n\n/tests:\n"


@pytest.mark.parametrize("attack", [a for a in REACH if a.name not in ALONE], ids=lambda a: a.name)
def test_out_of_reach(opened, attack):
    program = shlex.quote(f"{PRELUDE}\n{attack.code}")
    outcome = opened("exec", f"printf %s {program} > /tmp/attack.py && python /tmp/attack.py")
    assert outcome.stdout == "held\n", outcome
