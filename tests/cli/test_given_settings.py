"""`-c` and `--set`: where a command's options come from, and which wins."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.running import darebench
from darebench.cli import app, attempt_options
from darebench.evals.evaluation import EvalConfig
from darebench.toml_file import write_settings


@pytest.fixture
def asked(monkeypatch, tmp_path):
    """Run `eval` or `rollouts` up to the configuration, in a folder with `settings.toml`."""
    monkeypatch.chdir(tmp_path)
    seen: list[EvalConfig] = []

    def plan_run(config: EvalConfig, out: Path | None, *, fresh: bool) -> SimpleNamespace:
        seen.append(config)
        raise SystemExit(0)

    monkeypatch.setattr("darebench.cli.dry_run.plan_run", plan_run)

    def run(*arguments: str, command: str = "eval", **settings: Any) -> EvalConfig:
        write_settings(settings, tmp_path / "settings.toml")
        given = [command, "--dry-run", "-c", "settings.toml", *arguments]
        result = CliRunner().invoke(app, given)
        assert result.exit_code == 0, result.output + repr(result.exception)
        return seen[-1]

    return run


def test_a_file_gives_options_and_the_tables_of_a_model(asked):
    config = asked(
        model="openai/gpt-5",
        tasks=["iris_class/*", "*_ts/cf"],
        family="ts",
        epochs=3,
        seconds=60,
        temperature=0.2,
        generation={"seed": 7},
        model_args={"organization": "me"},
    )
    assert (config.model, config.epochs, config.seconds) == ("openai/gpt-5", 3, 60.0)
    assert (config.tasks, config.family) == (("iris_class/*", "*_ts/cf"), "ts")
    assert config.generation == {"seed": 7, "temperature": 0.2}
    assert config.model_args == {"organization": "me"}


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_command_line_wins_over_set_and_set_over_the_file(asked, order):
    given = [("--set", "turns=7"), ("--set", "limit=2", "--turns", "9")]
    words = [word for k in order for word in given[k]]
    config = asked(*words, turns=3, limit=1, seed=5)
    assert (config.turns, config.limit, config.seed) == (9, 2, 5)
    assert asked("--set", "turns=7", turns=3).turns == 7


def test_the_tables_of_a_model_are_merged_key_by_key(asked):
    config = asked(
        *("--set", "generation.temperature=0.5", "--top-p", "0.7", "-M", "b=2"),
        generation={"temperature": 1.0, "top_p": 0.9, "max_tokens": 10},
        model_args={"a": 1, "b": 1},
    )
    assert config.generation == {"temperature": 0.5, "top_p": 0.7, "max_tokens": 10}
    assert config.model_args == {"a": 1, "b": 2}


def test_set_takes_toml_and_otherwise_text(asked):
    config = asked("--set", 'tasks=["a*", "b*"]', "--set", "model=openai/gpt-5")
    assert (config.tasks, config.model) == (("a*", "b*"), "openai/gpt-5")
    assert asked("--set", "tasks=iris*").tasks == ("iris*",)


def test_top_k_of_a_file_travels_as_the_option_does(asked):
    config = asked(model="openai-api/local/m", generation={"top_k": 20, "extra_body": {"x": 1}})
    assert config.generation == {"extra_body": {"x": 1, "top_k": 20}}


def test_the_file_of_a_run_gives_its_configuration_again(asked):
    wanted = EvalConfig(
        model="openai-api/local/m",
        tasks=("iris*",),
        limit=3,
        seed=1,
        epochs=4,
        sandbox="http://sandbox:8080",
        generation={"temperature": 0.5, "extra_body": {"top_k": 20}},
        token_limit=1000,
    )
    from dataclasses import asdict

    assert asked(**asdict(wanted)) == wanted
    assert asked(command="rollouts", **asdict(wanted)).epochs == 4


def test_attempts_of_rollouts_may_be_called_so(asked):
    assert asked(command="rollouts", attempts=2).epochs == 2
    assert asked("--attempts", "3", command="rollouts", epochs=2).epochs == 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--set", "epoch=2"), "has no setting 'epoch'; did you mean 'epochs'?"),
        (("--set", "temprature=2"), "did you mean 'temperature'?"),
        (("--set", "zzz=2"), "its settings are agent, base_url, branches"),
        (("--set", "fresh=true"), "has no setting 'fresh'"),
        (("--set", "model_args=2"), "model_args is 2, not a table"),
        (("--set", "epochs"), "KEY=VALUE"),
        (("--set", "epochs=many"), "'--epochs'"),
        (("--set", "epochs=0"), "'--epochs'"),
        (("--set", "family=fruit"), "'fruit' is not one of"),
        (("-c", "nowhere.toml"), "nowhere.toml is not a usable TOML file"),
    ],
)
def test_what_cannot_be_set_is_refused_by_name(arguments, words):
    done = darebench("eval", "--dry-run", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_every_field_of_a_configuration_is_a_setting_of_eval():
    from dataclasses import fields

    names = {f.name for f in fields(attempt_options.AttemptOptions)} | {"epochs", "generation"}
    assert {f.name for f in fields(EvalConfig)} <= names
