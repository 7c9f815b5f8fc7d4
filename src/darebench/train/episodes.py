"""Attempts of the model in training: concurrently, through the evaluation's loop, by token ids.

An attempt that our own fault ended is made again; if that fails too it has no reward and no
unmasked id, so that neither the loss nor the group's baseline knows it, and it is counted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from darebench.rollouts.rollout import RolloutSettings, roll_out
from darebench.train.reward import PAPER, RewardScale, reward_of_trajectory
from darebench.train.seeds import seed_of
from darebench.train.token_model import Codec, Sampler, TokenModel
from darebench.types import Progress, StopReason, Task, Trajectory

_AGAIN = 1
"""What is added to the seed of an attempt that is made again, and not to those of its turns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """One attempt as a trainer takes it."""

    prompt_ids: list[int]
    completion_ids: list[int]
    mask: list[int]
    """1 for an id that the model sampled, else 0; as long as `completion_ids`."""
    reward: float | None
    """None after a fault of ours."""
    trajectory: Trajectory

    @property
    def truncated(self) -> bool:
        """Whether tokens or turns ran out."""
        return self.trajectory.stop_reason in (StopReason.TOKENS, StopReason.TURNS)


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodeRunner:
    """Makes the attempts of one model."""

    settings: RolloutSettings
    codec: Codec
    max_context: int
    """Ids of a whole conversation."""
    max_new: int
    """Ids of one turn."""
    scale: RewardScale = PAPER
    concurrency: int = 256
    """Attempts that are under way at the same time."""
    faults_retried: int = 1
    """How often an attempt is made again that a fault of ours ended."""
    name: str = "policy"
    """What trajectories call the model."""

    async def run_all(
        self,
        tasks: Sequence[Task],
        sampler: Sampler,
        seeds: Sequence[int],
        progress: Progress | None = None,
    ) -> list[Episode]:
        """Make one attempt at each task, with its seed; return them in the tasks' order."""
        places = asyncio.Semaphore(self.concurrency)
        ended = 0

        async def run_one(task: Task, seed: int, epoch: int) -> Episode:
            nonlocal ended
            async with places:
                episode = await self._run(task, sampler, seed, epoch)
                for number in range(self.faults_retried):
                    if episode.reward is not None:
                        break
                    again = seed_of(seed, number, _AGAIN)
                    episode = await self._run(task, sampler, again, epoch)
            ended += 1
            if progress is not None:
                progress(f"attempts of {self.name}", ended, len(tasks))
            return episode

        pairs = zip(tasks, seeds, strict=True)
        return list(await asyncio.gather(*(run_one(t, s, n) for n, (t, s) in enumerate(pairs, 1))))

    async def _run(self, task: Task, sampler: Sampler, seed: int, epoch: int) -> Episode:
        model = TokenModel(
            codec=self.codec,
            sampler=sampler,
            max_context=self.max_context,
            max_new=self.max_new,
            seed=seed,
        )
        trajectory = await roll_out(task, model, self.settings, epoch=epoch, name=self.name)
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
