"""How tables are curated: what a user chooses, and what is part of the bytes of a store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import product
from typing import TYPE_CHECKING

from darebench.curate.told import Told

if TYPE_CHECKING:
    import numpy as np

HARDER_SHARE = 0.3
"""Share of the tables' first IF workflows whose noise is hard, and of those that are rich."""


class Noise(StrEnum):
    """What the noise rows of the IF training file are like."""

    PLAIN = "plain"
    """Each breaks one to three rules, far out of the range."""
    HARD = "hard"
    """Also near the border or in other units; misspelled, malformed and repeated values."""
    MIXED = "mixed"
    """One or the other, drawn for each workflow."""


class Steps(StrEnum):
    """Which steps an IF workflow is drawn from."""

    PLAIN = "plain"
    """The steps of the paper's template."""
    RICH = "rich"
    """Also derived columns, group statistics, clipping, target transforms, more models."""
    MIXED = "mixed"
    """One or the other, drawn for each workflow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """What one IF task is like."""

    noise: Noise = Noise.PLAIN
    steps: Steps = Steps.PLAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How tables are curated; part of what makes the bytes of a store."""

    seed: int = 0
    max_targets: int = 2
    """Most targets of one table."""
    workflows: int = 1
    """IF workflows of one target, each a dataset of its own."""
    noise: Noise = Noise.MIXED
    steps: Steps = Steps.MIXED
    licences: tuple[str, ...] = ("*",)
    """Globs of the licences that are accepted."""
    told: Told = field(default_factory=Told)
    """What is said of every table of a folder."""

    def styles(self, rng: np.random.Generator) -> Iterator[Style]:
        """Draw the styles of a target's workflows; no style twice before all were there once."""
        noises = [Noise.PLAIN, Noise.HARD] if self.noise is Noise.MIXED else [self.noise]
        steps = [Steps.PLAIN, Steps.RICH] if self.steps is Steps.MIXED else [self.steps]
        first = Style(
            noise=noises[-1 if rng.random() < HARDER_SHARE else 0],
            steps=steps[-1 if rng.random() < HARDER_SHARE else 0],
        )
        every = [Style(noise=noise, steps=step) for noise, step in product(noises, steps)]
        others = [every[i] for i in rng.permutation(len(every)) if every[i] != first]
        for number in range(self.workflows):
            yield [first, *others][number % len(every)]
