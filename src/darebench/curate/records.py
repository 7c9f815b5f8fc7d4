"""What passes between the stages of curation, one frozen type for each boundary.

In the order of the stages: a source gives a `RawTable`; cleaned and profiled it is a `Table`;
designers make `Design`s of it, a split makes a `Draft` of each, and drawn settings are a
`Workflow`. What became of a table is its `TableRecord`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from darebench.curate.curation_options import Noise
from darebench.curate.told import Told
from darebench.errors import DareError
from darebench.store.extras import Extras
from darebench.types import Family, Variant

if TYPE_CHECKING:
    import pandas as pd

    from darebench.audit.headroom import Headroom
    from darebench.curate.profiling.evidence import ColumnReading
    from darebench.curate.reading.evidence import Reading

_T = TypeVar("_T")
INDEX = "index"
"""In place of a time format: whole numbers that count time."""


class Stage(StrEnum):
    """Where a table, or one of its targets, was refused."""

    SOURCE = "source"
    """It cannot be read, or its licence is not accepted."""
    NEAR_DUPLICATE = "twin"
    """Another table holds the same columns or rows."""
    PROFILE = "profile"
    """Too little is left of it once it is clean."""
    DESIGN = "design"
    """No column of it can be a target, or nothing predicts the target."""
    BUILD = "build"
    """The split, the settings or the question cannot be made."""
    VERIFY = "verify"
    """The written task fails a check, or its reference does."""
    MACHINE = "machine"
    """Its worker was killed again and again: this machine's fault, and not the table's."""


class Kind(StrEnum):
    """What a column holds."""

    NUMBER = "number"
    """Numbers that measure or count."""
    CATEGORY = "category"
    """Text with few values beside the rows."""
    TIME = "time"
    """Dates or times in one format."""
    KEY = "key"
    """Names of rows or of entities."""
    TEXT = "text"
    """Text with too many values to be a category."""


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
    code: str = ""
    """The examples of its page, as they are; never run."""
    keywords: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """What reading left out."""
    reading: Reading | None = None
    """How the file was read; None for what a package holds."""
    told: Told = field(default_factory=Told)
    """What its user says of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column's profile."""

    name: str
    kind: Kind
    n_distinct: int
    missing: float
    """Share of the rows."""
    whole: bool = False
    """Whether all numbers are whole."""
    low: float | None = None
    high: float | None = None
    time_format: str = ""
    reading: ColumnReading | None = None
    """How it was read; None for what was made of other columns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeAxis:
    """A column of times, and the columns that tell series apart."""

    column: str
    format: str
    entities: tuple[str, ...]
    n_times: int
    regular: bool
    """Whether all steps between times are alike."""
    interval: str = ""
    """To which the rows must be resampled, one of `resample.INTERVALS`; empty for as they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One table's profile."""

    n_rows: int
    columns: tuple[Column, ...]
    time: TimeAxis | None
    groups: tuple[str, ...]
    """Columns that name entities with several rows each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table that is clean and profiled, with what is known of it."""

    slug: str
    """Unique within the source; lower-case letters, digits and hyphens."""
    owner: str
    raw: RawTable
    frame: pd.DataFrame
    profile: Profile
    _made: dict[Callable[[Table], Any], Any] = field(
        init=False, default_factory=dict, repr=False, compare=False
    )
    """What `once` has been asked for; a table that is made of this one begins without it."""

    def once(self, make: Callable[[Table], _T]) -> _T:
        """Return what a function makes of this table; it is called at the first time only."""
        if make not in self._made:
            self._made[make] = make(self)
        return self._made[make]

    @property
    def ref(self) -> str:
        """`owner/slug`: tasks of one table share it."""
        return f"{self.owner}/{self.slug}"

    def describe(self, column: str) -> str:
        """Return what the source says of a column; empty if nothing."""
        return self.raw.descriptions.get(column, "")


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
    """How numbers are aggregated, one of `resample.AGGREGATIONS`."""
    others: tuple[str, ...] = ()
    """Further targets of the same task."""

    @property
    def targets(self) -> tuple[str, ...]:
        """All targets."""
        return (self.target, *self.others)

    @property
    def title(self) -> str:
        """The targets' names in one text."""
        return ", ".join(self.targets)


