"""Finds what each column is there for, by its name, its description, its values and the page."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from darebench.curate.designing import concepts
from darebench.curate.designing.derived import Relations
from darebench.curate.designing.wording import core, split_words
from darebench.curate.records import INDEX, Column, Kind, Table


class ColumnRole(StrEnum):
    """What a column is there for."""

    ID = "id"
    """A name, a number or a code of a row, a person or a place."""
    INDEX = "index"
    """Numbers that only count the rows."""
    PLACE = "place"
    DESIGN = "design variable"
    """What an experiment or a survey sets: arm, dose, treatment, block, weight."""
    DEMOGRAPHIC = "demographic"
    CALENDAR = "calendar"
    """When, or a part of a date."""
    PERIOD = "one period of several"
    """A year or a month that has a column of its own."""
    PART = "part of a total"
    DERIVED = "derived"
    """A formula or a threshold of other columns, or a twin of a better target."""
    MEASURED = "measured"
    """Anything else: a covariate or a target."""


NEVER = frozenset(ColumnRole) - {ColumnRole.MEASURED, ColumnRole.DEMOGRAPHIC, ColumnRole.DERIVED}
"""Roles that are never targets, whatever a page says; only a user does."""


class Role(NamedTuple):
    """A role, and what shows it."""

    role: ColumnRole
    why: str


def find_roles(table: Table, relations: Relations) -> dict[str, Role]:
    """Find the role of every column."""
    return {c.name: _role(c, table, relations) for c in table.profile.columns}


def _role(column: Column, table: Table, relations: Relations) -> Role:
    said = core(table.describe(column.name))
    axis = table.profile.time
    if axis is not None and column.name == axis.column:
        return Role(ColumnRole.CALENDAR, "it is the time axis")
    if axis is not None and column.name in axis.entities:
        return Role(ColumnRole.ID, "it tells series apart")
    if column.name in table.profile.groups:
        return Role(ColumnRole.ID, "it names what several rows belong to")
    if column.kind in (Kind.KEY, Kind.TEXT):
        return Role(ColumnRole.ID, f"its kind is {column.kind}")
    for role, why in _by_words(column, said, table):
        return Role(role, why)
    for total, parts in relations.parts.items():
        if column.name in parts:
            return Role(ColumnRole.PART, f"{total} is the sum of {', '.join(parts[:6])}")
    if column.name in relations.derived:
        return Role(ColumnRole.DERIVED, relations.derived[column.name].why)
    if column.kind is Kind.CATEGORY and 2 * _n_periods(table) > len(table.profile.columns):
        return Role(ColumnRole.ID, "it labels series whose times are columns")
    return Role(ColumnRole.MEASURED, "it is measured")


def _by_words(column: Column, said: str, table: Table) -> list[Role]:
    """List the roles that the name, the description and the values show, the surest first."""
    name = column.name
    words = {*split_words(name)}
    found = []
    is_id = concepts.ID_NAME.fullmatch(name) or concepts.ID_CAMEL.fullmatch(name)
    if is_id and not _sorts(column):
        found.append(Role(ColumnRole.ID, "its name is that of an id or a code"))
    if concepts.ID.search(table.describe(name)[:120]):
        found.append(Role(ColumnRole.ID, f"its description is that of an id: {said[:50]!r}"))
    if _counts_rows(column, table):
        found.append(Role(ColumnRole.INDEX, "it counts the rows"))
    if (
        column.kind is Kind.TIME
        or column.time_format not in ("", INDEX)
        or _is_moment(column, said)
    ):
        found.append(Role(ColumnRole.CALENDAR, "it says when"))
    if concepts.MONTH_OR_YEAR.fullmatch(name) and _has_periods(table):
        found.append(Role(ColumnRole.PERIOD, "its name is a year or a month, as those of others"))
    demographic = words & concepts.DEMOGRAPHIC_NAMES or name.lower() in concepts.DEMOGRAPHIC_NAMES
    if concepts.DEMOGRAPHIC.search(said) or (
        demographic and len(words) <= 2 and not _is_outcome(said)
    ):
        found.append(Role(ColumnRole.DEMOGRAPHIC, "it describes a person"))
    by_name = words & concepts.DESIGN_NAMES and len(words) <= 2
    # A category is not a quantity, whatever its levels are of.
    is_category = column.kind is Kind.CATEGORY
    outcome = concepts.OUTCOME.search(said) is not None if is_category else _is_outcome(said)
    if concepts.DESIGN.search(said) or (by_name and not outcome):
        found.append(Role(ColumnRole.DESIGN, "an experiment or a survey sets it"))
    is_place = re.search(r"\bco-?ordinates?\b|\b(?:lat|long)itude\b", said, re.I)
    if is_place or (words and words <= concepts.PLACE_NAMES and not _is_outcome(said)):
        found.append(Role(ColumnRole.PLACE, "its name is that of a place"))
    return found


def _sorts(column: Column) -> bool:
    """Check whether a column called `code` or `no` holds two or three classes."""
    return column.n_distinct <= 3 and column.name.lower() in ("case", "code", "no", "rank")


def _is_moment(column: Column, said: str) -> bool:
    if said and concepts.MOMENT.search(said) and not concepts.QUANTITY.search(said):
        return True
    named = concepts.CALENDAR.fullmatch(column.name) and len(split_words(column.name)) <= 3
    if said and concepts.LENGTHS.fullmatch(column.name):
        return False
    measured = concepts.QUANTITY.search(said) or concepts.DURATION.search(said)
    return bool(named) and not (said and measured)


def _is_outcome(said: str) -> bool:
    return bool(said) and (
        concepts.OUTCOME.search(said) is not None or concepts.QUANTITY.search(said) is not None
    )


def _counts_rows(column: Column, table: Table) -> bool:
    """Check whether whole numbers rise, or fall, by one from row to row."""
    if not column.whole or column.n_distinct < 0.95 * len(table.frame) or len(table.frame) < 20:
        return False
    steps = np.diff(table.frame[column.name].to_numpy(float))
    return bool(np.mean(steps == 1) > 0.9 or np.mean(steps == -1) > 0.9)


def _has_periods(table: Table) -> bool:
    return _n_periods(table) >= 3


def _n_periods(table: Table) -> int:
    return sum(bool(concepts.MONTH_OR_YEAR.fullmatch(c.name)) for c in table.profile.columns)


def is_duration(name: str, said: str) -> bool:
    """Check whether a column is a time until an event, or until observation ended."""
    return bool(concepts.DURATION.search(said)) or (
        concepts.DURATION_NAME.fullmatch(name) is not None
        and not re.search(r"\b(?:age|dose|hour of|prior|previous)\b", said, re.I)
    )


def is_event(name: str, said: str) -> bool:
    """Check whether a column says that, or how, an observation ended."""
    return bool(concepts.EVENT.search(said)) or concepts.EVENT_NAME.fullmatch(name) is not None
