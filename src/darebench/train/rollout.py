"""Attempts of the model in training: concurrently, through the evaluation's loop, by token ids.

TRL calls `Rollouts` once a step with the prompts of the step, which hold a task's id each, and gets
ids, a mask over the model's own ids, and the reward. An attempt that our own fault ended is played
again; if that fails too it has no reward and no unmasked id, so that neither the loss nor the
group's baseline knows it, and it is counted.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from darebench.rollouts.rollout import RolloutSettings, roll_out
from darebench.train.policy import Codec, Sampler, TokenModel
from darebench.train.reward import PAPER, RewardScale, reward_of_trajectory
from darebench.types import Progress, StopReason, Task, Trajectory

SEED_STEP = 1_000
"""Between the seeds of two attempts: more than an attempt has turns."""


class TimedSampler(Sampler, Protocol):
    """A sampler that knows how long it was at work."""

    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """One attempt as a trainer takes it."""

    prompt_ids: list[int]
    completion_ids: list[int]
    mask: list[int]
    """1 for an id that the model sampled."""
    reward: float | None
    """None: our fault."""
    trajectory: Trajectory

    @property
    def truncated(self) -> bool:
        """Whether tokens or turns ran out."""
        return self.trajectory.stop_reason in (StopReason.TOKENS, StopReason.TURNS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Player:
    """Plays attempts of one model."""

    arena: RolloutSettings
    codec: Codec
    max_context: int
    max_new: int
    scale: RewardScale = PAPER
    concurrency: int = 256
    """Attempts that are under way at the same time."""
    faults_retried: int = 1
    name: str = "policy"

    async def play_all(
        self,
        tasks: Sequence[Task],
        sampler: Sampler,
        seeds: Sequence[int],
        progress: Progress | None = None,
    ) -> list[Episode]:
        """Play one attempt at each task, in their order."""
        places = asyncio.Semaphore(self.concurrency)
        ended = 0

        async def one(task: Task, seed: int, epoch: int) -> Episode:
            nonlocal ended
            async with places:
                episode = await self._play(task, sampler, seed, epoch)
                for _ in range(self.faults_retried):
                    if episode.reward is not None:
                        break
                    episode = await self._play(task, sampler, seed, epoch)
            ended += 1
            if progress is not None:
                progress(f"attempts of {self.name}", ended, len(tasks))
            return episode

        pairs = zip(tasks, seeds, strict=True)
        return list(await asyncio.gather(*(one(t, s, n) for n, (t, s) in enumerate(pairs, 1))))

    async def _play(self, task: Task, sampler: Sampler, seed: int, epoch: int) -> Episode:
        model = TokenModel(
            codec=self.codec,
            sampler=sampler,
            max_context=self.max_context,
            max_new=self.max_new,
            seed=seed,
        )
        trajectory = await roll_out(task, model, self.arena, epoch=epoch, name=self.name)
        value = reward_of_trajectory(trajectory, self.scale)
        # A trainer takes no empty completion; one end token that is masked stands for it.
        ids = model.completion_ids or self.codec.encode(self.codec.end)
        mask = model.mask or [0] * len(ids)
        return Episode(
            prompt_ids=model.prompt_ids or ids,
            completion_ids=ids,
            mask=[0] * len(ids) if value is None else mask,
            reward=value,
            trajectory=trajectory,
        )


@dataclass(slots=True, kw_only=True)
class Rollouts:
    """TRL's `rollout_func`."""

    player: Player
    tasks: Mapping[str, Task]
    make_sampler: Callable[[Any], TimedSampler]
    """Trainer -> what samples from the model as it is now."""
    seed: int
    on_episodes: Callable[[int, Sequence[Episode]], None] | None = None
    """Told the step and its attempts."""
    _ended: float = field(default_factory=time.perf_counter)

    def __call__(self, prompts: Sequence[Any], trainer: Any) -> dict[str, list[Any]]:
        """Play an attempt for every prompt."""
        start = time.perf_counter()
        chosen = [self.tasks[prompt[0]["content"]] for prompt in prompts]
        sampler = self.make_sampler(trainer)
        step, rank = trainer.state.global_step, trainer.accelerator.process_index
        first = self.seed + 2**24 * (step + 1) + 2**20 * rank
        if not trainer.model.training:
            first = self.seed  # an evaluation asks the same questions in the same way
        seeds = [first + SEED_STEP * n for n in range(len(chosen))]
        episodes = asyncio.run(self.player.play_all(chosen, sampler, seeds))
        if self.on_episodes is not None and trainer.model.training:
            self.on_episodes(step, episodes)
        now = time.perf_counter()
        times = {
            "time/rollout": now - start,
            "time/generation": sampler.seconds,
            "time/sandbox": sum(c.seconds for e in episodes for c in e.trajectory.calls),
            "time/update": start - self._ended,
        }
        self._ended = now
        return {
            "prompt_ids": [e.prompt_ids for e in episodes],
            "completion_ids": [e.completion_ids for e in episodes],
            "logprobs": None,  # pyright: ignore[reportReturnType] # sampled on policy
            "env_mask": [e.mask for e in episodes],
            "reward": [e.reward for e in episodes],
            "facts": [{**_facts(e), **times} for e in episodes],
        }


def _facts(episode: Episode) -> dict[str, float]:
    trajectory = episode.trajectory
    calls = trajectory.calls
    facts = {
        "faults": float(episode.reward is None),
        "truncated": float(episode.truncated),
        "calls": float(len(calls)),
        "tool_errors": float(sum(c.status != "ok" for c in calls)),
        "length": float(sum(episode.mask)),
    }
    if trajectory.score is not None:
        facts["valid"] = float(trajectory.reason is None)
        facts["score"] = trajectory.score
        facts[f"score/{trajectory.track}"] = trajectory.score
    return facts
