"""Builds a forecasting dataset: few enough series, split in time, features without leaks."""

# pandas' indexing is typed as unions of everything that it can give.

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from darebench.audit.headroom import measure
from darebench.audit.random_walk import is_random_walk
from darebench.audit.task_tables import TaskTables
from darebench.curate.designing.draft import check_room, tables_of, without_leaks
from darebench.curate.designing.split import able_shares, split_times
from darebench.curate.profiling.resample import Resampling, resample
from darebench.curate.records import Design, Draft, Table
from darebench.errors import CurationReject
from darebench.types import Variant

MAX_ROWS = 12_000
MOST_SHARES = 2
"""Points in time at which a series is split before it is refused."""
LEAST_GAIN = 0.02
"""What the features of the future must add to the reference, for an XF task."""


def draft_series(
    table: Table, design: Design, rng: np.random.Generator, *, share: float | None = None
) -> Draft:
    """Choose series, split in time, and measure what there is to win.

    Args:
        table: The table.
        design: What to make of it.
        rng: Generator that the share of training times is drawn with.
        share: That share, where it is chosen by hand.

    Raises:
        CurationReject: Too little is left, or nothing can be won.
    """
    keys = [design.time_column, *design.entities]
    wanted = [*design.features, *design.targets]
    if design.interval:
        how = Resampling(design.interval, design.entities)
        joined = resample(table.frame, design.time_column, how, wanted, design.aggregation)
        table = replace(table, frame=joined)
    rows = table.frame[[*keys, *wanted]].dropna(subset=list(design.targets))
    rows = _fewer_series(rows, design)
    refused: list[CurationReject] = []
    shares = able_shares(rows, design, rng) if share is None else [share]
    for tried in shares[:MOST_SHARES]:
        try:
            return _draft_at(tried, table, design, rows)
        except CurationReject as error:  # a shorter or longer horizon may do
            refused.append(error)
    raise refused[0]


def _draft_at(share: float, table: Table, design: Design, rows: pd.DataFrame) -> Draft:
    """Split after one share of the times, and measure both variants.

    Where the features of the future gain nothing, there is no XF task: it would be CF's twin. Where
    the future can be told by its features only, there is no CF task.
    """
    keys = [design.time_column, *design.entities]
    cleared = without_leaks(
        design, Variant.XF, lambda left: split_times(rows, left, share), least=0, keys=keys
    )
    design, split, dropped = cleared
    rooms = {Variant.CF: measure(tables_of(split, design, Variant.CF))}
    if design.features:
        exogenous = measure(tables_of(split, design, Variant.XF))
        if exogenous.reference - rooms[Variant.CF].reference >= LEAST_GAIN:
            rooms = {Variant.XF: exogenous, **rooms}
        else:
            design = replace(design, features=())
    refused: list[CurationReject] = []
    for variant, room in [*rooms.items()]:
        try:
            check_room(room)
            if variant is Variant.CF:
                _refuse_walks(tables_of(split, design, variant))
        except CurationReject as error:
            refused.append(error)
            del rooms[variant]
    if not rooms:
        raise refused[-1]
    return Draft(table=table, design=design, split=split, headroom=rooms, dropped=dropped)


def _refuse_walks(tables: TaskTables) -> None:
    """Refuse to forecast what only luck does.

    Raises:
        CurationReject: A target is a random walk.
    """
    for target in tables.targets:
        if is_random_walk(tables, target):
            raise CurationReject(f"{target!r} moves like a random walk: its past foretells nothing")


def _fewer_series(rows: pd.DataFrame, design: Design) -> pd.DataFrame:
    """Keep whole series where there are many, else the latest rows."""
    if len(rows) <= MAX_ROWS:
        return rows.reset_index(drop=True)
    if not design.entities:
        order = np.argsort(rows[design.time_column].to_numpy(), kind="stable")
        return rows.iloc[np.sort(order[-MAX_ROWS:])].reset_index(drop=True)
    codes = rows.groupby(list(design.entities), sort=True).ngroup().to_numpy()
    sizes = np.cumsum(np.bincount(codes))
    kept = codes <= max(0, int(np.searchsorted(sizes, MAX_ROWS, side="right")) - 1)
    return rows[kept].reset_index(drop=True)
