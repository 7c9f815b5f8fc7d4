"""Every example runs, is short, and prints what its reader expects."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"
PRINTS = {
    "evaluate": "iris_class/mm: ",
    "own_agent": "iris_class/mm: 0.",
    "own_model": "iris_class/mm: 0.",
    "run_program": "ok 3 rows ['n,square', '1,1', '2,4', '3,9']\ntimeout",
    "score_file": "the first row again and again: 0.0000 1 asked-for row ",
    "select_attempts": "2 of 4 attempts kept",
}


def test_every_example_is_here():
    assert {path.stem for path in EXAMPLES.glob("*.py")} == set(PRINTS)


@pytest.mark.parametrize("name", PRINTS)
def test_an_example_is_short(name):
    assert len((EXAMPLES / f"{name}.py").read_text().splitlines()) < 41


@pytest.mark.slow
@pytest.mark.parametrize("name", PRINTS)
def test_an_example_runs(name, tmp_path):
    path = EXAMPLES / f"{name}.py"
    done = subprocess.run([sys.executable, path], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert PRINTS[name] in done.stdout
