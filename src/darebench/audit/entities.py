"""Find columns that name entities with several rows each, from a task's own files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from darebench.audit.frames import factorized, is_numeric
from darebench.audit.naturalness.page import read_page, split_name
from darebench.audit.naturalness.words import vocabulary
from darebench.audit.task_tables import TaskTables

LEAST_LEVELS = 5
CONSTANT = 0.95
"""Share of the entities within which a column has one value, from which on it is theirs."""
MAX_COLUMNS = 60
_NAMES = vocabulary(
    "id subject subj patient person participant respondent pupil student school class teacher firm "
    "company household family animal plant tree chick cow rat mouse litter plot site station user "
    "customer player athlete senator candidate county district village hospital clinic donor "
    "mother child dog rabbit run batch sample specimen cluster unit machine driver judge rater"
)
_KINDS = vocabulary(
    "brand make model variant type kind species category class product genre style colour color "
    "title name manufacturer vendor group region country state city zone sector industry"
)
"""Names of kinds of things: a new thing is of a kind that is known already."""
_TEXT = re.compile(
    r"\b(?:identif\w+|id|code) (?:\w+ ){0,2}(?:of|for|number)?|\b(?:subject|patient|person|school|"
    r"firm|animal|household|participant|respondent|student)s? (?:id|number|code|identifier|index)\b"
)


class Entity(NamedTuple):
    """A column that names entities."""

    column: str
    why: str
    """A phrase."""
    constant: tuple[str, ...]
    """Columns that have one value within an entity."""


def find_entities(tables: TaskTables) -> list[Entity]:
    """Find features that name entities: by name, description, and what is constant in them."""
    names = list(tables.features)[:MAX_COLUMNS]
    frame = pd.concat([tables.train[names], tables.val[names]], ignore_index=True)
    codes = {name: factorized(frame[name])[0] for name in names}
    levels = {name: int(codes[name].max(initial=-1)) + 1 for name in names}
    page = read_page(tables.metadata, names)
    found = []
    for name in names:
        fits = LEAST_LEVELS <= levels[name] <= len(frame) / 2
        if not fits or not _is_discrete(frame[name]):
            continue
        others = [o for o in names if o != name and 1 < levels[o] < levels[name]]
        constant = tuple(o for o in others if _constant_share(codes[name], codes[o]) >= CONSTANT)
        words = split_name(name)
        if (words and words[-1] in _NAMES) or _TEXT.search(page.descriptions.get(name, "")):
            found.append(Entity(name, "its name or its description says so", constant))
        elif len(constant) >= 2 and not {*words} & _KINDS:
            why = f"{constant[0]!r} and {len(constant) - 1} more are constant in it"
            found.append(Entity(name, why, constant))
    return _without_same(found, codes)


def _is_discrete(values: pd.Series) -> bool:
    """Check whether a column holds names or whole numbers: a measured number names nothing."""
    if not is_numeric(values):
        return True
    known = values.dropna().to_numpy(float)
    return bool((known == np.round(known)).all())


def _constant_share(groups: np.ndarray, codes: np.ndarray) -> float:
    """Return the share of groups of two rows or more in which a column has one value."""
    known = groups >= 0
    g, c = groups[known], codes[known]
    sizes = np.bincount(g)
    pairs = np.unique(g.astype(np.int64) * (int(c.max(initial=0)) + 2) + c + 1)
    n_values = np.bincount(pairs // (int(c.max(initial=0)) + 2), minlength=len(sizes))
    repeated = sizes >= 2
    return float((n_values[repeated] == 1).mean()) if repeated.any() else 0.0


def _without_same(found: Sequence[Entity], codes: dict[str, np.ndarray]) -> list[Entity]:
    """Leave out columns that name the same entities as an earlier one."""
    kept: list[Entity] = []
    for entity in found:
        same = (
            len(np.unique(codes[entity.column])) == len(np.unique(codes[other.column]))
            and _constant_share(codes[entity.column], codes[other.column]) == 1.0
            for other in kept
        )
        if not any(same):
            kept.append(entity)
    return kept
