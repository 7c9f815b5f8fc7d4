"""Builds a classification or regression dataset: rows, split, features without leaks."""

# pandas' indexing is typed as unions of everything that it can give.

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from darebench.audit.headroom import measure
from darebench.curate.designing.draft import TooNoisy, check_room, tables_of, without_leaks
from darebench.curate.designing.rules import FOLLOWS, follows_in_time
from darebench.curate.designing.split import SMALL_TABLE, split_rows
from darebench.curate.records import INDEX, Design, Draft, Table
from darebench.errors import CurationReject
from darebench.types import Family, Variant

MAX_ROWS = 10_000
STEADY_RATIO = 0.6
"""Share of training rows where scores of fewer validation rows would be noise."""
MIN_CLASS_SHARE = 0.02
MIN_CLASS_ROWS, MIN_SMALL_CLASS_ROWS = 40, 25
"""Fewest rows of a class in a table, and in a small one, of which more is validated on."""


def draft_tabular(table: Table, design: Design, rng: np.random.Generator) -> Draft:
    """Choose rows and features, split, and measure what there is to win.

    Raises:
        CurationReject: Too little is left, or nothing can be won.
    """
    design = _in_whole_groups(table, design)
    _refuse_series(table, design)
    try:
        return _draft_at(None, table, design, rng)
    except TooNoisy:  # more rows to validate on may tell answers apart
        return _draft_at(STEADY_RATIO, table, design, rng)


def _draft_at(ratio: float | None, table: Table, design: Design, rng: np.random.Generator) -> Draft:
    """Split by a ratio, or by one that is drawn, and measure."""
    by_class = design.family is Family.CLASS
    cleared = without_leaks(
        design,
        Variant.MM,
        lambda left: split_rows(
            _rows(table.frame, left, rng), left, rng, by_class=by_class, ratio=ratio
        ),
        least=2,
    )
    headroom = measure(tables_of(cleared.split, cleared.design, Variant.MM))
    check_room(headroom)
    return Draft(
        table=table,
        design=cleared.design,
        split=cleared.split,
        headroom={Variant.MM: headroom},
        dropped=cleared.dropped,
    )


def _in_whole_groups(table: Table, design: Design) -> Design:
    """Split by the table's groups where the design names none; they are not features."""
    groups = design.groups or table.profile.groups
    left = tuple(name for name in design.features if name not in groups)
    return replace(
        design, groups=tuple(g for g in groups if g not in design.targets), features=left
    )


def _refuse_series(table: Table, design: Design) -> None:
    """Refuse to shuffle rows that follow each other in time.

    Raises:
        CurationReject: They do.
    """
    axis = table.profile.time
    if axis is None or axis.entities:
        return
    if axis.interval:
        if all(follows_in_time(table, target) < FOLLOWS for target in design.targets):
            return
    elif axis.format == INDEX and not _in_order(table.frame[axis.column]):
        return
    raise CurationReject("its rows follow each other in time; a series is forecast, never shuffled")


def _in_order(values: pd.Series) -> bool:
    steps = np.diff(values.to_numpy(float))
    return bool(max((steps > 0).mean(), (steps < 0).mean()) >= 0.95)


def _rows(frame: pd.DataFrame, design: Design, rng: np.random.Generator) -> pd.DataFrame:
    """Keep rows with a target that differ from each other, of classes that are not rare."""
    targets = list(design.targets)
    columns = [*dict.fromkeys([*design.groups, *design.features, *targets])]
    rows = frame[columns].dropna(subset=targets)
    rows = rows.drop_duplicates([*design.features, *targets], ignore_index=True)
    if len(rows) > MAX_ROWS:
        kept = np.sort(rng.choice(len(rows), MAX_ROWS, replace=False))
        rows = rows.iloc[kept].reset_index(drop=True)
    for target in targets:
        rows = _whole(rows, target)
        if design.family is Family.CLASS:
            rows = _common_classes(rows, target)
    return rows


def _whole(rows: pd.DataFrame, target: str) -> pd.DataFrame:
    values = rows[target]
    if pd.api.types.is_float_dtype(values) and (values == values.round()).all():
        return rows.assign(**{target: values.astype(np.int64)})
    return rows


def _common_classes(rows: pd.DataFrame, target: str) -> pd.DataFrame:
    least = MIN_CLASS_ROWS if len(rows) >= SMALL_TABLE else MIN_SMALL_CLASS_ROWS
    counts = rows[target].value_counts()
    common = counts[(counts >= least) & (counts >= MIN_CLASS_SHARE * len(rows))]
    if len(common) < 2:
        raise CurationReject(f"it has {len(common)} classes of {least} rows or more")
    if common.sum() < 0.9 * len(rows):
        raise CurationReject(f"{1 - common.sum() / len(rows):.0%} of the rows are of rare classes")
    return rows[rows[target].isin(common.index)].reset_index(drop=True)
