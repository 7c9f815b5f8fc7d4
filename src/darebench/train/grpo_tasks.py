"""What reinforcement learning attempts: the tasks, their first messages, and their answers."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from darebench.agents.protocol import Budget
from darebench.agents.short_prompt import short_prompt
from darebench.agents.tools import OUTPUT_LIMIT, schema
from darebench.environment import fingerprint
from darebench.errors import ConfigError, TaskFormatError
from darebench.reference.answers import read_answers
from darebench.rollouts.rollout import Opening, RolloutSettings, standard_opening
from darebench.sandbox.executor import Executor
from darebench.store.cache import cache_folder
from darebench.store.read import select
from darebench.sync import run_sync
from darebench.train.choices import Prompt
from darebench.train.config import GrpoConfig
from darebench.train.token_model import Codec
from darebench.types import Message, Role, Task

SHORT_PROMPT_OUTPUT = 100
"""Characters of stdout, and of stderr, that a model with short prompts is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenTasks:
    """The tasks of a training."""

    train: tuple[Task, ...]
    held_out: tuple[Task, ...]
    """Tasks that are only attempted; no other task of their tables is trained on."""

    @property
    def all(self) -> tuple[Task, ...]:
        """Those that are trained on, then the others."""
        return (*self.train, *self.held_out)


def choose_tasks(config: GrpoConfig, tasks: Sequence[Task]) -> ChosenTasks:
    """Choose a configuration's tasks of a store.

    Raises:
        ConfigError: A selector finds nothing, or no task is left to train on.
    """
    train = select(
        tasks,
        config.tasks,
        family=config.family,
        variant=config.variant,
        limit=config.limit,
        seed=config.seed,
    )
    held_out = select(tasks, config.eval_tasks) if config.eval_tasks else []
    kept_back = {t.cluster for t in held_out}
    train = [t for t in train if t.cluster not in kept_back]
    if not train:
        raise ConfigError("no task is left to train on; loosen tasks, or give fewer eval_tasks")
    return ChosenTasks(train=tuple(train), held_out=tuple(held_out))


def rollout_settings(
    config: GrpoConfig, tasks: Sequence[Task], executor: Executor, opening: Opening | None
) -> RolloutSettings:
    """Prepare what attempts at these tasks share: their prompts and their answers.

    Raises:
        ConfigError: A task has no short prompt.
        TaskFormatError: A task has no answer.
    """
    is_short = config.prompt == Prompt.SHORT
    if opening is None and is_short:
        opening = run_sync(_short_prompts(tasks, executor))
    truths, problems = run_sync(read_answers(tasks, executor, cache_folder("references")))
    if problems:
        name, message = next(iter(problems.items()))
        raise TaskFormatError(f"{len(problems)} tasks have no answer, the first {name}: {message}")
    return RolloutSettings(
        executor=executor,
        truths=truths,
        budget=Budget(turns=config.turns, seconds_per_call=config.seconds),
        opening=opening or standard_opening,
        output_limit=SHORT_PROMPT_OUTPUT if is_short else OUTPUT_LIMIT,
    )


async def _short_prompts(tasks: Sequence[Task], executor: Executor) -> Opening:
    found = await asyncio.gather(*(short_prompt(t, executor) for t in tasks))
    missing = [t.id for t, text in zip(tasks, found, strict=True) if text is None]
    if missing:
        raise ConfigError(
            f"{len(missing)} tasks have no short prompt, the first {missing[0]}; leave them out of "
            'tasks, or use prompt = "standard"'
        )
    prompts = {t.id: text or "" for t, text in zip(tasks, found, strict=True)}
    return lambda task, budget: (Message(role=Role.USER, content=prompts[task.id]),)


def need_room(
    config: GrpoConfig, tasks: Sequence[Task], settings: RolloutSettings, codec: Codec
) -> None:
    """Refuse tasks whose prompt leaves no token to write: nothing would be learned from them.

    Raises:
        ConfigError: There are such tasks.
    """
    tools = [schema(settings.budget, settings.limits)]
    full = [
        t.id
        for t in tasks
        if len(codec.prompt_ids(settings.opening(t, settings.budget), tools)) >= config.max_context
    ]
    if full:
        raise ConfigError(
            f"{len(full)} tasks have prompts of at least max_context ({config.max_context}) "
            f"tokens, the first {full[0]}; raise it, or leave them out of tasks"
        )


def openings_hash(chosen: ChosenTasks, settings: RolloutSettings) -> str:
    """Hash which tasks are trained on and held out, and what their attempts open with."""
    return fingerprint(
        [
            [[t.id, [asdict(m) for m in settings.opening(t, settings.budget)]] for t in side]
            for side in (chosen.train, chosen.held_out)
        ]
    )


def in_order(tasks: Sequence[Task], n: int, seed: int) -> list[Task]:
    """Return the tasks of all steps, in passes that each have another order.

    They are written down ahead, so that a training that continues from a checkpoint meets the tasks
    that it would have met: the trainer's own sampler starts over with the first pass's order.
    """
    rng = random.Random(seed)
    chosen: list[Task] = []
    while len(chosen) < n:
        chosen += rng.sample(tasks, len(tasks))
    return chosen[:n]
