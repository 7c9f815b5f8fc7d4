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
