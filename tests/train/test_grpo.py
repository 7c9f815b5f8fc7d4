"""GRPO end to end on a tiny random model: real loop, real sandbox, real scorer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from darebench.sandbox import LocalExecutor

pytestmark = pytest.mark.usefixtures("need_torch", "quiet_libraries")
TASKS = ("iris_class/mm", "diabetes_reg/mm")


@pytest.fixture
def config(tiny_model, tmp_path):
    from darebench.train.config import GrpoConfig

    return GrpoConfig(
        model=str(tiny_model), out=str(tmp_path / "run"), tasks=TASKS, prompt="brief", turns=2,
        seconds=20, generations=2, questions=2, batch_size=2, max_context=400, max_new=30,
        max_steps=2, learning_rate=1e-3, gradient_checkpointing=False, save_steps=1, cpu=True,
    )  # fmt: skip


@pytest.fixture(scope="module")
def executor():
    made = LocalExecutor(2)
    yield made
    made.close_now()


def test_a_run_trains_logs_and_resumes(config, executor):
    from darebench.train.grpo import train_grpo
    from darebench.train.metrics import read_metrics

    episodes = []
    final = train_grpo(
        replace(config, max_steps=1), executor=executor, on_episodes=lambda s, e: episodes.append(e)
    )
    assert (final / "model.safetensors").is_file()
    assert len(episodes[0]) == 4
    rows = read_metrics(final.parent / "metrics.jsonl")
    logged = {name for row in rows for name in row}
    wanted = {"reward", "valid", "truncated", "tool_errors", "length", "faults"}
    assert wanted | {"time/generation", "time/sandbox", "time/update"} <= logged
    assert list((final.parent / "tensorboard").iterdir())
