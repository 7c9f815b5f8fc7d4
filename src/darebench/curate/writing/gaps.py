"""Gaps of an IF task's tables: those of the source, and those that are made and said."""

# pandas' indexing is typed as unions of everything that it can give.

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from darebench.curate.records import Draft, Workflow

ENOUGH = 0.05
"""Share of the rows with a missing number among the selected features that is enough."""
MOST_UNLABELLED = 0.1
"""Rows without a target, of those that have one, that the training file gets back at most."""


def gap_shares(draft: Draft, names: Sequence[str]) -> dict[str, float]:
    """Return the share of the rows, training or not, in which each column is missing."""
    rows = pd.concat([draft.split.train[list(names)], draft.split.val[list(names)]])
    return {name: float(rows[name].isna().mean()) for name in names}


def with_gaps(
    train: pd.DataFrame, asked: pd.DataFrame, workflow: Workflow, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Remove values at random as a workflow says: of features in both tables, and of targets.

    Args:
        train: Clean training rows.
        asked: The rows to predict.
        workflow: Its settings.
        rng: Generator that every choice is drawn with.
    """
    for name in workflow.emptied:
        train, asked = (_emptied(part, name, workflow.gap_share, rng) for part in (train, asked))
    if workflow.unlabelled:
        gone = rng.random(len(train)) < workflow.unlabelled
        gone[rng.integers(len(train))] = True
        train = train.assign(**{name: train[name].where(~gone) for name in workflow.targets})
    return train, asked


def _emptied(part: pd.DataFrame, name: str, share: float, rng: np.random.Generator) -> pd.DataFrame:
    gone = rng.random(len(part)) < share
    gone[rng.integers(len(part))] = True
    return part.assign(**{name: part[name].astype(float).where(~gone)})


def unlabelled_rows(draft: Draft, columns: Sequence[str], rng: np.random.Generator) -> pd.DataFrame:
    """Draw rows of the source that lack a target, which a workflow has to drop."""
    frame, targets = draft.table.frame, list(draft.design.targets)
    names = [*columns, *targets]
    if not {*names} <= {*frame.columns}:
        return draft.split.train[names].iloc[:0]
    rows = frame.loc[frame[targets].isna().any(axis=1), names]
    rows = rows.drop_duplicates().dropna(how="all", subset=list(columns))
    most = int(MOST_UNLABELLED * len(draft.split.train))
    return rows.iloc[np.sort(rng.permutation(len(rows))[:most])]
