"""How much of its workflow an IF task's answer shows: what each step changes of the predictions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from darebench.reference.batch import Answer
from darebench.reference.near_misses import NearMiss, Step
from darebench.scoring import score_prediction
from darebench.types import Score, Truth

MORE_STEPS = 2
"""Steps beside the filter that must change something."""
OF_FILTER = (Step.FILTER, Step.RULES, Step.MISSING_ROWS, Step.READING)
"""What decides which training rows stay, which counts as one step."""


class Effect(StrEnum):
    """What a near miss does to the predictions, as the scorer compares them."""

    CHANGED = "changed"
    UNCHANGED = "unchanged"
    NOT_APPLICABLE = "not_applicable"
    FAILS = "fails"
    """It gives no answer at all, so nobody can hand it in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """What one near miss does."""

    step: Step
    name: str
    effect: Effect
    share: float = 0.0
    """Share of the predicted values that differ from the reference's."""
    reason: str = ""
    """Why it is not applicable, or how it fails."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What the near misses of one task do."""

    missed: tuple[Missed, ...]

    @property
    def steps(self) -> dict[Step, Missed]:
        """For each step, its near miss that changes least; one that fails changes most."""
        found: dict[Step, Missed] = {}
        for miss in self.missed:
            known = found.get(miss.step)
            if known is None or _weight(miss) < _weight(known):
                found[miss.step] = miss
        return found

    @property
    def changing(self) -> list[Step]:
        """Steps that change predictions, whichever of their near misses is made."""
        return [step for step, miss in self.steps.items() if miss.effect is Effect.CHANGED]

    @property
    def dull(self) -> list[Step]:
        """Steps that are applicable and of which a near miss changes nothing."""
        return [step for step, miss in self.steps.items() if miss.effect is Effect.UNCHANGED]

    @property
    def suffices(self) -> bool:
        """Whether the filter and so many more steps change predictions that an answer shows it."""
        more = {*self.changing} - {*OF_FILTER}
        return Step.FILTER in self.changing and len(more) >= MORE_STEPS

    @property
    def n_steps(self) -> int:
        """How many steps change predictions; the filter counts once."""
        return len({*self.changing} - {*OF_FILTER[1:]})

    def as_dict(self) -> dict[str, Any]:
        """Return the form in which settings and audits record it."""
        return {
            str(step): {"effect": str(miss.effect), "share": round(miss.share, 4)}
            | ({"reason": miss.reason} if miss.reason else {})
            for step, miss in self.steps.items()
        }


def compare(misses: Sequence[NearMiss], answers: Mapping[str, Answer], truth: Truth) -> Coverage:
    """Compare near misses with the reference, exactly as the scorer compares an answer.

    Args:
        misses: All of them.
        answers: Name of each that is applicable -> what its run gave.
        truth: The reference.
    """
    return Coverage(missed=tuple(_compare(miss, answers.get(miss.name), truth) for miss in misses))


def _compare(miss: NearMiss, answer: Answer | None, truth: Truth) -> Missed:
    if answer is None or answer.lacks:
        effect, reason = Effect.NOT_APPLICABLE, answer.lacks if answer else miss.reason
        return Missed(step=miss.step, name=miss.name, effect=effect, reason=reason)
    if answer.content is None:
        effect, reason = Effect.FAILS, answer.failure[:200]
        return Missed(step=miss.step, name=miss.name, effect=effect, reason=reason)
    share = differing_share(score_prediction(answer.content, truth))
    effect = Effect.CHANGED if share else Effect.UNCHANGED
    return Missed(step=miss.step, name=miss.name, effect=effect, share=share)


def differing_share(score: Score) -> float:
    """Return the share of the values that differ from the reference; 1 where none compares."""
    counts = [score.rows.expected if t.differing is None else t.differing for t in score.targets]
    return sum(counts) / max(1, len(counts) * score.rows.expected)


def _weight(miss: Missed) -> tuple[int, float]:
    order = (Effect.UNCHANGED, Effect.CHANGED, Effect.FAILS, Effect.NOT_APPLICABLE)
    return order.index(miss.effect), miss.share


def mean_steps(coverages: Iterable[Coverage]) -> float:
    """Return how many steps change something in a task, on average; 0 without a task."""
    counts = [coverage.n_steps for coverage in coverages]
    return sum(counts) / len(counts) if counts else 0.0
