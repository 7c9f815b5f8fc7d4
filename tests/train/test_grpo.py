"""GRPO end to end on a tiny random model: real loop, real sandbox, real scorer."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest

from darebench.errors import ConfigError, SandboxFault
from darebench.evals.batch import read_truths
from darebench.rollouts.rollout import RolloutSettings
from darebench.sandbox import LocalExecutor
from darebench.store.read import open_store
from darebench.train.policy import Codec, Sampled
from darebench.train.rollout import Player
from darebench.types import Message

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
    from darebench.train.metrics import read_metrics

    return [row["step"] for row in read_metrics(folder / "metrics.jsonl") if "reward" in row]


def test_a_run_trains_logs_and_goes_on_from_its_checkpoint(config, executor):
    from darebench.train.grpo import train_grpo
    from darebench.train.metrics import read_metrics

    episodes = []
    final = train_grpo(config, executor=executor, on_episodes=lambda s, e: episodes.append(e))
    run = final.parent
    assert (final / "model.safetensors").is_file()
    assert len(episodes[0]) == 4
    logged = {name for row in read_metrics(run / "metrics.jsonl") for name in row}
    wanted = {"reward", "valid", "truncated", "tool_errors", "length", "faults"}
    assert wanted | {"time/generation", "time/sandbox", "time/update"} <= logged
    assert list((run / "tensorboard").iterdir())

    with pytest.raises(ConfigError, match="another max_steps"):
        train_grpo(replace(config, max_steps=2), executor=executor)
    longer = replace(config, max_steps=2)
    known = json.loads((run / "config.json").read_text())
    (run / "config.json").write_text(json.dumps(known | {"max_steps": 2}))
    train_grpo(longer, executor=executor, on_episodes=lambda s, e: episodes.append(e))
    assert steps_of(run) == [1, 2]
    assert len(episodes) == 2

    (final / "model.safetensors").unlink()
    assert train_grpo(longer, executor=executor) == final
    assert steps_of(run) == [1, 2]
    assert (final / "model.safetensors").is_file()
    assert not list(final.glob("optimizer*"))


def test_what_cannot_be_used_leaves_the_folder_free(config, executor, tmp_path):
    from darebench.train.grpo import train_grpo

    with pytest.raises(ConfigError, match="no template"):
        train_grpo(replace(config, template="other"), executor=executor)
    with pytest.raises(ConfigError, match="no short prompt"):
        train_grpo(replace(config, tasks=("*/xf",)), executor=executor)
    with pytest.raises(ConfigError, match=r"prompts of at least max_context \(5\)"):
        train_grpo(replace(config, max_context=5), executor=executor)
    assert not (tmp_path / "run").exists()


def test_the_tasks_of_all_steps_are_written_down_ahead_in_passes():
    from darebench.train.grpo import in_order

    tasks = open_store(None).tasks[:5]
    first = in_order(tasks, 13, seed=1)
    assert first == in_order(tasks, 20, seed=1)[:13] != in_order(tasks, 13, seed=2)
    assert set(first[:5]) == set(first[5:10]) == set(tasks)
    assert first[:5] != first[5:10]


class Program:
    """Samples one program that answers, and then the end: a policy that is not random."""

    seconds = 0.0

    def __init__(self, tokenizer, code_of) -> None:
        self.tokenizer, self.code_of = tokenizer, code_of

    async def sample(self, ids, max_new, seed):
        text = self.tokenizer.decode(ids)
        if "<tool_response>" in text:
            return Sampled(ids=[*self.tokenizer.encode("Saved."), 2], ended=True)
        arguments = {
            "code": self.code_of(text), "files_to_load": ["train_v2.csv", "val_v2.csv"],
            "files_to_save": ["prediction.csv"],
        }  # fmt: skip
        call = json.dumps({"name": "python_executor", "arguments": arguments})
        written = self.tokenizer.encode(f"<tool_call>\n{call}\n</tool_call>")
        return Sampled(ids=[*written, 2], ended=True)


CONSTANT = """import pandas as pd
t, v = pd.read_csv('train_v2.csv'), pd.read_csv('val_v2.csv')
target, = set(t) - set(v)
v[target] = t[target].mode()[0]
v[['row_id', target]].to_csv('prediction.csv', index=False)"""


class FaultyAt:
    """A sandbox that fails at every call of some tasks."""

    def __init__(self, executor, word: str) -> None:
        self.executor, self.word = executor, word

    async def execute(self, program):
        if any(self.word in str(path) for path in program.load.values()):
            raise SandboxFault("the disk is gone")
        return await self.executor.execute(program)

    async def close(self):
        return None


def player_of(tiny_model, executor) -> tuple[Player, list, object]:
    from darebench.train.setup import load_tokenizer
    from darebench.train.template import renderer

    tokenizer = load_tokenizer(str(tiny_model), "qwen3")
    tasks = [open_store(None).task(name) for name in TASKS]
    truths, _ = read_truths(tasks)
    arena = RolloutSettings(
        executor=executor, truths=truths, opening=lambda t, b: (Message(role="user", content=t.id),)
    )
    codec = Codec(
        tokenizer=tokenizer, render=renderer(tokenizer), end=tokenizer.eos_token, show_tools=False
    )
    return Player(arena=arena, codec=codec, max_context=4000, max_new=2000), tasks, tokenizer


def test_the_mask_covers_what_was_sampled_and_nothing_else(tiny_model, executor):
    player, tasks, tokenizer = player_of(tiny_model, executor)
    sampler = Program(tokenizer, lambda text: CONSTANT)
    episode, other = asyncio.run(player.play_all(tasks, sampler, [1, 2]))
    own = [i for i, m in zip(episode.completion_ids, episode.mask, strict=True) if m]
    told = [i for i, m in zip(episode.completion_ids, episode.mask, strict=True) if not m]
    assert tokenizer.decode(own).endswith("</tool_call><|im_end|>Saved.<|im_end|>")
    assert "<tool_response>" in tokenizer.decode(told)
    assert "Saved: 'prediction.csv'" in tokenizer.decode(told)
    assert 0.1 < episode.reward < 0.5
    assert other.reward == 0.0  # its files are of another kind, so the program failed
    assert other.trajectory.calls[0].status == "arguments"


def test_a_fault_has_no_reward_no_loss_and_is_counted(tiny_model, executor, monkeypatch):
    from darebench.train.rollout import Rollouts
    from darebench.train.trl import rollout_reward

    async def at_once(seconds):
        return None

    monkeypatch.setattr("darebench.sandbox.executor.asyncio.sleep", at_once)
    player, tasks, tokenizer = player_of(tiny_model, FaultyAt(executor, "iris"))
    rollouts = Rollouts(
        player=player, tasks={t.id: t for t in tasks}, seed=0,
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


def test_a_sample_depends_on_its_seed_and_not_on_its_company(tiny_model):
    from darebench.train.generate import BatchSampler
    from darebench.train.setup import load_model

    model = load_model(str(tiny_model))

    def sample(*prompts):
        sampler = BatchSampler(model=model, end_id=2, pad_id=0)

        async def all_of_them():
            return await asyncio.gather(*(sampler.sample(p, 12, s) for p, s in prompts))

        return [s.ids for s in asyncio.run(all_of_them())]

    alone = sample(([10, 11, 12], 7))[0]
    together = sample(([20] * 9, 1), ([10, 11, 12], 7), ([10, 11, 12], 8))
    assert together[1] == alone
    assert together[2] != alone


def test_samples_follow_the_models_probabilities(tiny_model):
    import torch

    from darebench.train.generate import BatchSampler, Sampling
    from darebench.train.setup import load_model

    model = load_model(str(tiny_model))
    n = 2000
    sampler = BatchSampler(
        model=model, end_id=2, pad_id=0, batch_size=500, sampling=Sampling(top_p=1.0, top_k=3)
    )

    async def many():
        return await asyncio.gather(*(sampler.sample([10, 11], 1, s) for s in range(n)))

    drawn = [s.ids[0] for s in asyncio.run(many())]
    with torch.no_grad():
        top = model(torch.tensor([[10, 11]])).logits[0, -1].topk(3)
    wanted = top.values.softmax(-1).tolist()
    for token, share in zip(top.indices.tolist(), wanted, strict=True):
        # five standard deviations: a false alarm once in millions of runs
        assert abs(drawn.count(token) / n - share) < 5 * (share * (1 - share) / n) ** 0.5
