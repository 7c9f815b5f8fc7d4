"""The reward as TRL takes it. The values come from `reward`; here they are only passed on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from darebench.train.grading import Grader

RewardFunction = Callable[..., list[float | None]]


def rollout_reward(
    prompts: Sequence[Any],
    completions: Sequence[Any],
    reward: Sequence[float | None],
    facts: Sequence[Mapping[str, float]] = (),
    log_metric: Callable[[str, float], None] | None = None,
    **columns: Any,
) -> list[float | None]:
    """Pass on the rewards of `darebench.train.rollout`, and report what they come from."""
    if log_metric is not None:
        for row in facts:
            for name, value in row.items():
                log_metric(name, value)
    return list(reward)


def prediction_reward(grader: Grader) -> RewardFunction:
    """Make a reward function for other people's environments.

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
        return [grader.reward(t, p) for t, p in zip(task, prediction, strict=True)]

    return darebench_reward
