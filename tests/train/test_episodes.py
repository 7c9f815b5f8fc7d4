"""Attempts of a scripted policy: real loop, real sandbox, real scorer."""

from __future__ import annotations

import asyncio

import pytest
from scripted_policy import CONSTANT, Program, runner_of

from darebench.sandbox import LocalExecutor

pytestmark = pytest.mark.usefixtures("need_torch", "quiet_libraries")


@pytest.fixture(scope="module")
def executor():
    made = LocalExecutor(2)
    yield made
    made.close_now()


def test_the_mask_covers_what_was_sampled_and_nothing_else(tiny_model, executor):
    runner, tasks, tokenizer = runner_of(tiny_model, executor)
    sampler = Program(tokenizer, lambda text: CONSTANT)
    episode, other = asyncio.run(runner.run_all(tasks, sampler, [1, 2]))
    own = [i for i, m in zip(episode.completion_ids, episode.mask, strict=True) if m]
    told = [i for i, m in zip(episode.completion_ids, episode.mask, strict=True) if not m]
    assert tokenizer.decode(own).endswith("</tool_call><|im_end|>Saved.<|im_end|>")
    assert "<tool_response>" in tokenizer.decode(told)
    assert "Saved: 'prediction.csv'" in tokenizer.decode(told)
    assert 0.1 < episode.reward < 0.5
    assert other.reward == 0.0  # its files are of another kind, so the program failed
    assert other.trajectory.calls[0].status == "arguments"
