"""Designs tasks by rules, without a model: which columns can be targets, and of which family.

A column is a likely target by its name, by what the page says of it, by its place (last, more often
than not), and by what it holds. Names are taken apart into words, whatever joins them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from darebench.curate.designing.split import LEAST_ROWS, LEAST_SERIES_ROWS
from darebench.curate.records import INDEX, Column, Design, Kind, Profile, Table
from darebench.errors import CurationReject
from darebench.types import Family

MIN_COLUMNS = 3
MAX_CLASSES = 30
MOST_MISSING = 0.3
"""Share of a target that may be missing."""
MOST_NUMBERS = 6
"""Distinct whole numbers up to which they are classes; beyond, quantities."""
MAX_LEVELS = 60
"""Values of a category that may be a feature."""
MAX_SERIES = 8
"""Targets of the series of one table."""
_STRONG = frozenset(
    (
        "target", "class", "classes", "label", "labels", "outcome", "diagnosis", "survived",
        "default", "churn", "fraud", "fraude", "response", "occurrence", "approved", "counterfeit",
        "diagnosed", "infected", "dead", "died", "attrition",
    )
)  # fmt: skip
_GOOD = frozenset(
    (
        "result", "status", "type", "species", "price", "sales", "sale", "sold", "score", "grade",
        "wage", "income", "salary", "cost", "amount", "rate", "rating", "quality", "category",
        "risk", "demand", "level", "y", "value", "count", "revenue", "yield", "mpg", "death",
        "mortality", "occupancy", "consumption", "views", "interest", "close",
    )
)  # fmt: skip
_WEAK = frozenset(
    ("name", "city", "state", "country", "region", "address", "phone", "email", "cumulative")
)
_CALENDAR = re.compile(r"(.*[ _.])?(year|yr|month|mon|quarter|qtr|week|weekday|day|hour)s?", re.I)
_PREDICTED = re.compile(
    r"predict|forecast|classif|target|outcome|response|dependent|label|estimat|diagnos|whether|"
    r"indicat(?:or|ing) (?:of|whether)",
    re.I,
)
_NEVER = re.compile(
    r"index|(.*[ _.])?(id|year|yr|month|mon|day|date|time|hour|minute|week|weekday|quarter|lat|lon|"
    r"long|latitude|longitude|zip|zipcode|fips|weight|weights|wt|wgt|pweight|obs|seq|order|rank|fold|"
    r"block|rep|trial|wave|cluster|stratum|strata|psu|row|col)s?\d*",
    re.I,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesDesigner:
    """Designs from the profile and the page."""

    max_candidates: int = 20
    """Most targets to try, of all families together."""

    def identity(self) -> dict[str, object]:
        """Describe the designer as plain values."""
        return {"kind": "rules", "max_candidates": self.max_candidates}

    def design(self, table: Table) -> list[Design]:
        """List candidate designs, the likeliest target first.

        Raises:
            CurationReject: The table is too small, or no column can be a target.
        """
        profile = table.profile
        n_rows, n_columns = least_size(profile)
        if profile.n_rows < n_rows:
            raise CurationReject(f"{profile.n_rows} rows are left; {n_rows} are needed")
        if len(profile.columns) < n_columns:
            raise CurationReject(
                f"{len(profile.columns)} usable columns are left; {n_columns} are needed"
            )
        designs = [*_series(table), *_tabular(table)]
        if not designs:
            raise CurationReject("no column can be a target: keys, times and constants only")
        return designs[: self.max_candidates]


class Size(NamedTuple):
    """Rows and columns of a table."""

    n_rows: int
    n_columns: int


def least_size(profile: Profile) -> Size:
    """The smallest table from which something can be made; a series may be smaller."""
    if profile.time is None:
        return Size(LEAST_ROWS, MIN_COLUMNS)
    return Size(LEAST_SERIES_ROWS, 2)


def likelihood(table: Table, column: Column) -> float:
    """Rate how likely a column is what the table was made to predict."""
    words = split_words(column.name)
    points = 3.0 * bool(_STRONG & {*words}) + 1.5 * bool(_GOOD & {*words})
    points -= 1.0 * bool(_WEAK & {*words})
    is_binary = column.n_distinct == 2
    points += 2.0 * (words[:1] in (["is"], ["has"]) and is_binary)
    names = [c.name for c in table.profile.columns]
    points += 2.0 * (column.name == names[-1]) + 0.5 * (column.name in (names[0], names[-2]))
    points += 1.0 * (is_binary and column.name in names[-2:])
    points += 2.0 * bool(_PREDICTED.search(table.describe(column.name)))
    return points + 2.0 * _is_announced(column.name, words, table)


def split_words(name: str) -> list[str]:
    """Split a name into words, `FloodOccurrence` as `flood_occurrence` and `flood.occurrence`."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return re.findall(r"[a-z]+|\d+", spaced.lower())


