"""Builds a forecasting dataset: few enough series, split in time, features without leaks."""

# pandas' indexing is typed as unions of everything that it can give.

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from darebench.audit.headroom import SOLVED, Headroom, measure
from darebench.curate.designing.draft import Cleared, check_room, tables_of, without_leaks
from darebench.curate.designing.split import able_shares, split_times
from darebench.curate.profiling.resample import Resampling, calendar_columns, resample
from darebench.curate.records import Design, Draft, Table
from darebench.errors import CurationReject
from darebench.types import Variant

MAX_ROWS = 12_000
MOST_SHARES = 3
"""Points in time at which a series is split before it is refused."""
MOST_IDENTITIES = 3
"""Features that are left out because all of them together determine the target."""


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
        table = _changed(table, joined, {})
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
    """Split after one share of the times, and measure both variants."""
    keys = [design.time_column, *design.entities]
    cleared = without_leaks(
        design, Variant.XF, lambda left: split_times(rows, left, share), least=0, keys=keys
    )
    rooms: list[Headroom] = []
    if cleared.design.features:
        cleared, exogenous = _without_identity(cleared)
        rooms.append(exogenous)
    elif not pd.api.types.is_numeric_dtype(table.frame[design.time_column]):
        table, cleared = _with_calendar(table, cleared)
        rooms.append(measure(tables_of(cleared.split, cleared.design, Variant.XF)))
    # Years and counted time have no calendar: without another column there is no XF task.
    rooms.append(measure(tables_of(cleared.split, cleared.design, Variant.CF)))
    for room in rooms:
        check_room(room, design.family)
    return Draft(
        table=table,
        design=cleared.design,
        split=cleared.split,
        headroom=tuple(rooms),
        dropped=cleared.dropped,
    )


def _without_identity(cleared: Cleared) -> tuple[Cleared, Headroom]:
    """Leave out what goes most with the target while all features together determine it.

    Returns:
        What is left, and what the XF task of it leaves to be won.
    """
    design, split, dropped = cleared
    headroom = measure(tables_of(split, design, Variant.XF))
    for _ in range(MOST_IDENTITIES):
        numbers = [c for c in design.features if pd.api.types.is_numeric_dtype(split.train[c])]
        if len(numbers) < 2 or headroom.ceiling < SOLVED:
            break
        alike = split.train[numbers].corrwith(split.train[design.target]).abs().fillna(0.0)
        closest = str(alike.idxmax())
        dropped = tuple(sorted((*dropped, closest)))
        design = replace(design, features=tuple(c for c in design.features if c != closest))
        headroom = measure(tables_of(split, design, Variant.XF))
    return Cleared(design, split, dropped), headroom


def _with_calendar(table: Table, cleared: Cleared) -> tuple[Table, Cleared]:
    """Add the calendar's columns, which the future has too, to series without other features."""
    design, split, _ = cleared
    n_train = len(split.train)
    rows = pd.concat([split.train, split.val], ignore_index=True)
    found = list(calendar_columns(rows[design.time_column], list(table.frame.columns)))
    if not found:
        raise CurationReject("no exogenous column is left")
    rows = rows.assign(**{name: values for name, values, _ in found})
    parts = split._replace(
        train=rows.iloc[:n_train], val=rows.iloc[n_train:].reset_index(drop=True)
    )
    names = tuple(name for name, _, _ in found)
    meanings = {name: meaning for name, _, meaning in found}
    return _changed(table, rows, meanings), Cleared(
        replace(design, features=names), parts, cleared.dropped
    )


def _changed(table: Table, frame: pd.DataFrame, meanings: Mapping[str, str]) -> Table:
    descriptions = {**table.raw.descriptions, **meanings}
    return replace(table, frame=frame, raw=replace(table.raw, descriptions=descriptions))


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
