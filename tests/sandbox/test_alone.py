"""The sandbox without the extra `bench`: all of `darebench sandbox` works, the rest says so.

`make smoke` does the same in an environment that holds the extra `sandbox` alone.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from darebench.installing import OPTIONAL
from darebench.sandbox.session import Session

ABSENT = [name for name, extra in OPTIONAL.items() if extra in ("bench", "ray")]
START = f"""
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {ABSENT}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Absent())
"""
MAIN = START + "from darebench.cli import main; main()"


def run(folder, *words, program=MAIN, code=0):
    done = subprocess.run(
        [sys.executable, "-c", program, *words],
        cwd=folder, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    return done


def test_programs_sessions_and_the_server_work(tmp_path):
    (tmp_path / "x.py").write_text("import pandas as pd; print(pd.Series([1, 2]).sum())")
    told = run(tmp_path, "sandbox", "run", "x.py", "--json", "--warm", "pandas")
    assert json.loads(told.stdout)["stdout"] == "3\n"
    assert told.stderr.startswith("warm: pandas ")
    with subprocess.Popen(
        [sys.executable, "-c", MAIN, "sandbox", "serve", "--port", "0", "--json", "--slots", "1"],
        cwd=tmp_path, stdout=subprocess.PIPE, text=True,
    ) as serving:  # fmt: skip
        assert serving.stdout is not None
        try:
            with Session(server=json.loads(serving.stdout.readline())["url"]) as session:
                assert session.run("6 * 7").result == "42"
        finally:
            serving.terminate()
        assert serving.wait(30) == 0


@pytest.mark.parametrize("words", [["eval"], ["rollouts"]])
def test_a_command_that_lacks_the_extra_says_so_in_a_sentence(tmp_path, words):
    said = run(tmp_path, *words, code=2).stderr.splitlines()
    assert len(said) == 1
    assert "[bench]" in said[0]


def test_a_name_that_lacks_the_extra_says_so_in_a_sentence(tmp_path):
    for name in ("evaluate", "rollouts()"):
        said = run(tmp_path, program=f"{START}\nimport darebench\ndarebench.{name}", code=1).stderr
        assert "ConfigError: this needs " in said
        assert "[bench]" in said


def test_what_an_extra_brings_is_what_the_sentences_name():
    import tomllib

    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    for package, extra in OPTIONAL.items():
        name = package.replace("_", "-")
        assert any(entry.startswith(name) for entry in extras[extra]), package
        assert not any(entry.startswith(name) for entry in project["dependencies"]), package
