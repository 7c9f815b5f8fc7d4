"""Other people's agents with our sessions: their own packages, in an environment of their own.

`make test-executors` makes the environment and runs this file in it.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples" / "executors"
PRINTS = {
    "smolagents_agent": ("smolagents", "42\n"),
    "verifiers_runtime": (
        "verifiers",
        "ProgramResult(exit_code=0, stdout='', stderr='')\nb'42\\n' 6\n"
        "python3 1\ncat 1\nno-such-program 127\nTrue\n",
    ),
    "langchain_tool": (
        "langchain_core",
        "['(no output)']\n['42', 'image']\n['division by zero']\n",
    ),
}


def test_every_example_is_tried_and_short():
    assert {path.stem for path in EXAMPLES.glob("*.py")} == set(PRINTS)
    assert all(len(path.read_text().splitlines()) < 41 for path in EXAMPLES.glob("*.py"))


@pytest.mark.parametrize("name", PRINTS)
def test_an_example_prints_its_point(name):
    package, printed = PRINTS[name]
    pytest.importorskip(package, reason=f"{package} is not here: make test-executors")
    done = subprocess.run(
        [sys.executable, EXAMPLES / f"{name}.py"], capture_output=True, text=True, timeout=300
    )
    assert (done.returncode, done.stdout) == (0, printed), done.stderr


def test_a_box_of_verifiers_keeps_its_contract():
    pytest.importorskip("verifiers", reason="verifiers is not here: make test-executors")
    import asyncio

    from verifiers.v1.errors import SandboxError

    from darebench.sandbox.program import Limits
    from darebench.train.verifiers_runtime import WRITTEN_AT_A_TIME, SessionRuntime

    async def check() -> None:
        box = SessionRuntime(limits=Limits(wall_s=2))
        await box.start()
        try:
            large = bytes(range(256)) * (WRITTEN_AT_A_TIME // 100)
            await box.write("large", large)
            assert await box.read("large") == large
            await box.write("large", b"")
            assert await box.read("large") == b""
            said = await box.with_env({"A": "1"}).run(
                ["sh", "-c", "echo $A; echo e >&2; exit 3"], {}
            )
            assert (said.exit_code, said.stdout, said.stderr) == (3, "1\n", "e\n")
            long = await box.run(["sh", "-c", "yes | head -c 3000000; exit 4"], {})
            assert (long.exit_code, len(long.stdout) < 1_500_000) == (4, True)
            assert (await box.run(["sh", "-c", "touch lost; sleep 9"], {})).exit_code == 124
            assert (await box.run(["ls", "lost"], {})).exit_code != 0
            with pytest.raises(SandboxError):
                await box.write("/etc/x", b"")
            with pytest.raises(Exception, match="no_such"):
                await box.read("no_such")
        finally:
            await box.stop()

    asyncio.run(check())
