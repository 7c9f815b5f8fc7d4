"""The registry of built-in agents and its documentation agree."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from darebench.errors import ConfigError
from darebench.evals.builtin import AGENTS
from darebench.evals.evaluation import EvalConfig
from darebench.evals.oracle import OracleModel
from darebench.evals.run import evaluate
from darebench.types import Variant

PAGE = Path(__file__).parents[2] / "docs" / "agents.md"


def test_every_built_in_agent_is_documented_and_no_other():
    section = PAGE.read_text().split("## Built-in agents")[1].split("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)`", section, re.MULTILINE)) == set(AGENTS)


def test_the_baseline_follows_every_workflow_of_the_starter_store(tmp_path):
    run = evaluate(EvalConfig(variant=Variant.IF), out=tmp_path / "run")
    assert len(run.trajectories) == 4
    assert {t.task: t.score for t in run.trajectories if t.score != 1.0} == {}


def test_the_oracle_needs_to_know_the_task():
    with pytest.raises(ConfigError, match="only works inside"):
        OracleModel(None)
