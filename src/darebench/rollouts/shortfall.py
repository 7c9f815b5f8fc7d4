"""Why a task gave no attempt to a selection, and how close it came. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from statistics import pvariance

from darebench.rollouts.select import Scored, Thresholds, limits_of
from darebench.types import Variant


class Criterion(StrEnum):
    """What a task failed, the first that applies."""

    UNSCORED = "unscored"
    """A fault of ours ended every attempt."""
    SCORE = "score"
    """No attempt is good enough."""
    VARIANCE = "variance"
    """Attempts are good enough, but differ too little."""
    FAILURES = "failures"
    """IF: every attempt is right or nearly so, and none scored 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortfall:
    """Tasks of one kind that failed the same criterion."""

    kind: str
    """As a threshold is named: `if`, `class_mm`, `reg_mm`, `xf` or `cf`."""
    criterion: Criterion
    tasks: int = 1
    attempts: int = 0
    """Attempts at these tasks."""
    best: float | None = None
    """The closest value: the highest score or variance, for `failures` the lowest score."""
    needed: float | None = None
    """The value that would have been enough."""


def shortfall(attempts: Sequence[Scored], thresholds: Thresholds) -> Shortfall:
    """Return what the attempts at one task lack of which none was chosen.

    Raises:
        ConfigError: The task's id does not name its variant, or for MM its family.
    """
    task = attempts[0].task
    limit, spread = limits_of(task, thresholds)
    scores = [a.score for a in attempts if a.score is not None]
    made = {"kind": _kind(task), "attempts": len(attempts)}
    if not scores:
        return Shortfall(**made, criterion=Criterion.UNSCORED)
    if max(scores) < limit:
        return Shortfall(**made, criterion=Criterion.SCORE, best=max(scores), needed=limit)
    if spread is None:
        return Shortfall(**made, criterion=Criterion.FAILURES, best=min(scores), needed=0.0)
    return Shortfall(
        **made, criterion=Criterion.VARIANCE, best=float(pvariance(scores)), needed=spread
    )


def closest(missed: Iterable[Shortfall]) -> list[Shortfall]:
    """Add up tasks of the same kind and criterion, with the closest of their values."""
    groups: dict[tuple[str, Criterion], Shortfall] = {}
    for one in missed:
        key = (one.kind, one.criterion)
        known = groups.get(key)
        if known is None:
            groups[key] = one
            continue
        nearer = min if one.criterion is Criterion.FAILURES else max
        values = [v for v in (known.best, one.best) if v is not None]
        groups[key] = replace(
            known,
            tasks=known.tasks + one.tasks,
            attempts=known.attempts + one.attempts,
            best=nearer(values) if values else None,
        )
    return [groups[key] for key in sorted(groups)]


def in_words(missed: Shortfall) -> str:
    """Return a shortfall as a line for a person."""
    kind = missed.kind.replace("_", "-")
    of = f"{missed.tasks} {kind} task{'s' if missed.tasks > 1 else ''}"
    option = "" if missed.kind == Variant.IF else f" (--{kind})"
    match missed.criterion:
        case Criterion.UNSCORED:
            return f"{of}: faults of ours ended all {missed.attempts} attempts"
        case Criterion.SCORE:
            best = f"the best of {missed.attempts} attempts scored {_values(missed)}"
            return f"{of} without a valid attempt: {best} is needed{option}"
        case Criterion.FAILURES:
            best = f"the lowest score is {missed.best:.4g}, and one of 0 is needed"
            return f"{of} with right attempts and no failed one: {best} (bv, dv)"
        case Criterion.VARIANCE:
            family = kind.rpartition("-")[2]
            best = f"the largest variance is {_values(missed)} is needed"
            return f"{of} with too equal attempts: {best} (--variance-{family})"


def _values(missed: Shortfall) -> str:
    """Return the best value and the needed one, which differ as they are shown."""
    best = f"{missed.best:.4g}"
    needed = f"{missed.needed:.4g}"
    return f"{missed.best if best == needed else best}, {needed}"


def _kind(task: str) -> str:
    dataset, _, variant = task.rpartition("/")
    return f"{dataset.rpartition('_')[2]}_mm" if variant == Variant.MM else variant
