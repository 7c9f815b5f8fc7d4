"""Builds a classification or regression dataset: rows, split, features without leaks, settings."""

# pandas' indexing is typed as unions of everything that it can give.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false
# pyright: reportAssignmentType=false, reportGeneralTypeIssues=false, reportReturnType=false

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from darebench.curate.checks import find_clues
from darebench.curate.findings import TaskTables
from darebench.curate.headroom import SOLVED, Headroom, measure
from darebench.curate.records import Design, Table
from darebench.curate.split import Split, split_rows
from darebench.errors import CurationReject
from darebench.types import Family, Variant

MAX_ROWS = 10_000
MIN_CLASS_SHARE = 0.02
MIN_CLASS_ROWS = 40
LEAST_ROOM = {Family.CLASS: 0.05, Family.REG: 0.1, Family.TS: 0.05}


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A dataset's rows, before its settings are drawn and its texts written."""

    design: Design
    """Its features are those that are left."""
    split: Split
    headroom: tuple[Headroom, ...]
    """Of the variants that are scored against true values: MM; or XF and CF."""
    dropped: tuple[str, ...]
    """Features that were left out because they give the target away."""


def draft_tabular(table: Table, design: Design, rng: np.random.Generator) -> Draft:
    """Choose rows and features, split, and measure what there is to win.

    Raises:
        CurationReject: too little is left, or nothing can be won.
    """
    dropped: list[str] = []
    for _ in range(4):
        rows = _rows(table.frame, design, rng)
        split = split_rows(rows, design, rng, by_class=design.family is Family.CLASS)
        tables = tables_of(split, design, Variant.MM)
        leaks = leaking(tables)
        if not leaks:
            headroom = measure(tables)
            check_room(headroom, design.family)
            return Draft(
                design=design, split=split, headroom=(headroom,), dropped=tuple(sorted(dropped))
            )
        dropped += leaks
        left = tuple(name for name in design.features if name not in leaks)
        if len(left) < 2:
            raise CurationReject(f"without {leaks[0]!r}, which gives it away, no features are left")
        design = replace(design, features=left)
    raise CurationReject(f"ever more features give it away: {', '.join(dropped)}")


def tables_of(split: Split, design: Design, variant: Variant) -> TaskTables:
    """Show a draft's rows to the checks."""
    features = design.features
    if design.family is Family.TS:
        features = (design.time_column, *design.entities)
        features += design.features if variant is Variant.XF else ()
    return TaskTables(
        family=design.family,
        variant=variant,
        question="",
        metadata="",
        train=split.train,
        val=split.val,
        truth=split.val[[design.target]],
        targets=(design.target,),
        features=features,
        time_column=design.time_column or None,
        time_format=design.time_format or None,
        entities=design.entities,
    )


def check_room(headroom: Headroom, family: Family) -> None:
    """Refuse what nothing predicts, what a constant solves, and what anything solves.

    Raises:
        CurationReject: it is one of these.
    """
    figures = f"a quick model scores {headroom.ceiling:.3f}, a constant {headroom.floor:.3f}"
    if headroom.room < LEAST_ROOM[family]:
        raise CurationReject(f"nothing to win: {figures}")
    if headroom.ceiling >= SOLVED:
        raise CurationReject(f"the features determine it: {figures}")


def leaking(tables: TaskTables) -> list[str]:
    """List the features that alone give a target away."""
    return [clue.feature for clue in find_clues(tables)]


def _rows(frame: pd.DataFrame, design: Design, rng: np.random.Generator) -> pd.DataFrame:
    """Keep rows with a target that differ from each other, of classes that are not rare."""
    columns = [*dict.fromkeys([*design.groups, *design.features, design.target])]
    rows = frame[columns].dropna(subset=[design.target])
    rows = rows.drop_duplicates([*design.features, design.target], ignore_index=True)
    if len(rows) > MAX_ROWS:
        kept = np.sort(rng.choice(len(rows), MAX_ROWS, replace=False))
        rows = rows.iloc[kept].reset_index(drop=True)
    if pd.api.types.is_float_dtype(rows[design.target]):
        whole = (rows[design.target] == rows[design.target].round()).all()
        if whole:
            rows = rows.assign(**{design.target: rows[design.target].astype(np.int64)})
    if design.family is not Family.CLASS:
        return rows
    counts = rows[design.target].value_counts()
    common = counts[(counts >= MIN_CLASS_ROWS) & (counts >= MIN_CLASS_SHARE * len(rows))]
    if len(common) < 2:
        raise CurationReject(f"it has {len(common)} classes of {MIN_CLASS_ROWS} rows or more")
    if common.sum() < 0.9 * len(rows):
        raise CurationReject(f"{1 - common.sum() / len(rows):.0%} of the rows are of rare classes")
    return rows[rows[design.target].isin(common.index)].reset_index(drop=True)
