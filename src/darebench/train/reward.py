"""The reward of an attempt: the evaluation's own score, on the paper's scale (section 4). Pure.

Every trainer's adapter calls `reward`, and nothing else computes one. A prediction of which no row
can be aligned counts as none: an empty file earns nothing.
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
    """Reward of any prediction that can be scored; the score itself comes on top."""
    ran: float = 0.0
    """Reward of an attempt without a prediction whose last call ran without an error (shaping)."""

    def __post_init__(self) -> None:
        if not 0.0 <= self.ran <= self.answered:
            raise ConfigError(
                f"a reward of {self.ran} for code that ran and {self.answered} for a prediction; "
                "make the first the smaller one, and neither of them negative"
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
    """Return the reward of an attempt; None for one that our own fault ended.

    IF pays 1.1 for the reference's very answer and 0.1 for another; the other variants pay 0.1 and
    the score. Without a prediction the reward is 0, or `scale.ran` if the code at least ran.

    Args:
        score: In [0, 1]; None where the sandbox or the provider failed.
        variant: The task's variant.
        answered: Whether there was a prediction that can be scored.
        ran: Whether the last call ended without an error.
        scale: What these are worth.

    Raises:
        ValueError: The score is outside [0, 1] or not a number, so a scorer is at fault.
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
    """Return the reward of an attempt, whoever made it."""
    last = trajectory.calls[-1].status if trajectory.calls else None
    return reward(
        trajectory.score,
        variant=trajectory.variant,
        answered=_answered(trajectory),
        ran=last == "ok",
        scale=scale,
    )


def reward_of_score(score: Score, scale: RewardScale = PAPER) -> float | None:
    """Return the reward of a prediction that was scored by itself."""
    return reward(
        score.score, variant=variant_of(score.task), answered=_answered(score), scale=scale
    )


def _answered(scored: Trajectory | Score) -> bool:
    """Check whether there was a prediction: without one target's column it may score by others."""
    return scored.answered or bool(scored.score)


def variant_of(task_id: str) -> Variant:
    """Return the variant that a task's id ends in.

    Raises:
        ConfigError: The id does not end in a variant.
    """
    ending = task_id.rpartition("/")[2]
    if ending not in set(Variant):
        raise ConfigError(f"the task id {task_id!r} does not end in /if, /mm, /xf or /cf")
    return Variant(ending)
