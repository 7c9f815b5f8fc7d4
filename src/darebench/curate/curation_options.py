"""How tables are curated: what a user chooses, and what is part of the bytes of a store."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from darebench.curate.told import Told


class Noise(StrEnum):
    """What the noise rows of the IF training file are like."""

    PAPER = "paper"
    """Every filtered column is far out of its range."""
    HARD = "hard"
    """Some are, near the border or in other units; misspelled, malformed and repeated values."""


class Workflows(StrEnum):
    """Which steps an IF workflow is drawn from."""

    PAPER = "paper"
    """The steps of the paper's template."""
    RICH = "rich"
    """Also derived columns, group statistics, clipping, target transforms, more models."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """What IF tasks are like; the defaults are the paper's."""

    noise: Noise = Noise.PAPER
    workflows: Workflows = Workflows.PAPER


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How tables are curated; part of what makes the bytes of a store."""

    seed: int = 0
    max_targets: int = 2
    """Most targets of one table."""
    noise: Noise = Noise.PAPER
    workflows: Workflows = Workflows.PAPER
    licences: tuple[str, ...] = ("*",)
    """Globs of the licences that are accepted."""
    told: Told = field(default_factory=Told)
    """What is said of every table of a folder."""

    @property
    def style(self) -> Style:
        """The part that IF workflows are drawn by."""
        return Style(noise=self.noise, workflows=self.workflows)
