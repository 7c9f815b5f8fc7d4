"""Reinforcement learning by TRL's GRPOTrainer over our own loop, sandbox and scorer.

The paper's settings are the defaults: no division by the group's deviation, no KL term, eight
attempts a task. Its "loss per sequence" is read as Dr. GRPO's (a sum over tokens with one divisor).
"""

# torch, datasets and trl are an optional extra, which a plain checkout does not have.
# pyright: reportMissingImports=false

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from datasets import Dataset
from trl import GRPOConfig as TrlConfig
from trl import GRPOTrainer

from darebench.agents.protocol import Budget
from darebench.agents.short_prompt import short_prompt
from darebench.agents.tools import OUTPUT_LIMIT, schema
from darebench.errors import ConfigError, TaskFormatError
from darebench.reference.answers import read_answers
from darebench.rollouts.rollout import Opening, RolloutSettings, standard_opening
from darebench.sandbox import LocalExecutor
from darebench.sandbox.executor import Executor
from darebench.store.cache import cache_folder
from darebench.store.read import Store, open_store, select
from darebench.train.config import GrpoConfig
from darebench.train.generate import BatchSampler, Sampling
from darebench.train.metrics import watch
from darebench.train.policy import Codec
from darebench.train.reward import RewardScale
from darebench.train.rollout import Episode, Player, Rollouts
from darebench.train.setup import (
    common_arguments,
    finished,
    holds_half,
    load_model,
    load_tokenizer,
    lora_config,
    need_machine,
    prepare_folder,
    refusals,
    train_out,
)
from darebench.train.template import renderer
from darebench.train.trl import rollout_reward
from darebench.types import Family, Message, Progress, Role, Task, Variant

BRIEF_OUTPUT = 100
"""Characters of stdout, and of stderr, that a model with short prompts is shown."""


def train_grpo(
    config: GrpoConfig,
    *,
    executor: Executor | None = None,
    opening: Opening | None = None,
    on_episodes: Callable[[int, Sequence[Episode]], None] | None = None,
    progress: Progress | None = None,
) -> Path:
    """Train to the end, or from the last checkpoint on; give the folder of the final model.

    Args:
        config: What to do.
        executor: The sandbox; one is made and closed without it.
        opening: Task -> first messages, in the place of the configuration's prompts.
        on_episodes: Told the attempts of every step.
        progress: Told the steps that are done.

    Raises:
        ConfigError: the steps, the tasks, the template or the folder cannot be used.
    """
    if config.max_steps < 1:
        raise ConfigError(f"max_steps is {config.max_steps}; reinforcement needs a number of steps")
    need_machine(config)
    store = open_store(config.store)
    tasks = _tasks(config, store)
    tokenizer = load_tokenizer(config.model, config.template)
    sandbox = executor or LocalExecutor(config.slots or _own_cores())
    try:
        every = [*tasks[0], *tasks[1]]
        arena = _arena(config, every, sandbox, opening)
        codec = _codec(config, tokenizer)
        _need_room(config, every, arena, codec)
        checkpoint = prepare_folder(config, {"store": store.hash})
        done = finished(config, checkpoint)
        if done is not None:
            return done
        trainer = _trainer(config, tasks, arena, codec, on_episodes)
        watch(trainer, Path(config.out), progress)
        return train_out(trainer, checkpoint, Path(config.out))
    finally:
        if executor is None:
            asyncio.run(sandbox.close())


