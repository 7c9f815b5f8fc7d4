"""What TRL is handed after a step, and what it logs of it."""

from __future__ import annotations

import pytest
from scripted_policy import CONSTANT, FaultyAt, Program, runner_of

from darebench.sandbox import LocalExecutor

pytestmark = pytest.mark.usefixtures("need_torch", "quiet_libraries")


@pytest.fixture(scope="module")
def executor():
    made = LocalExecutor(2)
    yield made
    made.close_now()


def test_a_fault_has_no_reward_no_loss_and_is_counted(tiny_model, executor, monkeypatch):
    from darebench.train.trl_adapter import TrlRollouts, rollout_reward

    async def at_once(seconds):
        return None

    monkeypatch.setattr("darebench.sandbox.executor.asyncio.sleep", at_once)
    runner, tasks, tokenizer = runner_of(tiny_model, FaultyAt(executor, "iris"))
    rollouts = TrlRollouts(
        runner=runner, tasks={t.id: t for t in tasks}, seed=0,
        make_sampler=lambda trainer: Program(tokenizer, lambda text: CONSTANT),
    )  # fmt: skip

    class Trainer:
        class state:
            global_step = 0

        class accelerator:
            process_index = 0

        class model:
            training = True

    out = rollouts([[{"role": "user", "content": t.id}] for t in tasks], Trainer)
    assert out["reward"][0] is None
    assert out["reward"][1] == 0.0
    assert set(out["env_mask"][0]) == {0}
    assert 1 in out["env_mask"][1]
    logged = []
    rewards = rollout_reward([], [], log_metric=lambda n, v: logged.append((n, v)), **{
        k: out[k] for k in ("reward", "facts")
    })  # fmt: skip
    assert rewards == out["reward"]
    assert [v for n, v in logged if n == "faults"] == [1.0, 0.0]
