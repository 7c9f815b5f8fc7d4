"""Designs tasks by rules, without a model: which columns can be targets, and of which family."""

from __future__ import annotations

import re
from dataclasses import dataclass

from darebench.curate.profile import Column, Kind
from darebench.curate.records import Design, Table
from darebench.errors import CurationReject
from darebench.types import Family

MIN_ROWS = 200
MIN_COLUMNS = 3
MAX_CLASSES = 10
MIN_VALUES = 12
"""Distinct values from which on whole numbers are quantities, not classes."""
MAX_LEVELS = 60
"""Values of a category that may be a feature."""
_LIKELY = re.compile(
    r"(.*[ _.])?(target|class|label|outcome|response|result|status|type|species|diagnosis|price|"
    r"sales?|score|grade|wage|income|salary|cost|amount|rate|rating|survived|default|churn|y)",
    re.I,
)
_NEVER = re.compile(
    r"(.*[ _.])?(id|index|year|yr|month|mon|day|date|time|hour|minute|week|weekday|quarter|lat|lon|"
    r"long|latitude|longitude|zip|zipcode|fips|weight|weights|wt|wgt|pweight|obs|seq|order|rank|fold|"
    r"block|rep|trial|wave|cluster|stratum|strata|psu|row|col)s?\d*",
    re.I,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesDesigner:
    """Designs from the profile alone."""

    max_candidates: int = 14
    """Targets to try, of all families."""

    def design(self, table: Table) -> list[Design]:
        """Give candidates, the likeliest target first.

        Raises:
            CurationReject: the table is too small, or no column can be a target.
        """
        profile = table.profile
        if profile.n_rows < MIN_ROWS:
            raise CurationReject(f"{profile.n_rows} rows are left; {MIN_ROWS} are needed")
        if len(profile.columns) < MIN_COLUMNS:
            raise CurationReject(
                f"{len(profile.columns)} usable columns are left; {MIN_COLUMNS} are needed"
            )
        designs = [*_series(table), *_tabular(table)]
        if not designs:
            raise CurationReject("no column can be a target: keys, times and constants only")
        return designs[: self.max_candidates]


def _tabular(table: Table) -> list[Design]:
    profile = table.profile
    features = [c.name for c in profile.columns if _is_feature(c) and c.name not in profile.groups]
    ranked = sorted(
        enumerate(profile.columns),
        key=lambda pair: (
            _LIKELY.fullmatch(pair[1].name) is None,
            pair[0] != len(profile.columns) - 1,
            pair[0],
        ),
    )
    designs = []
    for _, column in ranked:
        family = _family(column)
        used = tuple(name for name in features if name != column.name)
        if family is not None and column.name not in profile.groups and len(used) >= 2:
            designs.append(
                Design(family=family, target=column.name, features=used, groups=profile.groups)
            )
    return designs


def _is_feature(column: Column) -> bool:
    if column.kind is Kind.NUMBER:
        return True
    return column.kind is Kind.CATEGORY and column.n_distinct <= MAX_LEVELS


def _family(column: Column) -> Family | None:
    """Tell which family a column can be the target of; None if of none."""
    if column.missing > 0.3 or _NEVER.fullmatch(column.name) or column.time_format:
        return None
    if column.kind is Kind.CATEGORY and column.n_distinct <= MAX_CLASSES:
        return Family.CLASS
    if column.kind is not Kind.NUMBER:
        return None
    if column.whole and column.n_distinct <= 6:
        return Family.CLASS
    return Family.REG if column.n_distinct >= MIN_VALUES else None


def _series(table: Table) -> list[Design]:
    axis = table.profile.time
    if axis is None:
        return []
    keys = {axis.column, *axis.entities}
    able = [c for c in table.profile.columns if c.name not in keys]
    features = [c.name for c in able if _is_feature(c) and not c.time_format]
    targets = [c for c in able if _family(c) is Family.REG and c.missing == 0]
    targets.sort(key=lambda c: _LIKELY.fullmatch(c.name) is None)
    return [
        Design(
            family=Family.TS,
            target=c.name,
            features=tuple(name for name in features if name != c.name),
            time_column=axis.column,
            time_format=axis.format,
            entities=axis.entities,
        )
        for c in targets[:3]
    ]
