"""Attempts of the demonstration's models: short prompts, two turns, a small context."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from darebench.agents.protocol import Budget
from darebench.reference.answers import read_answers
from darebench.rollouts.rollout import RolloutSettings
from darebench.sandbox import LocalExecutor
from darebench.store.cache import cache_folder
from darebench.sync import run_sync
from darebench.train.batch_sampler import BatchSampler, Sampling
from darebench.train.chat_template import renderer
from darebench.train.demo.curriculum import Curriculum
from darebench.train.episodes import EpisodeRunner
from darebench.train.grpo_tasks import SHORT_PROMPT_OUTPUT
from darebench.train.pretrained import load_model, load_tokenizer
from darebench.train.seeds import seed_of
from darebench.train.token_model import Codec
from darebench.types import Progress, Task, Trajectory

log = logging.getLogger(__name__)
BUDGET = Budget(turns=2, seconds_per_call=30)
CONTEXT, TURN = 512, 64
"""Tokens of a conversation, and of one turn: half as many again as the longest right program has,
because a batch is as slow as its longest attempt."""


def open_rollouts(
    curriculum: Curriculum, tasks: Sequence[Task], executor: LocalExecutor
) -> tuple[RolloutSettings, list[Task]]:
    """Prepare attempts in a sandbox; return the tasks too, without those that have no answer."""
    truths, problems = run_sync(read_answers(tasks, executor, cache_folder("references")))
    for name, message in problems.items():
        log.warning("%s is left out: %s", name, message)
    settings = RolloutSettings(
        executor=executor,
        truths=truths,
        budget=BUDGET,
        opening=curriculum.opening,
        output_limit=SHORT_PROMPT_OUTPUT,
    )
    return settings, [task for task in tasks if task.id in truths]


def attempt_tasks(
    folder: Path,
    tasks: Sequence[Task],
    settings: RolloutSettings,
    *,
    seed: int,
    greedy: bool,
    name: str,
    first_epoch: int = 1,
    repeats: int = 1,
    progress: Progress | None = None,
) -> list[Trajectory]:
    """Let a trained model attempt tasks, each `repeats` times in a row of `tasks`."""
    tokenizer = load_tokenizer(str(folder))
    codec = Codec(
        tokenizer=tokenizer, render=renderer(tokenizer), end=tokenizer.eos_token, show_tools=False
    )
    sampler = BatchSampler(
        model=load_model(str(folder)),
        end_id=tokenizer.eos_token_id,
        pad_id=tokenizer.pad_token_id,
        sampling=Sampling(temperature=0.0 if greedy else 1.0),
        autocast=True,
    )
    runner = EpisodeRunner(
        settings=settings, codec=codec, max_context=CONTEXT, max_new=TURN, name=name
    )
    seeds = [seed_of(seed, n, 1) for n in range(len(tasks))]
    episodes = run_sync(runner.run_all(tasks, sampler, seeds, progress))
    return [replace(e.trajectory, epoch=first_epoch + n % repeats) for n, e in enumerate(episodes)]
