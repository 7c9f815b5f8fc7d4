"""A sweep runs each budget in a folder of its own, continues, and shows them in one table."""

from __future__ import annotations

import json

import pytest

from cli.running import darebench
from darebench.cli.sweep import read_grid
from darebench.errors import ConfigError


def test_budgets_are_read_however_they_are_separated():
    assert read_grid("3x300 5x200") == read_grid(" 3x300,5x200 ") == [(3, 300.0), (5, 200.0)]
    assert read_grid("2x1.5") == [(2, 1.5)]


@pytest.mark.parametrize(
    ("grid", "said"),
    [("", "is not TURNSxSECONDS"), ("5*200", "5\\*200"), ("0x9", "0x9"), ("3x9 3x9", "3x9 twice")],
)
def test_what_is_no_grid_is_refused(grid, said):
    with pytest.raises(ConfigError, match=said):
        read_grid(grid)


def test_each_budget_is_a_run_and_the_same_command_continues(tmp_path):
    command = [
        "sweep",
        "--grid",
        "1x20 3x30",
        "--model",
        "trivial",
        "iris_class/mm",
        "--epochs",
        "2",
    ]
    command += ["--out", str(tmp_path / "sweep")]
    done = darebench(*command, "--json")
    assert done.returncode == 0, done.stderr
    first, second = json.loads(done.stdout)
    assert (first["turns"], first["seconds"], second["turns"], second["seconds"]) == (1, 20, 3, 30)
    assert [len(run["tasks"]) for run in (first, second)] == [2, 2]
    config = json.loads((tmp_path / "sweep" / "3x30" / "config.json").read_text())["config"]
    assert (config["turns"], config["seconds"]) == (3, 30.0)
    before = (tmp_path / "sweep" / "1x20" / "attempts.jsonl").read_bytes()
    again = darebench(*command)
    assert (tmp_path / "sweep" / "1x20" / "attempts.jsonl").read_bytes() == before
    assert "3 x 30 s" in again.stdout
    assert max(map(len, again.stdout.splitlines())) <= 80


def test_the_grid_says_turns_and_seconds(tmp_path):
    done = darebench("sweep", "--grid", "1x20", "--turns", "3", "--out", str(tmp_path / "s"))
    assert (done.returncode, "--turns is what --grid says" in done.stderr) == (2, True)
