"""The registry of loops: found by name, documented, and one run whatever it is called by."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from darebench.errors import ConfigError
from darebench.evals.evaluation import EvalConfig
from darebench.evals.inspect.loops import LOOPS
from darebench.evals.resolve import Asked, resolve
from darebench.evals.run import evaluate
from darebench.rollouts.check_export import check_export
from darebench.rollouts.export import export

sys.path.insert(0, str(Path(__file__).parents[1] / "sandbox"))
from serving import serving

PAGE = Path(__file__).parents[2] / "docs" / "agents.md"
ONE = EvalConfig(model="trivial", tasks=("iris_class/mm",))


def plan(**config):
    return resolve(Asked(config=EvalConfig(**config), model=None, agent=None))


def test_every_loop_is_documented_and_no_other():
    section = PAGE.read_text().split("## Loops")[1].split("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)`", section, re.MULTILINE)) == set(LOOPS)


def test_the_default_loop_is_the_same_run_with_its_name_and_without():
    assert plan(agent="tool").record == plan().record
    assert "branches" not in plan().record["config"]  # runs of before that field go on
    assert plan(agent="notebook").name != plan(agent="notebook", branches=2).name


def test_branches_are_refused_where_there_are_none():
    for agent in (None, "tool", "own_agents:constant"):
        with pytest.raises(ConfigError, match="add --agent notebook"):
            plan(agent=agent, branches=2)


def test_a_notebook_run_is_continued_exported_and_the_same_on_a_server(tmp_path):
    here = evaluate(ONE, agent="notebook", out=tmp_path / "run")
    assert here.trajectories[0].score > 0
    assert evaluate(ONE, agent="notebook", out=tmp_path / "run").new_attempts == 0
    export([here.folder], tmp_path / "rows.jsonl")
    assert check_export(tmp_path / "rows.jsonl").problems == ()
    row = json.loads((tmp_path / "rows.jsonl").read_text())
    assert row["tools"][0]["function"]["name"] == "run_cell"
    with pytest.raises(ConfigError, match=r"\.jsonl"):
        export([here.folder], tmp_path / "rows.parquet")
    with serving(tmp_path, "--slots", "1") as served:
        there = evaluate(
            EvalConfig(model="trivial", tasks=ONE.tasks, sandbox=served.url),
            agent="notebook",
            out=tmp_path / "remote",
        )
    assert [m.content for m in there.trajectories[0].messages] == [
        m.content for m in here.trajectories[0].messages
    ]


def test_a_sandbox_without_sessions_is_refused_before_any_attempt(tmp_path):
    with serving(tmp_path, "--slots", "1", "--sessions", "0") as served:
        config = EvalConfig(model="trivial", tasks=ONE.tasks, sandbox=served.url)
        with pytest.raises(ConfigError, match="session"):
            evaluate(config, agent="notebook", out=tmp_path / "run")
