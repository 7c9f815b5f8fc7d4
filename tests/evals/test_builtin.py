"""The registry of built-in agents and its documentation agree."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from darebench.errors import ConfigError
from darebench.evals.builtin import AGENTS
from darebench.evals.oracle import OracleModel

PAGE = Path(__file__).parents[2] / "docs" / "agents.md"


def test_every_built_in_agent_is_documented_and_no_other():
    section = PAGE.read_text().split("## Built-in agents")[1].split("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)`", section, re.MULTILINE)) == set(AGENTS)


def test_the_oracle_needs_to_know_the_task():
    with pytest.raises(ConfigError, match="only works inside"):
        OracleModel(None)
