"""Takes columns of an IF task's tables into a lookup table, which its workflow joins again."""

# pandas' indexing is typed as unions of everything that it can give.

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from darebench.curate.records import Workflow
from darebench.store.extras import JOINS, Join

STEM = "lookup_v1"
KEYS = ("lookup_id", "lookup_key", "lookup_number")
"""Names of the shared column, of which the first free one is used."""
MOST_COLUMNS = 3
ROWS_OF_ENTRY = 4
"""Least training rows of one entry of the lookup table, on average."""
ORPHANS = 0.05
"""Share of the clean training rows, at most, whose entry is absent from the lookup table."""


class Lookup(NamedTuple):
    """Tables whose columns were taken apart, and the table that holds those columns."""

    tables: list[pd.DataFrame]
    entries: pd.DataFrame


def draw_join(
    train: pd.DataFrame, columns: Sequence[str], suffix: str, rng: np.random.Generator
) -> tuple[Join, tuple[str, ...]] | None:
    """Draw a join and the columns that its lookup table holds; None where rows share too little.

    Args:
        train: Clean training rows.
        columns: Feature columns of the files.
        suffix: Suffix of the files.
        rng: Generator that every choice is drawn with.
    """
    texts = [c for c in columns if not pd.api.types.is_numeric_dtype(train[c])]
    chosen = [str(c) for c in rng.permutation(texts)[: int(rng.integers(1, MOST_COLUMNS + 1))]]
    how = str(rng.choice(JOINS))
    while chosen and train.groupby(chosen, dropna=False).ngroups > len(train) / ROWS_OF_ENTRY:
        chosen.pop()
    if not chosen or len(chosen) == len(columns) or {*KEYS} <= {*train.columns}:
        return None
    key = next(name for name in KEYS if name not in train)
    held = tuple(name for name in columns if name in chosen)
    return Join(file=f"{STEM}{suffix}", key=key, how=how), held


def take_apart(
    noisy: pd.DataFrame,
    others: Sequence[pd.DataFrame],
    workflow: Workflow,
    rng: np.random.Generator,
) -> Lookup:
    """Replace the columns that the lookup table holds by a key.

    Where repeated rows are not to be dropped, some entries are absent, so that left and inner
    joins differ. No noise row refers to one of these: its own values are out of every range.

    Args:
        noisy: The training file.
        others: The clean training rows, then the rows to predict.
        workflow: Its settings, with a join.
        rng: Generator of the numbers of the entries, and of those that are absent.
    """
    join, held = workflow.extras.join, list(workflow.joined)
    if join is None:
        raise ValueError("the workflow joins nothing")
    parts = [noisy, *others]
    rows = pd.concat([part[held] for part in parts], ignore_index=True)
    codes = rows.groupby(held, dropna=False, sort=True).ngroup().to_numpy()
    numbers = 1 + rng.permutation(int(codes.max()) + 1)
    keys = numbers[codes]
    entries = rows.assign(**{join.key: keys}).drop_duplicates(join.key)
    cuts = np.cumsum([len(part) for part in parts])
    split = np.split(keys, cuts[:-1])
    absent: set[int] = set()
    if not workflow.extras.drop_duplicates:
        counts = pd.Series(split[1]).value_counts(sort=False).sort_index()
        most = ORPHANS * len(split[1])
        rare = counts.iloc[rng.permutation(len(counts))].loc[lambda n: n <= most]
        absent = {*rare.index[rare.cumsum() <= most]}
    entries = entries[~entries[join.key].isin(absent)].sort_values(join.key, ignore_index=True)
    tables = [_keyed(part, held, join.key, k) for part, k in zip(parts, split, strict=True)]
    return Lookup(tables, entries[[join.key, *held]])


def _keyed(table: pd.DataFrame, held: Sequence[str], key: str, keys: np.ndarray) -> pd.DataFrame:
    names = list(table.columns)
    place = min(names.index(name) for name in held)
    left = table.drop(columns=list(held))
    left.insert(min(place, left.shape[1]), key, keys)
    return left


def rejoined(
    tables: Mapping[str, pd.DataFrame], names: Sequence[str], join: Join | None
) -> list[pd.DataFrame]:
    """Return some tables of a dataset as they are once the lookup table is joined."""
    if join is None:
        return [tables[name] for name in names]
    return [tables[name].merge(tables[join.file], on=join.key, how="left") for name in names]
