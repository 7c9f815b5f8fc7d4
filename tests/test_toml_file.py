"""Settings in TOML are read, overridden and written back."""

from __future__ import annotations

import pytest

from darebench.errors import ConfigError
from darebench.toml_file import read_settings, write_settings
from darebench.types import Family


def test_settings_override_the_file(tmp_path):
    path = tmp_path / "a.toml"
    path.write_text('model = "a"\nturns = 5\n[generation]\ntop_p = 0.9\n')
    found = read_settings(path, ["turns=3", "generation.temperature=0.5", "model=openai/gpt-5"])
    assert found == {
        "model": "openai/gpt-5",
        "turns": 3,
        "generation": {"top_p": 0.9, "temperature": 0.5},
    }


def test_what_is_written_is_read_again(tmp_path):
    values = {"family": Family.REG, "tasks": ("a", "b"), "limit": None, "generation": {"seed": 1}}
    write_settings(values, tmp_path / "a.toml")
    assert read_settings(tmp_path / "a.toml") == {
        "family": "reg",
        "tasks": ["a", "b"],
        "generation": {"seed": 1},
    }


@pytest.mark.parametrize("setting", ["turns", "=3", "turns.x=1"])
def test_a_setting_that_cannot_be_used_is_one_sentence(tmp_path, setting):
    path = tmp_path / "a.toml"
    path.write_text("turns = 5\n")
    with pytest.raises(ConfigError, match="--set"):
        read_settings(path, [setting])


@pytest.mark.parametrize("content", [b"turns = ", b"\xff"])
def test_a_file_that_is_not_toml_is_one_sentence(tmp_path, content):
    (tmp_path / "a.toml").write_bytes(content)
    with pytest.raises(ConfigError, match="usable TOML file"):
        read_settings(tmp_path / "a.toml")
