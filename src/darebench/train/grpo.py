"""Reinforcement learning by TRL's GRPOTrainer over our own loop, sandbox and scorer.

The paper's settings are the defaults: no division by the group's deviation, no KL term, eight
attempts a task. Its "loss per sequence" is read as Dr. GRPO's (a sum over tokens with one divisor).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

from darebench.environment import current_environment
from darebench.errors import ConfigError
from darebench.rollouts.rollout import Opening, RolloutSettings
from darebench.sandbox import LocalExecutor
from darebench.sandbox.executor import Executor
from darebench.scoring.score import scorer_hash
from darebench.store.read import open_store
from darebench.sync import run_sync
from darebench.train.batch_sampler import BatchSampler, Sampling
from darebench.train.chat_template import renderer
from darebench.train.choices import Prompt
from darebench.train.config import GrpoConfig
from darebench.train.episodes import Episode, EpisodeRunner
from darebench.train.grpo_tasks import (
    ChosenTasks,
    choose_tasks,
    in_order,
    need_room,
    openings_hash,
    rollout_settings,
)
from darebench.train.libraries import datasets, trl
from darebench.train.pretrained import (
    holds_half,
    load_model,
    load_tokenizer,
    lora_config,
    need_machine,
    need_whole_weights,
)
from darebench.train.requirements import refusals
from darebench.train.reward import RewardScale
from darebench.train.token_model import Codec
from darebench.train.trainer_run import common_arguments, train_on
from darebench.train.training_folder import Trained, training_folder
from darebench.train.trl_adapter import TrlRollouts, rollout_reward
from darebench.types import Progress, Task

OnEpisodes = Callable[[int, Sequence[Episode]], None]
"""Called with the step and its attempts."""


def train_grpo(
    config: GrpoConfig,
    *,
    executor: Executor | None = None,
    opening: Opening | None = None,
    on_episodes: OnEpisodes | None = None,
    progress: Progress | None = None,
) -> Trained:
    """Train to the end, from the last checkpoint on if there is one.

    Args:
        config: What the training is told.
        executor: The sandbox; without it one is made, and closed at the end.
        opening: Task -> first messages, in place of the configuration's prompts.
        on_episodes: Called with the attempts of every step.
        progress: Called with the steps that are done.

    Raises:
        ConfigError: The steps, the tasks, the template or the folder cannot be used.
        TaskFormatError: A task has no answer.
    """
    if config.max_steps < 1:
        raise ConfigError(f"max_steps is {config.max_steps}; reinforcement needs a number of steps")
    need_machine(config)
    need_whole_weights(config)
    store = open_store(config.store)
    chosen = choose_tasks(config, store.tasks)
    codec = _codec(config, load_tokenizer(config.model, config.template))
    sandbox = executor or LocalExecutor(config.slots or _own_cores())
    try:
        settings = rollout_settings(config, chosen.all, sandbox, opening)
        need_room(config, chosen.all, settings, codec)
        sources = {"store": store.hash, "tasks": openings_hash(chosen, settings)}
        versions = {"scorer": scorer_hash(), "environment": current_environment().hash}
        with training_folder(config, sources, versions) as checkpoint:
            return train_on(
                config.out, config.max_steps, checkpoint,
                lambda: _trainer(config, chosen, settings, codec, on_episodes), progress,
            )  # fmt: skip
    finally:
        if executor is None:
            run_sync(sandbox.close())


def _own_cores() -> int:
    """Return this process's share of the cores: a launcher starts a process for each device."""
    return max(1, (os.cpu_count() or 1) // int(os.environ.get("LOCAL_WORLD_SIZE", "1")))


def _codec(config: GrpoConfig, tokenizer: Any) -> Codec:
    return Codec(
        tokenizer=tokenizer,
        render=renderer(tokenizer),
        end=tokenizer.eos_token,
        show_tools=config.prompt != Prompt.SHORT,
    )


def _trainer(
    config: GrpoConfig,
    chosen: ChosenTasks,
    settings: RolloutSettings,
    codec: Codec,
    on_episodes: OnEpisodes | None,
) -> Any:
    tokenizer = codec.tokenizer
    runner = EpisodeRunner(
        settings=settings,
        codec=codec,
        max_context=config.max_context,
        max_new=config.max_new,
        scale=RewardScale(ran=config.ran_reward),
    )
    rollouts = TrlRollouts(
        runner=runner,
        tasks={t.id: t for t in chosen.all},
        make_sampler=lambda trainer: sampler_of(
            trainer.accelerator.unwrap_model(trainer.model), tokenizer, config
        ),
        seed=config.seed,
        on_episodes=on_episodes,
    )
    steps = in_order(chosen.train, config.questions * config.max_steps, config.seed)
    with refusals("the trainer cannot be made of this configuration"):
        # Before the weights: with them DeepSpeed knows that no process is to load all.
        arguments = trl_arguments(config, has_eval=bool(chosen.held_out))
        return trl.GRPOTrainer(
            model=load_model(config.model, half=holds_half(config)),
            reward_funcs=rollout_reward,
            args=arguments,
            train_dataset=_rows(steps),
            eval_dataset=_rows(chosen.held_out) if chosen.held_out else None,
            processing_class=tokenizer,
            peft_config=lora_config(config.lora),
            rollout_func=rollouts,
        )


def sampler_of(model: Any, tokenizer: Any, config: GrpoConfig) -> BatchSampler:
    """Build the sampler of a model with the configuration's settings."""
    return BatchSampler(
        model=model,
        end_id=tokenizer.eos_token_id,
        pad_id=tokenizer.pad_token_id,
        sampling=Sampling(temperature=config.temperature, top_p=config.top_p, top_k=config.top_k),
        batch_size=config.generation_batch,
        autocast=config.bf16,
    )


def _rows(tasks: Sequence[Task]) -> Any:
    """Build the data set: a prompt is the task's id, which `TrlRollouts` looks up."""
    rows = [{"prompt": [{"role": "user", "content": t.id}], "task": t.id} for t in tasks]
    return datasets.Dataset.from_list(rows)


def trl_arguments(config: GrpoConfig, *, has_eval: bool) -> Any:
    """Return TRL's own configuration.

    Raises:
        ConfigError: The attempts of a step cannot be dealt out to the devices.
    """
    attempts = config.questions * config.generations
    at_once = config.batch_size * int(os.environ.get("WORLD_SIZE", "1"))
    if attempts % at_once:
        raise ConfigError(
            f"{attempts} attempts a step cannot be dealt out in batches of {at_once}; change "
            "questions, generations or batch_size"
        )
    return trl.GRPOConfig(
        **common_arguments(config, has_eval=has_eval),
        num_generations=config.generations,
        num_generations_eval=1,
        per_device_train_batch_size=config.batch_size,
        per_device_eval_batch_size=config.batch_size,
        num_iterations=config.iterations,
        gradient_accumulation_steps=attempts // at_once,
        max_completion_length=config.max_context,
        temperature=config.temperature,
        top_p=config.top_p,
        top_k=config.top_k,
        loss_type=str(config.loss),
        scale_rewards=str(config.scale_rewards),
        shuffle_dataset=False,
        beta=config.beta,
        epsilon=config.epsilon,
        epsilon_high=config.epsilon_high,
    )
