"""FV, AV, BV, DV: which attempts at a task become training data (paper section 5). Pure.

Only scored attempts count: one that a fault of ours ended has no score, and neither makes a task
diverse nor lowers its mean.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import mean, pvariance
from typing import Protocol, TypeVar

from darebench.errors import ConfigError
from darebench.types import Family, Variant


class Strategy(StrEnum):
    """A way to choose among the attempts at a task."""

    FV = "fv"
    """The fastest valid attempt for IF, the best valid one for the others; every task."""
    AV = "av"
    """All valid attempts."""
    BV = "bv"
    """As FV, of diverse tasks only."""
    DV = "dv"
    """Two valid attempts of diverse tasks: the fastest for IF, else the best above the mean."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """What makes an attempt valid and a task diverse; the paper's values."""

    class_mm: float = 0.8
    reg_mm: float = 0.7
    xf: float = 0.6
    cf: float = 0.3
    variance_mm: float = 0.15
    """Population variance of the scores from which an MM task is diverse."""
    variance_xf: float = 0.15
    variance_cf: float = 0.1

    def __post_init__(self) -> None:
        """Refuse thresholds that no attempt or every attempt would pass.

        Raises:
            ConfigError: A threshold is not a finite number.
        """
        for name in self.__slots__:
            if not math.isfinite(getattr(self, name)):
                raise ConfigError(f"the threshold {name} is {getattr(self, name)}; give a number")


class Scored(Protocol):
    """What selection needs to know of an attempt; a `Trajectory` has it."""

    @property
    def task(self) -> str:
        """`<dataset>/<variant>`."""
        ...

    @property
    def score(self) -> float | None:
        """In [0, 1]; None for an attempt that a fault of ours ended."""
        ...

    @property
    def seconds(self) -> float:
        """Wall-clock time of the attempt."""
        ...

    @property
    def epoch(self) -> int:
        """Which repeat."""
        ...


_S = TypeVar("_S", bound=Scored)


def select_trajectories(
    attempts: Iterable[_S], strategy: Strategy | str, thresholds: Thresholds | None = None
) -> list[_S]:
    """Return the chosen attempts among those at any number of tasks, in their order.

    Raises:
        ConfigError: A task's id does not name its variant, or for MM its family.
    """
    given = list(attempts)
    groups: dict[str, list[int]] = {}
    for position, attempt in enumerate(given):
        groups.setdefault(attempt.task, []).append(position)
    chosen: list[int] = []
    for positions in groups.values():
        kept = choose([given[p] for p in positions], Strategy(strategy), thresholds)
        chosen += [positions[k] for k in kept]
    return [given[p] for p in sorted(chosen)]


def choose(
    attempts: Sequence[Scored], strategy: Strategy, thresholds: Thresholds | None = None
) -> list[int]:
    """Return the positions of the chosen attempts among those at one task, in rising order.

    Ties go to the faster attempt, then to the earlier epoch, then to the earlier position.

    Raises:
        ConfigError: The task's id does not name its variant, or for MM its family.
    """
    if not attempts:
        return []
    limit, spread = limits_of(attempts[0].task, thresholds or Thresholds())
    scores = [(k, a.score) for k, a in enumerate(attempts) if a.score is not None]
    valid = [k for k, score in scores if score >= limit]
    if strategy is Strategy.AV:
        return valid
    values = [score for _, score in scores]
    if strategy is not Strategy.FV and not is_diverse(values, spread):
        return []
    if strategy is Strategy.DV and spread is not None:
        middle = mean(values)
        valid = [k for k, score in scores if score >= limit and score > middle]

    def rank(k: int) -> tuple[float, float, int, int]:
        score = 0.0 if spread is None else -(attempts[k].score or 0.0)
        return (score, attempts[k].seconds, attempts[k].epoch, k)

    return sorted(sorted(valid, key=rank)[: 2 if strategy is Strategy.DV else 1])


def is_diverse(scores: Sequence[float], spread: float | None) -> bool:
    """Check whether attempts at a task differ enough to learn from their difference.

    `spread` is the least population variance; None for IF, which needs a 1 and a 0. The variance
    is of the exact values, so that it does not depend on their order.
    """
    if spread is None:
        return 1.0 in scores and 0.0 in scores
    return bool(scores) and pvariance(scores) >= spread


def limits_of(task: str, thresholds: Thresholds) -> tuple[float, float | None]:
    """Return the least valid score of a task, and the variance from which it is diverse.

    Raises:
        ConfigError: The task's id does not name its variant, or for MM its family.
    """
    dataset, _, ending = task.rpartition("/")
    if ending == Variant.IF:
        return 1.0, None
    if ending == Variant.XF:
        return thresholds.xf, thresholds.variance_xf
    if ending == Variant.CF:
        return thresholds.cf, thresholds.variance_cf
    if ending == Variant.MM and dataset.endswith(f"_{Family.CLASS}"):
        return thresholds.class_mm, thresholds.variance_mm
    if ending == Variant.MM and dataset.endswith(f"_{Family.REG}"):
        return thresholds.reg_mm, thresholds.variance_mm
    raise ConfigError(
        f"the task id {task!r} does not say what it is; it ends in /if, /mm, /xf or /cf, "
        "for /mm after a dataset in _class or _reg"
    )
