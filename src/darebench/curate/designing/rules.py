"""Designs tasks by rules, without a model: natural targets, their families and their features."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from darebench.curate.designing.given_away import find_given_away
from darebench.curate.designing.naturalness import THRESHOLD, Judged, Judgement, judge
from darebench.curate.designing.roles import ColumnRole
from darebench.curate.designing.split import LEAST_ROWS, LEAST_SERIES_ROWS
from darebench.curate.designing.wording import core
from darebench.curate.profiling.profile import parse_times
from darebench.curate.records import INDEX, Column, Design, Kind, Profile, Table, TimeAxis
from darebench.errors import CurationReject
from darebench.types import Family

MIN_COLUMNS = 3
MOST_NUMBERS = 6
"""Distinct whole numbers up to which they are classes; beyond, quantities."""
MAX_LEVELS = 60
"""Values of a category that may be a feature."""
LONG_PANEL = 20
"""Times of a panel from which on it is forecast; a shorter one is a regression of new entities."""
FOLLOWS = 0.4
"""Correlation with the row before in time, from which on irregular rows are a series."""
_AGE = re.compile(r"(?:.*[ _.])?ages?", re.I)
"""Counted time that is of one life and not of a series: rows by age are a life table."""
_COUNTED = re.compile(r"\b(?:number|no\.|count|counts|how many|times|days|hours|years)\b|#", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesDesigner:
    """Designs from the profile and the page."""

    max_candidates: int = 8
    """Most targets to try."""

    def identity(self) -> dict[str, object]:
        """Describe the designer as plain values."""
        return {"kind": "rules", "max_candidates": self.max_candidates, "threshold": THRESHOLD}

    def design(self, table: Table) -> list[Design]:
        """List a design of each natural target, the most natural one first.

        Raises:
            CurationReject: The table is too small, or no column is a natural target.
        """
        check_size(table.profile)
        judgement = judge(table)
        natural = [one for one in judgement.ranked if one.is_natural]
        if not natural:
            raise CurationReject(_nothing_natural(judgement.ranked))
        designs = [design_of(table, one.column, judgement) for one in natural]
        able = [design for design in designs if design is not None]
        if not able:
            raise CurationReject(
                f"{natural[0].name!r} could be the target, and fewer than two other columns are "
                "left to predict it from"
            )
        return able[: self.max_candidates]


class Size(NamedTuple):
    """Rows and columns of a table."""

    n_rows: int
    n_columns: int


def least_size(profile: Profile) -> Size:
    """The smallest table from which something can be made; a series may be smaller."""
    if profile.time is None:
        return Size(LEAST_ROWS, MIN_COLUMNS)
    return Size(LEAST_SERIES_ROWS, 2)


def check_size(profile: Profile) -> None:
    """Refuse a table that is too small for any task.

    Raises:
        CurationReject: It is.
    """
    n_rows, n_columns = least_size(profile)
    if profile.n_rows < n_rows:
        raise CurationReject(f"{profile.n_rows} rows are left; {n_rows} are needed")
    if len(profile.columns) < n_columns:
        raise CurationReject(
            f"{len(profile.columns)} usable columns are left; {n_columns} are needed"
        )


def _nothing_natural(ranked: Sequence[Judged]) -> str:
    """Return which column comes nearest to a target, and what would help."""
    able = [one for one in ranked if not one.why_not]
    if not able:
        return (
            "no column can be a target: keys, times, designs and constants only; name one with "
            "--target if it is"
        )
    best = able[0]
    return (
        f"no column is a natural target: {best.name!r} comes nearest, with {best.score:g} of "
        f"{THRESHOLD:g} points; name one with --target"
    )


def design_of(table: Table, column: Column, judgement: Judgement) -> Design | None:
    """Design a forecast where rows follow each other in time, else what the column's kind asks for.

    Returns:
        None where too little is left to predict it from, or a class would have to be forecast.
    """
    if is_series(table, column):
        return series_design(table, column, judgement)
    return tabular_design(table, column, judgement)


def is_series(table: Table, column: Column) -> bool:
    """Check whether a target's rows follow each other in time, so that they may not be shuffled.

    Dates and years make a series, but for short panels with columns that explain. These, and
    counted time beside entities (repeated measurements), are split by entity. Rows that are only
    counted, or stand at irregular times, are a series if each is like the one before.
    """
    axis = table.profile.time
    if axis is None:
        return False
    if axis.format == INDEX:
        if axis.entities or not _in_order(table.frame[axis.column]) or _AGE.fullmatch(axis.column):
            return False
        return bool(table.raw.told.time) or _follows(table, axis, column.name) >= FOLLOWS
    if not axis.interval:
        return not axis.entities or axis.n_times >= LONG_PANEL or _has_no_more(table, column)
    return column.kind is Kind.NUMBER and follows_in_time(table, column.name) >= FOLLOWS


def follows_in_time(table: Table, target: str) -> float:
    """Correlate a target with the row before in time; of less natural ones, the best target does.

    What one measurement shows of the order of rows holds for those that were taken with it.
    """
    axis = table.profile.time
    if axis is None:
        return 0.0
    natural = [one.name for one in judge(table).ranked if one.is_natural][:1]
    return max(_follows(table, axis, name) for name in {target, *natural})


def _has_no_more(table: Table, column: Column) -> bool:
    """Check whether a panel has too little but times and entities to predict a column from."""
    axis = table.profile.time
    keys = {column.name, *axis.entities, axis.column} if axis is not None else {column.name}
    return sum(_is_feature(c) and c.name not in keys for c in table.profile.columns) < 2


def _in_order(values: pd.Series) -> bool:
    steps = np.diff(values.to_numpy(float))
    return bool(len(steps)) and bool(max((steps > 0).mean(), (steps < 0).mean()) >= 0.95)


def _follows(table: Table, axis: TimeAxis, name: str) -> float:
    """Correlate the ranks of a column with those of the row before in time, within each series."""
    spelling = next(c.time_format for c in table.profile.columns if c.name == axis.column)
    times = parse_times(table.frame[axis.column], spelling)
    if not pd.api.types.is_numeric_dtype(table.frame[name]):
        return 0.0
    rows = table.frame.iloc[np.argsort(times, kind="stable")]
    values = rows[name].rank()
    before = (
        values.groupby([rows[e] for e in axis.entities], sort=False).shift()
        if axis.entities
        else values.shift()
    )
    return float(np.nan_to_num(values.corr(before)))


def tabular_design(table: Table, column: Column, judgement: Judgement) -> Design | None:
    """Design a classification or regression of one column; None where too little predicts it."""
    profile = table.profile
    if column.kind not in (Kind.NUMBER, Kind.CATEGORY):
        return None
    able = [c for c in profile.columns if _is_feature(c) and c.name not in profile.groups]
    used = without_given_away(table, column.name, able, judgement, least=2)
    if len(used) < 2:
        return None
    return Design(
        family=_family(column, table),
        target=column.name,
        features=tuple(c.name for c in used),
        groups=tuple(name for name in profile.groups if name != column.name),
        categorical=tuple(c.name for c in used if c.kind is Kind.CATEGORY and c.low is not None),
    )


def series_design(table: Table, target: Column, judgement: Judgement) -> Design | None:
    """Design a forecast of one column; None without a time axis, or for other than numbers."""
    axis = table.profile.time
    if axis is None or target.kind is not Kind.NUMBER:
        return None
    resampled = bool(axis.interval)
    if not resampled and target.whole and target.n_distinct <= 2:
        return None
    keys = {axis.column, *axis.entities, target.name}
    able = [c for c in table.profile.columns if c.name not in keys]
    able = [c for c in able if judgement.columns[c.name].role.role is not ColumnRole.CALENDAR]
    able = [c for c in able if (c.kind is Kind.NUMBER if resampled else _is_feature(c))]
    return Design(
        family=Family.TS,
        target=target.name,
        features=tuple(
            c.name for c in without_given_away(table, target.name, able, judgement, least=1)
        ),
        time_column=axis.column,
        time_format=axis.format,
        entities=axis.entities,
        interval=axis.interval,
    )


def without_given_away(
    table: Table, target: str, able: Sequence[Column], judgement: Judgement, *, least: int
) -> list[Column]:
    """Leave out what gives a target away; other outcomes only where enough is left.

    Args:
        table: The table.
        target: The target's name.
        able: Columns that could be features.
        judgement: What was found of the columns.
        least: So many features must be left for other outcomes to be left out.
    """
    given = find_given_away(table, judgement, target)
    sure = {name for name, found in given.items() if found.is_sure}
    kept = [c for c in able if c.name != target and c.name not in sure]
    left = [c for c in kept if c.name not in given]
    return left if len(left) >= least else kept


def _is_feature(column: Column) -> bool:
    if column.kind is Kind.NUMBER:
        return True
    return column.kind is Kind.CATEGORY and column.n_distinct <= MAX_LEVELS


def _family(column: Column, table: Table) -> Family:
    """Return regression for quantities and counts, classification for classes."""
    if column.kind is Kind.CATEGORY or (column.whole and column.n_distinct <= 2):
        return Family.CLASS
    if not column.whole or column.n_distinct > MOST_NUMBERS:
        return Family.REG
    counts = _COUNTED.search(core(table.describe(column.name)))
    return Family.REG if counts and column.n_distinct > 3 else Family.CLASS
