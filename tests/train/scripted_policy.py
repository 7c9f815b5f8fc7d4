"""A policy that writes one program, and a sandbox that fails, for tests of episodes."""

from __future__ import annotations

import json
from pathlib import Path

from darebench.errors import SandboxFault
from darebench.evals.batch import read_truths
from darebench.rollouts.rollout import RolloutSettings
from darebench.store.read import open_store
from darebench.train.episodes import EpisodeRunner
from darebench.train.token_model import Codec, Sampled
from darebench.types import Message

TASKS = ("iris_class/mm", "diabetes_reg/mm")


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


def runner_of(tiny_model: Path, executor) -> tuple[EpisodeRunner, list, object]:
    from darebench.train.chat_template import renderer
    from darebench.train.pretrained import load_tokenizer

    tokenizer = load_tokenizer(str(tiny_model), "qwen3")
    tasks = [open_store(None).task(name) for name in TASKS]
    truths, _ = read_truths(tasks)
    settings = RolloutSettings(
        executor=executor, truths=truths, opening=lambda t, b: (Message(role="user", content=t.id),)
    )
    codec = Codec(
        tokenizer=tokenizer, render=renderer(tokenizer), end=tokenizer.eos_token, show_tools=False
    )
    return (
        EpisodeRunner(settings=settings, codec=codec, max_context=4000, max_new=2000),
        tasks,
        tokenizer,
    )