def _is_announced(name: str, words: Sequence[str], table: Table) -> bool:
    """Check whether the page says in one sentence that this is what to predict."""
    wanted = {word for word in words if len(word) > 2} or {name.lower()}
    for sentence in re.split(r"[.\n;!?]", f"{table.raw.title}\n{table.raw.about}"):
        found = {*re.findall(r"[a-z]+|\d+", sentence.lower())}
        if wanted <= found and len(found) <= 40 and _PREDICTED.search(sentence):
            return True
    return False


def _ranked(table: Table, columns: Sequence[Column]) -> list[Column]:
    """Sort columns by how likely they are targets; equal ones keep the table's order."""
    return sorted(columns, key=lambda column: -likelihood(table, column))


def _tabular(table: Table) -> list[Design]:
    designs = []
    for column in _ranked(table, table.profile.columns):
        if why_no_target(column) or column.name in table.profile.groups:
            continue
        design = tabular_design(table, column)
        if design is not None:
            designs.append(design)
    return designs


def tabular_design(table: Table, column: Column) -> Design | None:
    """Design a classification or regression of one column; None where too little predicts it."""
    profile = table.profile
    used = [c for c in profile.columns if _is_feature(c) and c.name not in profile.groups]
    used = [c for c in used if c.name != column.name]
    if len(used) < 2 or column.kind not in (Kind.NUMBER, Kind.CATEGORY):
        return None
    return Design(
        family=_family(column),
        target=column.name,
        features=tuple(c.name for c in used),
        groups=profile.groups,
        categorical=tuple(c.name for c in used if c.kind is Kind.CATEGORY and c.low is not None),
    )


def _is_feature(column: Column) -> bool:
    if column.kind is Kind.NUMBER:
        return True
    return column.kind is Kind.CATEGORY and column.n_distinct <= MAX_LEVELS


def why_no_target(column: Column) -> str:
    """Return why a column cannot be predicted from the others; empty for one that may be."""
    if column.missing > MOST_MISSING:
        return f"{column.missing:.0%} of it is missing"
    if _NEVER.fullmatch(column.name):
        return "its name is that of an id, a time, a place or a part of a design"
    if column.kind not in (Kind.NUMBER, Kind.CATEGORY):
        return f"it is a column of kind {column.kind}"
    if column.kind is Kind.CATEGORY and column.n_distinct > MAX_CLASSES:
        return f"it has {column.n_distinct} classes; {MAX_CLASSES} are the most"
    return "it holds years" if column.time_format == "%Y" else ""


def _family(column: Column) -> Family:
    if column.kind is Kind.CATEGORY or (column.whole and column.n_distinct <= MOST_NUMBERS):
        return Family.CLASS
    return Family.REG


def _series(table: Table) -> list[Design]:
    axis = table.profile.time
    if axis is None:
        return []
    keys = {axis.column, *axis.entities}
    able = [c for c in table.profile.columns if c.name not in keys and not _is_calendar(c)]
    numbers = [c for c in able if c.kind is Kind.NUMBER]
    targets = [c for c in numbers if _is_measured(c, resampled=bool(axis.interval))]
    return [
        design
        for target in _ranked(table, targets)[:MAX_SERIES]
        if (design := series_design(table, target)) is not None
    ]


def series_design(table: Table, target: Column) -> Design | None:
    """Design a forecast of one column; None without a time axis, or for other than numbers."""
    axis = table.profile.time
    if axis is None or target.kind is not Kind.NUMBER:
        return None
    keys = {axis.column, *axis.entities, target.name}
    able = [c for c in table.profile.columns if c.name not in keys and not _is_calendar(c)]
    usable = [c for c in able if (c.kind is Kind.NUMBER if axis.interval else _is_feature(c))]
    return Design(
        family=Family.TS,
        target=target.name,
        features=tuple(c.name for c in usable),
        time_column=axis.column,
        time_format=axis.format,
        entities=axis.entities,
        interval=axis.interval,
    )


def _is_calendar(column: Column) -> bool:
    """Check whether a column only says when: the time axis says it better."""
    return (bool(column.time_format) and column.time_format != INDEX) or bool(
        re.fullmatch(
            r"(.*[ _.])?(year|yr|month|mon|quarter|qtr|week|weekday|day|hour)s?", column.name, re.I
        )
    )


def _is_measured(column: Column, *, resampled: bool) -> bool:
    """Check whether a number can be forecast; means of 0 and 1 can be as well."""
    if column.missing > MOST_MISSING or _NEVER.fullmatch(column.name):
        return False
    return resampled or not column.whole or column.n_distinct > MOST_NUMBERS
