"""Builds a forecasting dataset: few enough series, split in time, features without leaks."""

# pandas' indexing is typed as unions of everything that it can give.
# pyright: reportCallIssue=false, reportReturnType=false

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from darebench.curate.headroom import measure
from darebench.curate.records import Design, Table
from darebench.curate.resample import resample
from darebench.curate.split import split_times
from darebench.curate.tabular import Draft, check_room, leaking, tables_of
from darebench.errors import CurationReject
from darebench.types import Variant

MAX_ROWS = 12_000


def draft_series(table: Table, design: Design, rng: np.random.Generator) -> Draft:
    """Choose series, split in time, and measure what there is to win.

    Raises:
        CurationReject: too little is left, or nothing can be won.
    """
    keys = [design.time_column, *design.entities]
    rows = table.frame[[*keys, *design.features, design.target]]
    rows, design = resample(rows.dropna(subset=[design.target]), design)
    rows = _fewer_series(rows, design)
    dropped: list[str] = []
    for _ in range(4):
        split = split_times(rows, design, rng)
        leaks = leaking(tables_of(split, design, Variant.XF))
        if not leaks:
            break
        if any(name in keys for name in leaks):
            raise CurationReject(f"{leaks[0]!r} gives it away: the series do not change")
        dropped += leaks
        left = tuple(name for name in design.features if name not in leaks)
        design = replace(design, features=left)
    else:
        raise CurationReject(f"ever more features give it away: {', '.join(dropped)}")
    if not design.features:
        raise CurationReject("no exogenous column is left")
    scores = tuple(measure(tables_of(split, design, v)) for v in (Variant.XF, Variant.CF))
    for headroom in scores:
        check_room(headroom, design.family)
    return Draft(design=design, split=split, headroom=scores, dropped=tuple(sorted(dropped)))


def _fewer_series(rows: pd.DataFrame, design: Design) -> pd.DataFrame:
    """Keep whole series where there are many, else the latest rows."""
    if len(rows) <= MAX_ROWS:
        return rows.reset_index(drop=True)
    if not design.entities:
        return rows.iloc[-MAX_ROWS:].reset_index(drop=True)
    codes = rows.groupby(list(design.entities), sort=True).ngroup().to_numpy()
    sizes = np.cumsum(np.bincount(codes))
    kept = codes <= max(0, int(np.searchsorted(sizes, MAX_ROWS, side="right")) - 1)
    return rows[kept].reset_index(drop=True)
