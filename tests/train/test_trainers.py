"""The registry of trainers: the command line and the guide name what it holds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.main import get_command

from darebench.cli.train import app
from darebench.errors import ConfigError
from darebench.train.config import TrainingConfig
from darebench.train.trainers import TRAINERS, train

GUIDE = Path(__file__).parents[2] / "docs" / "training.md"


def test_the_guide_lists_every_trainer_and_no_other():
    table = re.findall(r"^\| `darebench train (\w+)` \|", GUIDE.read_text(), re.MULTILINE)
    assert table == list(TRAINERS)


def test_every_trainer_is_a_command():
    assert set(TRAINERS) <= set(get_command(app).commands)


@pytest.mark.parametrize("name", TRAINERS)
def test_a_trainer_can_be_imported_and_takes_its_configuration(name, need_torch):
    trainer = TRAINERS[name]
    assert issubclass(trainer.config, TrainingConfig)
    assert trainer.load().__annotations__["config"] == trainer.config.__name__


@pytest.mark.parametrize("name", TRAINERS)
def test_a_mistake_in_the_file_is_named_without_the_libraries(name, tmp_path):
    path = tmp_path / "a.toml"
    path.write_text('model = "m"\nout = "o"\nlr = 1\n')
    with pytest.raises(ConfigError, match="unknown setting 'lr'"):
        train(name, path)
