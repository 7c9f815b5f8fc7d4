"""Configuration files: every one that we ship can be read, and mistakes are named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from darebench.errors import ConfigError
from darebench.train.config import GrpoConfig, Lora
from darebench.train.read_config import load_config, make_config
from darebench.train.trainers import TRAINERS

CONFIGS = Path(__file__).parents[2] / "configs"


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.toml")), ids=lambda p: p.name)
def test_a_shipped_file_is_a_configuration(path):
    made = load_config(TRAINERS[path.name.partition("-")[0]].config, path)
    assert (CONFIGS.parent / made.deepspeed).is_file()
    json.loads((CONFIGS.parent / made.deepspeed).read_text())


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"model": "m", "out": "o", "lr": 1}, "unknown setting 'lr'"),
        ({"model": "m"}, "not complete"),
        ({"model": "m", "out": "o", "turns": "5"}, "turns is '5'"),
        ({"model": "m", "out": "o", "turns": True}, "turns is True"),
        ({"model": "m", "out": "o", "lora": {"rank": 1}}, "lora"),
        ({"model": "m", "out": "o", "tasks": 5}, "tasks is 5"),
        ({"model": "m", "out": "o", "family": "x"}, "family is 'x'; use one of: class, reg, ts"),
        ({"model": "m", "out": "o", "prompt": "breif"}, "use one of: standard, brief"),
        ({"model": "m", "out": "o", "loss": "dr-grpo"}, "use one of: dr_grpo"),
        ({"model": "m", "out": "o", "generations": 1}, "at least 2"),
        ({"model": "m", "out": "o", "batch_size": 0}, "at least 1"),
        ({"model": "m", "out": "o", "temperature": 0}, "at least 0.01"),
        ({"model": "m", "out": "o", "top_p": 2}, "at most 1"),
        ({"model": "m", "out": "o", "seed": -1}, "at least 0"),
        ({"model": "m", "out": "o", "schedule": "bogus"}, "use one of: constant"),
        ({"model": "m", "out": "o", "lora": {"r": "x"}}, "lora.r is 'x'"),
    ],
)
def test_a_mistake_is_named(values, words):
    with pytest.raises(ConfigError, match=words):
        make_config(GrpoConfig, values)


def test_values_of_closed_sets_are_as_in_the_file():
    made = make_config(GrpoConfig, {"model": "m", "out": "o", "family": "reg", "loss": "grpo"})
    assert (made.family, made.loss, made.variant) == ("reg", "grpo", None)


def test_a_setting_with_a_dot_is_one_of_a_table(tmp_path):
    path = tmp_path / "a.toml"
    path.write_text('model = "m"\nout = "o"\n[lora]\nr = 8\nalpha = 16\n')
    assert load_config(GrpoConfig, path, ["lora.r=4"]).lora == Lora(r=4, alpha=16)
    assert load_config(GrpoConfig, path, ["lora={r=2}"]).lora == Lora(r=2)
    path.write_text('model = "m"\nout = "o"\n')
    assert load_config(GrpoConfig, path).lora is None
    assert load_config(GrpoConfig, path, ["lora.r=4"]).lora == Lora(r=4)


def test_whole_numbers_are_taken_for_those_with_a_point():
    made = make_config(GrpoConfig, {"model": "m", "out": "o", "temperature": 1, "seconds": 20})
    assert (type(made.temperature), type(made.seconds)) == (float, float)
    assert type(made.turns) is int


def test_settings_go_over_the_file(tmp_path):
    path = tmp_path / "a.toml"
    path.write_text('model = "m"\nout = "o"\n')
    made = load_config(GrpoConfig, path, ["turns=3", "store=some/folder", 'tasks=["a", "b"]'])
    assert (made.turns, made.store, made.tasks) == (3, "some/folder", ("a", "b"))
    assert load_config(GrpoConfig, path, ["tasks=iris_class/if"]).tasks == ("iris_class/if",)
    with pytest.raises(ConfigError, match="KEY=VALUE"):
        load_config(GrpoConfig, path, ["turns"])
    path.write_text("x")
    with pytest.raises(ConfigError, match="not a usable TOML file"):
        load_config(GrpoConfig, path)
