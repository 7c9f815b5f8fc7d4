"""Chooses among the targets of one table: those that differ, and those that belong together."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import product

import pandas as pd

from darebench.curate.designing.given_away import find_given_away
from darebench.curate.designing.naturalness import Judgement
from darebench.curate.records import Design, Table
from darebench.types import Family

ALIKE = 0.9
"""Rank correlation, or share of rows told by the commonest pairs, from which on targets are one."""
MOST_TOGETHER = 3
"""Targets of one task, at most (paper section 3)."""


def why_too_alike(
    table: Table, judgement: Judgement, design: Design, made: Collection[Design]
) -> str:
    """Return why a target adds nothing to those that have become tasks; empty where it does."""
    weaker = judgement.columns[design.target].why_weaker
    if made and weaker:
        return weaker
    for other in made:
        if design.target == other.target:
            return "it is a task already"
        given = find_given_away(table, judgement, other.target).get(design.target)
        back = find_given_away(table, judgement, design.target).get(other.target)
        if (given is not None and given.is_sure) or (back is not None and back.is_sure):
            return f"it and {other.target!r}, which is a task, give each other away"
        figure = likeness(table.frame[design.target], table.frame[other.target])
        if figure >= ALIKE:
            return f"it is too like {other.target!r}, which is a task: they agree by {figure:.2f}"
    return ""


def likeness(a: pd.Series, b: pd.Series) -> float:
    """Return how alike two columns are, from 0 to 1: by ranks, or by pairs of classes."""
    known = a.notna() & b.notna()
    if known.sum() < 10:
        return 0.0
    a, b = a[known], b[known]
    numbers = all(pd.api.types.is_numeric_dtype(x) and x.nunique() > 2 for x in (a, b))
    if numbers:
        figure = a.rank().corr(b.rank())
        return 0.0 if pd.isna(figure) else float(abs(figure))
    if max(a.nunique(), b.nunique()) > 60:
        return 0.0
    counts = pd.crosstab(a.to_numpy(), b.to_numpy()).to_numpy()
    told = min(counts.max(axis=0).sum(), counts.max(axis=1).sum()) / counts.sum()
    usual = max(counts.sum(axis=0).max(), counts.sum(axis=1).max()) / counts.sum()
    return float(told) if told > usual else 0.0


def join_targets(
    made: Sequence[Design], table: Table, together: Collection[frozenset[str]]
) -> list[Design]:
    """Make one task of targets that the page names together, each of which is a task as well.

    Texts and numbers stay apart, because no classifier takes both at once.

    Args:
        made: What became of single targets.
        table: The table; what series got beyond its columns they get again.
        together: Sets of columns that the page names together.
    """
    joined = []
    for family, is_number in product(Family, (False, True)):
        alike = [
            d
            for d in made
            if d.family is family
            and not d.others
            and pd.api.types.is_numeric_dtype(table.frame[d.target]) is is_number
        ]
        groups = ([d for d in alike if d.target in named] for named in together)
        largest = max(groups, key=len, default=[])[:MOST_TOGETHER]
        if len(largest) < 2:
            continue
        targets = [d.target for d in largest]
        shared = set.intersection(*(set(d.features) for d in largest)) - set(targets)
        features = tuple(c for c in largest[0].features if c in shared and c in table.frame)
        if len(features) >= (0 if family is Family.TS else 2):
            joined.append(replace(largest[0], features=features, others=tuple(targets[1:])))
    return joined