def _own_cores() -> int:
    """Give this process's part of the cores: a launcher starts one process for each device."""
    return max(1, (os.cpu_count() or 1) // int(os.environ.get("LOCAL_WORLD_SIZE", "1")))


def _arena(
    config: GrpoConfig, tasks: Sequence[Task], executor: Executor, opening: Opening | None
) -> RolloutSettings:
    """Get all that attempts at these tasks need: their prompts and their answers.

    Raises:
        ConfigError: a task has no short prompt.
        TaskFormatError: a task has no answer.
    """
    is_brief = config.prompt == "brief"
    if opening is None and is_brief:
        opening = asyncio.run(_briefs(tasks, executor))
    truths, problems = asyncio.run(read_answers(tasks, executor, cache_folder("references")))
    if problems:
        name, message = next(iter(problems.items()))
        raise TaskFormatError(f"{len(problems)} tasks have no answer, the first {name}: {message}")
    return RolloutSettings(
        executor=executor,
        truths=truths,
        budget=Budget(turns=config.turns, seconds_per_call=config.seconds),
        opening=opening or standard_opening,
        output_limit=BRIEF_OUTPUT if is_brief else OUTPUT_LIMIT,
    )


def _codec(config: GrpoConfig, tokenizer: Any) -> Codec:
    return Codec(
        tokenizer=tokenizer,
        render=renderer(tokenizer),
        end=tokenizer.eos_token,
        show_tools=config.prompt != "brief",
    )


def _need_room(
    config: GrpoConfig, tasks: Sequence[Task], arena: RolloutSettings, codec: Codec
) -> None:
    """Refuse tasks whose prompt leaves no id to write: nothing would be learned from them.

    Raises:
        ConfigError: there are such tasks.
    """
    tools = [schema(arena.budget, arena.limits)]
    full = [
        t.id
        for t in tasks
        if len(codec.prompt_ids(arena.opening(t, arena.budget), tools)) >= config.max_context
    ]
    if full:
        raise ConfigError(
            f"{len(full)} tasks have prompts of at least max_context ({config.max_context}) "
            f"tokens, the first {full[0]}; raise it, or leave them out of tasks"
        )


def _trainer(
    config: GrpoConfig,
    tasks: tuple[list[Task], list[Task]],
    arena: RolloutSettings,
    codec: Codec,
    on_episodes: Callable[[int, Sequence[Episode]], None] | None,
) -> GRPOTrainer:
    train, held_out = tasks
    tokenizer = codec.tokenizer
    player = Player(
        arena=arena,
        codec=codec,
        max_context=config.max_context,
        max_new=config.max_new,
        scale=RewardScale(ran=config.ran_reward),
    )
    rollouts = Rollouts(
        player=player,
        tasks={t.id: t for t in [*train, *held_out]},
        make_sampler=lambda trainer: sampler_of(
            trainer.accelerator.unwrap_model(trainer.model), tokenizer, config
        ),
        seed=config.seed,
        on_episodes=on_episodes,
    )
    with refusals("the trainer cannot be made of this configuration"):
        # Before the weights: with them DeepSpeed knows that no process is to load all.
        arguments = trl_arguments(config, has_eval=bool(held_out))
        return GRPOTrainer(
            model=load_model(config.model, half=holds_half(config)),
            reward_funcs=rollout_reward,
            args=arguments,
            train_dataset=_rows(in_order(train, config.questions * config.max_steps, config.seed)),
            eval_dataset=_rows(held_out) if held_out else None,
            processing_class=tokenizer,
            peft_config=lora_config(config.lora),
            rollout_func=rollouts,
        )


def sampler_of(model: Any, tokenizer: Any, config: GrpoConfig) -> BatchSampler:
    """Sample from a model with the configuration's settings."""
    return BatchSampler(
        model=model,
        end_id=tokenizer.eos_token_id,
        pad_id=tokenizer.pad_token_id,
        sampling=Sampling(temperature=config.temperature, top_p=config.top_p, top_k=config.top_k),
        batch_size=config.generation_batch,
        autocast=config.bf16,
    )


def _tasks(config: GrpoConfig, store: Store) -> tuple[list[Task], list[Task]]:
    tasks = store.tasks
    train = select(
        tasks,
        config.tasks,
        family=Family(config.family) if config.family else None,
        variant=Variant(config.variant) if config.variant else None,
        limit=config.limit,
        seed=config.seed,
    )
    held_out = select(tasks, config.eval_tasks) if config.eval_tasks else []
    kept_back = {t.cluster for t in held_out}
    train = [t for t in train if t.cluster not in kept_back]
    if not train:
        raise ConfigError("no task is left to train on; loosen tasks, or give fewer eval_tasks")
    return train, held_out


async def _briefs(tasks: Sequence[Task], executor: Executor) -> Opening:
    found = await asyncio.gather(*(short_prompt(t, executor) for t in tasks))
    missing = [t.id for t, text in zip(tasks, found, strict=True) if text is None]
    if missing:
        raise ConfigError(
            f"{len(missing)} tasks have no short prompt, the first {missing[0]}; leave them out of "
            'tasks, or use prompt = "standard"'
        )
    prompts = {t.id: text or "" for t, text in zip(tasks, found, strict=True)}
    return lambda task, budget: (Message(role=Role.USER, content=prompts[task.id]),)


def in_order(tasks: Sequence[Task], n: int, seed: int) -> list[Task]:
    """Give the tasks of all steps, in passes of another order each.

    Written down ahead, so that a run that goes on from a checkpoint meets the tasks it would have
    met: the trainer's own sampler starts over with the first pass's order.
    """
    rng = random.Random(seed)
    chosen: list[Task] = []
    while len(chosen) < n:
        chosen += rng.sample(tasks, len(tasks))
    return chosen[:n]


def _rows(tasks: Sequence[Task]) -> Dataset:
    """Make the data set: the prompt is the task's id, which the rollouts look up."""
    rows = [{"prompt": [{"role": "user", "content": t.id}], "task": t.id} for t in tasks]
    return Dataset.from_list(rows)


def trl_arguments(config: GrpoConfig, *, has_eval: bool) -> TrlConfig:
    """Give TRL's own configuration.

    Raises:
        ConfigError: the attempts of a step cannot be dealt out to the devices.
    """
    attempts = config.questions * config.generations
    at_once = config.batch_size * int(os.environ.get("WORLD_SIZE", "1"))
    if attempts % at_once:
        raise ConfigError(
            f"{attempts} attempts a step cannot be dealt out in batches of {at_once}; change "
            "questions, generations or batch_size"
        )
    return TrlConfig(
        **common_arguments(config, has_eval=has_eval),
        num_generations=config.generations,
        num_generations_eval=1,
        per_device_train_batch_size=config.batch_size,
        per_device_eval_batch_size=64,
        gradient_accumulation_steps=attempts // at_once,
        max_completion_length=config.max_context,
        temperature=config.temperature,
        top_p=config.top_p,
        top_k=config.top_k,
        loss_type=config.loss,
        scale_rewards=config.scale_rewards,
        shuffle_dataset=False,
        beta=config.beta,
        epsilon=config.epsilon,
    )
