"""Attempts and rewards as TRL takes them; importing this module does not need TRL.

TRL calls `TrlRollouts` once a step with the prompts of the step, which hold a task's id each, and
gets ids, a mask over the model's own ids, and the reward. Rewards come from
`darebench.train.reward`; here they are only passed on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from darebench.sync import run_sync
from darebench.train.episodes import Episode, EpisodeRunner
from darebench.train.seeds import seed_of
from darebench.train.token_model import Sampler
from darebench.types import Task

RewardFunction = Callable[..., list[float | None]]


class TimedSampler(Sampler, Protocol):
    """A sampler that knows how long it was at work."""

    seconds: float


@dataclass(slots=True, kw_only=True)
class TrlRollouts:
    """TRL's `rollout_func`."""

    runner: EpisodeRunner
    tasks: Mapping[str, Task]
    """Task id -> task."""
    make_sampler: Callable[[Any], TimedSampler]
    """Trainer -> what samples from the model as it is now."""
    seed: int
    on_episodes: Callable[[int, Sequence[Episode]], None] | None = None
    """Called with the step and its attempts."""
    _ended: float = field(default_factory=time.perf_counter)

    def __call__(self, prompts: Sequence[Any], trainer: Any) -> dict[str, Any]:
        """Make an attempt for every prompt; return TRL's columns, one entry for each."""
        start = time.perf_counter()
        chosen = [self.tasks[prompt[0]["content"]] for prompt in prompts]
        sampler = self.make_sampler(trainer)
        step, rank = trainer.state.global_step, trainer.accelerator.process_index
        # An evaluation asks the same questions in the same way at every step.
        turn = step + 1 if trainer.model.training else 0
        seeds = [seed_of(self.seed, turn, rank, n, 1) for n in range(len(chosen))]
        episodes = run_sync(self.runner.run_all(chosen, sampler, seeds))
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
            "logprobs": None,  # sampled on policy
            "env_mask": [e.mask for e in episodes],
            "reward": [e.reward for e in episodes],
            "facts": [{**_facts(e), **times} for e in episodes],
        }


def rollout_reward(
    prompts: Sequence[Any],
    completions: Sequence[Any],
    reward: Sequence[float | None],
    facts: Sequence[Mapping[str, float]] = (),
    log_metric: Callable[[str, float], None] | None = None,
    **columns: Any,
) -> list[float | None]:
    """Return the rewards of `TrlRollouts`, and report what they come from."""
    if log_metric is not None:
        for row in facts:
            for name, value in row.items():
                log_metric(name, value)
    return list(reward)


class RewardSource(Protocol):
    """What gives rewards: a `Grader` here, or the `RewardClient` of a server."""

    def rewards(
        self, tasks: Sequence[str], predictions: Sequence[str | bytes | None]
    ) -> list[float | None]:
        """Return the reward of each prediction; None where we failed."""
        ...


def prediction_reward(source: RewardSource) -> RewardFunction:
    """Build a reward function for other people's environments.

    The data set has a column `task`, and their environment puts the csv text that an attempt left
    into a column `prediction`: None where there is none.
    """

    def darebench_reward(
        prompts: Sequence[Any],
        completions: Sequence[Any],
        task: Sequence[str],
        prediction: Sequence[str | bytes | None],
        **columns: Any,
    ) -> list[float | None]:
        return source.rewards(task, prediction)

    return darebench_reward


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
        facts["valid"] = float(trajectory.answered)
        facts["score"] = trajectory.score
        facts[f"score/{trajectory.track}"] = trajectory.score
    return facts
