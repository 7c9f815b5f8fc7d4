"""A sandbox that cannot start is found before there is work, and its own words are passed on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from darebench.errors import ConfigError
from darebench.sandbox import LocalExecutor
from darebench.sandbox.host import keeper_process

TRY = """
import sys
from darebench.errors import ConfigError
from darebench.sandbox import LocalExecutor
executor = LocalExecutor(1)
try:
    executor.start_now()
except ConfigError as error:
    print("refused:", error)
else:
    print("started")
executor.close_now()
"""


def start() -> str:
    executor = LocalExecutor(1)
    try:
        executor.start_now()
    except ConfigError as error:
        return str(error)
    finally:
        executor.close_now()
    return ""


def test_a_machine_that_can_run_it_starts():
    assert start() == ""


STARTS = {
    "it is killed": ("import os; os.kill(os.getpid(), 9)", "it was ended by SIGKILL"),
    "a filter kills it": ("import os; os.kill(os.getpid(), 31)", "it was ended by SIGSYS"),
    "it cannot be imported": ("import darebench.nothing", "No module named 'darebench.nothing'"),
    "it says why": (
        "import sys; print('first'); print('libx.so: bad', file=sys.stderr); sys.exit(7)",
        "it ended with 7: libx.so: bad",
    ),
    "it ends at once": ("pass", "it ended with 0"),
}


@pytest.mark.parametrize("how", STARTS)
def test_a_keeper_that_ends_says_how(monkeypatch, tmp_path, how):
    code, said = STARTS[how]
    monkeypatch.setattr(keeper_process, "_START", code)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    descriptors = len(os.listdir("/proc/self/fd"))
    found = start()
    assert "this machine cannot run the sandbox" in found
    assert said in found
    assert "darebench sandbox check" in found
    assert list(tmp_path.iterdir()) == []
    assert len(os.listdir("/proc/self/fd")) == descriptors


def test_no_place_for_temporary_files_is_said(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    assert "No such file or directory" in start()


BROKEN = {
    "no namespaces": (
        ["unshare", "-Ur", "sh", "-ec"],
        'echo 0 > /proc/sys/user/max_user_namespaces && exec "$0" -c "$1"',
        "user namespaces are not available",
    ),
    "a temporary folder without programs": (
        ["unshare", "-Urm", "sh", "-ec"],
        'mount -t tmpfs -o noexec,nosuid,nodev none /var/tmp && TMPDIR=/var/tmp exec "$0" -c "$1"',
        "started",
    ),
    "no shared memory": (
        ["unshare", "-Urm", "sh", "-ec"],
        'mount -t tmpfs -o size=0,mode=000 none /dev/shm && exec "$0" -c "$1"',
        "started",
    ),
    "no /dev": (
        ["unshare", "-Urm", "sh", "-ec"],
        'mount -t tmpfs none /dev && mkdir /dev/shm && touch /dev/null && exec "$0" -c "$1"',
        "",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("what", BROKEN)
def test_a_machine_that_lacks_something_is_refused_in_words_or_does_without(what):
    command, script, said = BROKEN[what]
    done = subprocess.run(
        [*command, script, sys.executable, TRY], capture_output=True, text=True, timeout=200
    )
    if "unshare" in done.stderr or "mount" in done.stderr:
        pytest.skip("this machine cannot be made like that")
    assert done.returncode == 0, done
    assert done.stdout.startswith(("refused: ", "started")), done
    assert said in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def evaluate(tmp_path: Path, code: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run `darebench eval` with a model that must not be asked."""
    asked = tmp_path / "asked"
    script = (
        "import sys\n"
        f"{code}\n"
        "from darebench.agents.baseline.policy import BaselineModel\n"
        "async def reply(self, messages, tools):\n"
        f"    open({str(asked)!r}, 'w').close()\n"
        "    raise SystemExit(9)\n"
        "BaselineModel.reply = reply\n"
        "from darebench.cli import main\n"
        f"sys.argv = ['darebench', 'eval', '--limit', '2', '--out', {str(tmp_path / 'run')!r},"
        f" *{json.dumps(list(options))}]\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=300
    )
    assert not asked.exists()
    return done


@pytest.mark.slow
def test_an_evaluation_without_a_sandbox_ends_before_a_model_is_asked(tmp_path):
    code = (
        "from darebench.sandbox.host import keeper_process\n"
        "keeper_process._START = "
        "\"import sys; print('libseccomp.so.2: no such file', file=sys.stderr); sys.exit(3)\""
    )
    done = evaluate(tmp_path, code, "--variant", "mm")
    assert done.returncode == 2, done
    assert "cannot run the sandbox" in done.stderr
    assert "libseccomp.so.2: no such file" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_an_evaluation_with_a_sandbox_that_is_down_ends_before_a_model_is_asked(tmp_path):
    done = evaluate(tmp_path, "", "--sandbox", "http://127.0.0.1:9")
    assert done.returncode == 2, done
    assert "no sandbox can be reached at http://127.0.0.1:9: Connection refused" in done.stderr
    assert "Traceback" not in done.stderr
