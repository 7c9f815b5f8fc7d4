"""The reward of an attempt: the evaluation's own score, on the paper's scale (section 4). Pure.

Every trainer's adapter calls `reward`, and nothing else here or there computes one. A prediction
that cannot be aligned with a single asked-for row is no prediction: an empty file earns nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from darebench.errors import ConfigError
from darebench.types import Score, Trajectory, Variant


@dataclass(frozen=True, slots=True, kw_only=True)
class RewardScale:
    """What a score is worth; the paper's values."""

    answered: float = 0.1
    """For any prediction that can be scored; the score itself comes on top."""
    ran: float = 0.0
    """For an attempt without one whose last call ran without an error: shaping, off by default."""

    def __post_init__(self) -> None:
        if not 0.0 <= self.ran <= self.answered:
            raise ConfigError(
                f"a reward of {self.ran} for code that ran and {self.answered} for a prediction; "
                "make the first the smaller one, and none negative"
            )


PAPER = RewardScale()


def reward(
    score: float | None,
    *,
    variant: Variant,
    answered: bool,
    ran: bool = False,
    scale: RewardScale = PAPER,
) -> float | None:
    """Give the reward of an attempt; None for one that our own fault ended.

    IF pays 1.1 for the reference's very answer and 0.1 for another; the others pay 0.1 and the
    score. Without a prediction there is 0, or `scale.ran` where the code at least ran.

    Args:
        score: In [0, 1]; None where the sandbox or the provider failed.
        variant: Of the task.
        answered: Whether a prediction was there that can be scored.
        ran: Whether the last call ended without an error.
        scale: What these are worth.

    Raises:
        ValueError: the score is outside [0, 1] or not a number, so a scorer is at fault.
    """
    if score is None:
        return None
    if not math.isfinite(score) or not 0.0 <= score <= 1.0:
        raise ValueError(f"a score of {score} is outside [0, 1]; the scorer is at fault")
    if not answered:
        return scale.ran if ran else 0.0
    if variant is Variant.IF:
        return scale.answered + (1.0 if score == 1.0 else 0.0)
    return scale.answered + score


def reward_of_trajectory(trajectory: Trajectory, scale: RewardScale = PAPER) -> float | None:
    """Give the reward of an attempt that was played or evaluated."""
    last = trajectory.calls[-1].status if trajectory.calls else None
    return reward(
        trajectory.score,
        variant=variant_of(trajectory.task),
        answered=_answered(trajectory),
        ran=last == "ok",
        scale=scale,
    )


def reward_of_score(score: Score, scale: RewardScale = PAPER) -> float | None:
    """Give the reward of a prediction that was scored by itself."""
    return reward(
        score.score, variant=variant_of(score.task), answered=_answered(score), scale=scale
    )


def _answered(scored: Trajectory | Score) -> bool:
    """Tell whether there was a prediction: one that lacks a target's column may score by others."""
    return scored.reason is None or bool(scored.score)


def variant_of(task_id: str) -> Variant:
    """Read the variant off a task's id.

    Raises:
        ConfigError: the id does not end in one.
    """
    ending = task_id.rpartition("/")[2]
    if ending not in set(Variant):
        raise ConfigError(f"the task id {task_id!r} does not end in /if, /mm, /xf or /cf")
    return Variant(ending)
