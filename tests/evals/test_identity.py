"""Names of users' own models and agents in records."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from darebench.errors import ConfigError
from darebench.evals.identity import did_you_mean, identify, load, qualified_name

sys.path.insert(0, str(Path(__file__).parent))
import own_agents


def test_a_name_holds_no_address_and_no_secret():
    named = identify(own_agents.Echo())
    assert named["name"] == "own_agents:Echo"
    assert named == identify(own_agents.Echo())
    assert qualified_name(own_agents.constant) == "own_agents:constant"
    assert identify(own_agents.constant)["source"] != identify(own_agents.endless)["source"]


def test_what_was_typed_into_a_shell_has_no_source():
    space = {"__name__": "__main__"}
    exec("async def agent(task, tool, budget): return []", space)
    assert identify(space["agent"]) == {"name": "__main__:agent", "source": None}


def test_a_module_of_the_working_folder_is_found(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my_module_here.py").write_text("async def play(task, tool, budget): return []\n")
    before = list(sys.path)
    assert load("my_module_here:play").__name__ == "play"
    assert sys.path == before
    with pytest.raises(ConfigError, match="no function 'plya'; did you mean 'play'"):
        load("my_module_here:plya")


def test_only_a_near_name_is_suggested():
    assert did_you_mean("basline", ["baseline", "null"]) == "; did you mean 'baseline'?"
    assert did_you_mean("xyz", ["baseline", "null"]) == ""
