"""The registry of trainers: the command line and the guide name what it holds."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from typer.main import get_command
from typer.testing import CliRunner

from darebench.cli.train import add_trainers, app
from darebench.errors import ConfigError
from darebench.train.config import TrainingConfig
from darebench.train.trainers import TRAINERS, train

GUIDE = Path(__file__).parents[2] / "docs" / "training.md"


def test_the_guide_lists_every_trainer_and_no_other():
    table = re.findall(r"^\| `darebench train (\w+)` \|", GUIDE.read_text(), re.MULTILINE)
    assert table == list(TRAINERS)


def test_every_trainer_is_a_command():
    assert [*TRAINERS, "demo"] == list(get_command(app).commands)


def test_a_new_entry_is_a_command_of_its_own(monkeypatch, tmp_path):
    entry = replace(TRAINERS["sft"], summary="Train otherwise.", example="configs/new.toml")
    monkeypatch.setitem(TRAINERS, "new", entry)
    app = typer.Typer()
    add_trainers(app)
    shown = CliRunner().invoke(app, ["new", "--help"])
    assert "Train otherwise." in shown.output
    assert "Example: darebench train new configs/new.toml" in shown.output
    done = CliRunner().invoke(app, ["new", str(tmp_path / "absent.toml")])
    assert isinstance(done.exception, ConfigError)


@pytest.mark.parametrize("trainer", TRAINERS.values(), ids=list(TRAINERS))
def test_the_example_of_a_trainer_is_there(trainer):
    assert (GUIDE.parents[1] / trainer.example).is_file()


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
