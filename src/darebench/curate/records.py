"""What passes between the stages of curation, one frozen type for each boundary."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Protocol

from darebench.errors import DareError
from darebench.types import Family

if TYPE_CHECKING:
    import pandas as pd

    from darebench.curate.profile import Profile
    from darebench.store.write import DatasetFiles


class Stage(StrEnum):
    """Where a table, or one of its targets, was refused."""

    SOURCE = "source"
    """It cannot be read, or its licence is not accepted."""
    TWIN = "twin"
    """Another table holds the same columns."""
    PROFILE = "profile"
    """Too little is left of it once it is clean."""
    DESIGN = "design"
    """No column of it can be a target, or nothing predicts the target."""
    BUILD = "build"
    """The split, the settings or the question cannot be made."""
    VERIFY = "verify"
    """The written task fails a check, or its reference does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RawTable:
    """A table as its source has it."""

    title: str
    about: str
    """What the source says of the table, as plain text."""
    licence: str
    updated: str
    """When it last changed, as ISO text; empty if unknown."""
    frame: pd.DataFrame
    descriptions: Mapping[str, str] = field(default_factory=dict)
    """Column -> what it means, where the source says so."""
    keywords: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """What reading left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table that is clean and profiled, with what is known of it."""

    slug: str
    """Unique within the source; lower-case letters, digits and hyphens."""
    owner: str
    raw: RawTable
    frame: pd.DataFrame
    profile: Profile

    @property
    def ref(self) -> str:
        """`owner/slug`: tasks of one table share it."""
        return f"{self.owner}/{self.slug}"

    def describe(self, column: str) -> str:
        """What the source says of a column; empty if nothing."""
        return self.raw.descriptions.get(column, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A table, or one target of it, that becomes no task."""

    table: str
    stage: Stage
    reason: str
    target: str = ""
    """Empty when the whole table is refused."""

    @property
    def kind(self) -> str:
        """The reason without what is this table's own: names and figures."""
        return re.sub(r"'[^']*'|\"[^\"]*\"|\d[\d.,]*%?", "…", self.reason.split(":")[0])[:60]

    def as_dict(self) -> dict[str, str]:
        """Flat form for JSON."""
        row = {"table": self.table, "stage": str(self.stage), "reason": self.reason}
        return {**row, "target": self.target} if self.target else row


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A table that is done, and what was refused of it."""

    refusals: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """A table that a site or a model's provider left unfinished; the next call goes on with it."""

    table: str
    fault: DareError


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """What a designer wants to make of a table: one dataset, that is two tasks."""

    family: Family
    target: str
    features: tuple[str, ...]
    """Columns that a model may use, in the table's order."""
    groups: tuple[str, ...] = ()
    """Columns whose values must not span training and validation, for class and reg."""
    domain: str = ""
    """What the table is about; empty to find it by its words."""
    categorical: tuple[str, ...] = ()
    """Features of numbers that stand for categories."""
    time_column: str = ""
    time_format: str = ""
    entities: tuple[str, ...] = ()
    interval: str = ""
    """To which irregular series are aggregated, one of `resample.INTERVALS`."""
    aggregation: str = "mean"
    """Of numbers, one of `resample.AGGREGATIONS`."""
    others: tuple[str, ...] = ()
    """Further targets of the same task."""

    @property
    def targets(self) -> tuple[str, ...]:
        """All targets."""
        return (self.target, *self.others)

    @property
    def title(self) -> str:
        """Name the targets in one text."""
        return ", ".join(self.targets)


def slug(text: str) -> str:
    """Spell a name for a folder; what is lost of it is made up for by a hash."""
    plain = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60].strip("-")
    lost = len(re.sub(r"[\W_]+", "", text)) - len(plain.replace("-", ""))
    if plain and lost <= 0:
        return plain
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{plain}-{digest}".strip("-")


def accepts(licence: str, globs: Sequence[str]) -> bool:
    """Tell whether one of some globs matches a licence, whatever the case."""
    return any(fnmatchcase(licence.lower(), glob.lower()) for glob in globs)


class Designer(Protocol):
    """Decides what to make of a table."""

    def design(self, table: Table) -> list[Design]:
        """Give candidates, the best first.

        Raises:
            CurationReject: the table is not fit for any task.
        """
        ...


class Rewrites(Protocol):
    """Words the questions of a dataset anew. Can be pickled."""

    def rewrite(self, dataset: DatasetFiles) -> DatasetFiles:
        """Give the dataset with the texts that say the same."""
        ...


class Source(Protocol):
    """Where tables come from. Can be pickled, so that workers load what they curate."""

    @property
    def owner(self) -> str:
        """Name that the tasks' folders start with."""
        ...

    def keys(self) -> list[str]:
        """List the tables, always in the same order."""
        ...

    def load(self, key: str) -> RawTable:
        """Read one table.

        Raises:
            CurationReject: it cannot be read.
        """
        ...
