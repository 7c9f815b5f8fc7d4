"""The small model's world: short prompts, our own programs, and what a mistake rate does."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from darebench.agents.protocol import Budget
from darebench.agents.short_prompt import short_prompt
from darebench.evals.batch import read_truths
from darebench.rollouts.rollout import RolloutSettings, roll_out
from darebench.sandbox import LocalExecutor
from darebench.store.read import open_store
from darebench.train.demo.program_writer import (
    HEAD,
    LEFT,
    Writer,
    WriterModel,
    document,
    made_up_prompt,
    pieces,
    read_short_prompt,
)
from darebench.train.demo.results import measure, render
from darebench.types import Message


@pytest.fixture(scope="module")
def executor():
    made = LocalExecutor(1)
    yield made
    made.close_now()


def test_a_short_prompt_says_what_the_question_says(executor):
    store = open_store(None)
    text = asyncio.run(short_prompt(store.task("iris_class/if"), executor))
    stated = read_short_prompt(text)
    assert stated["kind"] == "'if class'"
    assert {"train", "val", "impute", "model", "seed", "numeric", "text"} <= set(stated)
    assert read_short_prompt(asyncio.run(short_prompt(store.task("diabetes_reg/mm"), executor))) == {
        "kind": "'mm reg'", "train": "'train_v2.parquet'", "val": "'val_v2.parquet'"
    }  # fmt: skip
    series = next(t for t in store.tasks if t.family == "ts")
    assert asyncio.run(short_prompt(series, executor)) is None


def written(executor, names: tuple[str, ...]):
    """Let the writer, which makes no mistakes, attempt some tasks of the starter store."""
    store = open_store(None)
    tasks = [store.task(name) for name in names]
    truths, _ = read_truths(tasks)

    async def all_of_them():
        prompts = {t.id: await short_prompt(t, executor) for t in tasks}
        settings = RolloutSettings(
            executor=executor, truths=truths, budget=Budget(turns=2, seconds_per_call=30),
            opening=lambda task, budget: (Message(role="user", content=prompts[task.id]),),
        )  # fmt: skip
        writers = [WriterModel(Writer(rng=np.random.default_rng(k))) for k in range(len(tasks))]
        return [await roll_out(t, w, settings) for t, w in zip(tasks, writers, strict=True)]

    return asyncio.run(all_of_them())


def test_a_program_without_mistakes_answers_real_tasks(executor):
    attempts = written(executor, ("iris_class/if", "iris_class/mm", "diabetes_reg/mm"))
    assert all(t.answered for t in attempts)
    table = render([measure("reference programs", attempts, attempts)])
    assert "| reference programs |" in table


@pytest.mark.xfail(
    strict=True,
    reason="a short prompt states no rules: its program guesses corrupt rows by their breaking all "
    "of them, and noise rows break one to three",
)
def test_a_program_without_mistakes_follows_instructions(executor):
    (attempt,) = written(executor, ("iris_class/if",))
    assert attempt.score == 1.0


def test_every_piece_is_one_of_the_closed_set_and_a_workflow_begins_as_its_prompt():
    known = set(pieces())
    for seed in range(50):
        writer = Writer(rng=np.random.default_rng(seed), mistakes=0.3)
        code = writer.arguments(made_up_prompt(writer.rng))["code"]
        assert code.startswith(HEAD)
        while code:
            piece = max((p for p in known if code.startswith(p)), key=len, default="")
            assert piece
            code = code[len(piece) :]
    prompt = (
        "train = 'train_v1.csv'; val = 'val_v1.csv'; numeric = [2, 0, None, None, None, None, None, "
        "None, ]; text = [5, None, None, None, ]; impute = 'mean'; seed = '48'"
    )
    asked = f"{prompt}; model = 'LinearSVC'; kind = 'if class'"
    assert f"{HEAD}{prompt}\n" in Writer(rng=np.random.default_rng(0)).arguments(asked)["code"]


def test_the_same_seed_writes_the_same_and_mistakes_make_programs_differ():
    def code(seed, mistakes):
        writer = Writer(rng=np.random.default_rng(seed), mistakes=mistakes)
        return writer.arguments(made_up_prompt(writer.rng))["code"]

    assert code(3, 0.3) == code(3, 0.3)
    made = [
        document(Writer(rng=np.random.default_rng(k), mistakes=0.3), ["a", "b"]) for k in range(9)
    ]
    assert {m["role"] for turns in made for m in turns} == {"user", "assistant", "tool"}


def test_made_up_answers_end_as_the_tools_own_do(tmp_path):
    from darebench.agents.answers import left_line

    def lines(n):
        return f"\n{left_line('Turns', n, tmp_path)}"

    told = [lines(1)]
    (tmp_path / "prediction.csv").touch()
    assert (*told, lines(1), lines(0), lines(0)) == LEFT