class Split(NamedTuple):
    """Training and validation rows, target included, and the share that was drawn."""

    train: pd.DataFrame
    val: pd.DataFrame
    ratio: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A dataset's rows, before its settings are drawn and its texts written."""

    table: Table
    """The source's table, or what resampling and derived columns made of it."""
    design: Design
    """Its features are those that are left."""
    split: Split
    headroom: Mapping[Variant, Headroom]
    """Of each variant that is asked and scored against true values: MM; or XF, CF or both."""
    dropped: tuple[str, ...]
    """Features that were left out because they leak the target."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """Everything that the question of an IF task states."""

    targets: tuple[str, ...]
    task_kind: str
    """`classification` or `regression`."""
    columns: tuple[str, ...]
    """Feature columns of the IF files, in the table's order."""
    features: tuple[str, ...]
    """The selected ones, in the order that the question states."""
    numerical: tuple[str, ...]
    categorical: tuple[str, ...]
    ranges: dict[str, list[Any]]
    """Feature column -> low and high, or the allowed values."""
    imputer: str
    model: str
    random_state: int | None
    """None for a model that takes none."""
    suffix: str
    n_tables: int
    """Number of sqlite tables that the training file is split into."""
    extras: Extras = field(default_factory=Extras)
    """Steps beyond the paper's template."""
    noise: Noise = Noise.PLAIN
    noise_share: float = 0.2
    """Noise rows for each clean training row."""
    joined: tuple[str, ...] = ()
    """Columns that stand in the lookup table of a join."""
    emptied: tuple[str, ...] = ()
    """Numerical features of which some values are removed at random, and the text says so."""
    gap_share: float = 0.0
    """Share of their values that is removed."""
    unlabelled: float = 0.0
    """Share of the training rows whose targets are removed at random, and the text says so."""
    lacks_targets: bool = False
    """Whether some training rows have no target, by nature or because it is removed."""

    @property
    def has_numbers(self) -> bool:
        """Whether the model gets numbers, selected or computed."""
        return bool(self.numerical or self.extras.derived or self.extras.groups)

    @property
    def malformed(self) -> bool:
        """Whether some numbers of the training file are text, which only csv can hold."""
        return self.noise is Noise.HARD and self.suffix == ".csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A table, or one target of it, that does not become a task."""

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
        """Return the flat form for JSON."""
        row = {"table": self.table, "stage": str(self.stage), "reason": self.reason}
        return {**row, "target": self.target} if self.target else row


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetEntry:
    """One dataset that was made of a table: its object of the question list."""

    folder: str
    """Name of its folder, `file_path` in the question list."""
    family: Family
    question_v1: str
    """Empty where the dataset has no v1 task."""
    question_v2: str
    needed_v1: tuple[str, ...]
    needed_v2: tuple[str, ...]
    tools: tuple[str, ...]
    usability: float
    updated: str
    domain: str
    source_ref: str
    headroom: Mapping[str, Headroom]
    """`v1` or `v2` -> what there is to win."""
    flags: tuple[str, ...]
    """What the verification found worth knowing."""
    variants: tuple[Variant, ...] | None = None
    """The variants that there are tasks of; None for both of the family's."""
    split: str | None = None
    """`train` or `test`, once the store is put together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRecord:
    """What became of one table."""

    table: str
    """The table's slug."""
    updated: str
    """When it last changed, as ISO text; empty if unknown."""
    fingerprint: tuple[str, ...]
    """Hashes of the columns that tell it from other tables; empty if nothing was made of it."""
    entries: tuple[DatasetEntry, ...]
    refusals: tuple[Refusal, ...]
    explanation: Mapping[str, Any] | None = None
    """How it was read and what was decided, as `explain` says; None where it was not read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """A table that a site or a model's provider left unfinished; the next call continues it."""

    table: str
    fault: DareError
