"""GRPO end to end on a tiny random model: real loop, real sandbox, real scorer."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from darebench.errors import ConfigError
from darebench.sandbox import LocalExecutor
from darebench.train.training_folder import Trained

pytestmark = pytest.mark.usefixtures("need_torch", "quiet_libraries")
TASKS = ("iris_class/mm", "diabetes_reg/mm")


@pytest.fixture
def config(tiny_model, tmp_path):
    from darebench.train.config import GrpoConfig

    return GrpoConfig(
        model=str(tiny_model), out=str(tmp_path / "run"), tasks=TASKS, prompt="brief", turns=2,
        seconds=20, generations=2, questions=2, batch_size=2, max_context=400, max_new=30,
        max_steps=1, learning_rate=1e-3, gradient_checkpointing=False, save_steps=1, cpu=True,
    )  # fmt: skip


@pytest.fixture(scope="module")
def executor():
    made = LocalExecutor(2)
    yield made
    made.close_now()


def steps_of(folder):
    from darebench.train.training_log import read_metrics

    return [row["step"] for row in read_metrics(folder / "metrics.jsonl") if "reward" in row]


def test_a_run_trains_logs_and_goes_on_from_its_checkpoint(config, executor):
    from darebench.train.grpo import train_grpo
    from darebench.train.training_log import read_metrics

    episodes = []
    final = train_grpo(config, executor=executor, on_episodes=lambda s, e: episodes.append(e)).model
    run = final.parent
    assert (final / "model.safetensors").is_file()
    assert len(episodes[0]) == 4
    logged = {name for row in read_metrics(run / "metrics.jsonl") for name in row}
    wanted = {"reward", "valid", "truncated", "tool_errors", "length", "faults"}
    assert wanted | {"time/generation", "time/sandbox", "time/update"} <= logged
    assert list((run / "tensorboard").iterdir())

    with pytest.raises(ConfigError, match="max_steps 1 there, 2 here"):
        train_grpo(replace(config, max_steps=2), executor=executor)
    longer = replace(config, max_steps=2)
    known = json.loads((run / "config.json").read_text())
    (run / "config.json").write_text(json.dumps(known | {"max_steps": 2}))
    train_grpo(longer, executor=executor, on_episodes=lambda s, e: episodes.append(e))
    assert steps_of(run) == [1, 2]
    assert len(episodes) == 2

    (final / "model.safetensors").unlink()
    assert train_grpo(longer, executor=executor) == Trained(model=final, steps=0)
    assert steps_of(run) == [1, 2]
    assert (final / "model.safetensors").is_file()
    assert not list(final.glob("optimizer*"))


def test_what_cannot_be_used_leaves_the_folder_free(config, executor, tmp_path):
    from darebench.train.grpo import train_grpo

    with pytest.raises(ConfigError, match="unknown template"):
        train_grpo(replace(config, template="other"), executor=executor)
    with pytest.raises(ConfigError, match="no short prompt"):
        train_grpo(replace(config, tasks=("*/xf",)), executor=executor)
    with pytest.raises(ConfigError, match=r"prompts of at least max_context \(5\)"):
        train_grpo(replace(config, max_context=5), executor=executor)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("settings", "environment"),
    [
        ({"deepspeed": "configs/deepspeed-zero3.json"}, {}),
        ({}, {"ACCELERATE_DEEPSPEED_CONFIG_FILE": "configs/deepspeed-zero3.json"}),
        ({}, {"ACCELERATE_DEEPSPEED_ZERO_STAGE": "3"}),
        ({}, {"ACCELERATE_USE_FSDP": "true"}),
    ],
)
def test_weights_that_are_split_among_devices_are_refused_in_words(
    config, settings, environment, monkeypatch
):
    from darebench.train.pretrained import need_whole_weights

    monkeypatch.chdir(Path(__file__).parents[2])
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match="splits the weights among devices"):
        need_whole_weights(replace(config, **settings))
    monkeypatch.undo()
    monkeypatch.chdir(Path(__file__).parents[2])
    need_whole_weights(replace(config, deepspeed="configs/deepspeed-zero2.json"))
    with pytest.raises(ConfigError, match="not a DeepSpeed configuration"):
        need_whole_weights(replace(config, deepspeed="configs/absent.json"))


def test_a_batch_of_attempts_serves_as_many_updates_as_are_asked_for(config, executor):
    from darebench.train.grpo import train_grpo

    asked = []
    twice = replace(config, iterations=2, max_steps=4, save_steps=4)
    train_grpo(twice, executor=executor, on_episodes=lambda step, e: asked.append(step))
    assert asked == [0, 2]


def test_held_out_tasks_are_attempted_in_batches_of_the_trainings_size(config):
    from darebench.train.grpo import trl_arguments

    arguments = trl_arguments(replace(config, batch_size=2), has_eval=True)
    assert arguments.per_device_eval_batch_size == 2
    assert (arguments.top_p, arguments.top_k) == (1.0, 0)
