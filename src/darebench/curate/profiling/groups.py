"""Finds what rows belong to: subjects, schools, firms, whose rows must stay on one side of a split.

They are told by names in any case and spelling (`Subject`, `school_id`, `FIRM`, `pid`), by what
the page says of a column ("person identifier"), and by columns that do not vary within one value.
"""

# pandas' indexing is typed as unions of everything that it can give.

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from darebench.curate.profiling.group_words import PLACES, SAID, SAID_OF_UNIT, SUFFIX, TIMES, UNITS
from darebench.curate.records import Column, Kind
from darebench.text import spaced

ENOUGH, FEWEST = 20, 8
"""Groups that a split should have, and fewest that it can have."""
MOST_DISTINCT = 0.95
"""Share of the rows up to which values name groups and not rows."""


def find_groups(
    frame: pd.DataFrame, columns: Sequence[Column], descriptions: Mapping[str, str]
) -> tuple[str, ...]:
    """Return the column that names what several rows belong to; of several, the coarsest.

    Args:
        frame: A clean table.
        columns: Its profile.
        descriptions: Column -> what it means, where that is known.
    """
    found: list[Column] = []
    for column in columns:
        if not _could(column, frame):
            continue
        evidence = _said(descriptions.get(column.name, ""))
        if column.n_distinct >= ENOUGH or evidence or _named(column.name):
            evidence += _holds(frame, column, columns)
        evidence += 0.5 * (column.kind is Kind.KEY) + 1.0 * (column.kind is Kind.TEXT)
        named = _named(column.name)
        if named and column.kind is Kind.NUMBER and not evidence and not _ends_as_code(column.name):
            # A bare `school` of numbers may count schools, unless it recurs as codes do.
            named *= _recurs(frame[column.name])
        if named + evidence >= 1.0:
            found.append(column)
    enough = [c for c in found if c.n_distinct >= ENOUGH] or found
    if not enough:
        return ()
    return (min(enough, key=lambda c: c.n_distinct).name,)


def _could(column: Column, frame: pd.DataFrame) -> bool:
    """Check whether a column's values could name groups of several rows each."""
    if column.time_format == "%Y" or column.kind is Kind.TIME or TIMES & {*words_of(column.name)}:
        return False
    if column.kind is Kind.NUMBER and not column.whole:
        return False
    repeated = len(frame) - column.n_distinct
    return (
        FEWEST <= column.n_distinct <= MOST_DISTINCT * len(frame)
        and repeated >= max(5, 0.03 * len(frame))
        and column.missing <= 0.1
    )


def words_of(name: str) -> list[str]:
    """Split a name into lower-case words, `SchoolID` and `school.id` alike."""
    return re.findall(r"[a-z]+|\d+", spaced(name, acronyms=True).lower())


def _named(name: str) -> float:
    """Rate how surely a name is that of what data are collected of."""
    words = words_of(name)
    letters = [word for word in words if not word.isdigit()]
    if not letters:
        return 0.0
    units = [_unit(word) for word in letters]
    suffixed = SUFFIX.fullmatch(letters[-1]) is not None
    if len(letters) == 1:
        plain = letters[0] in UNITS
        return 0.0 if not units[0] else 0.5 if plain and letters[0] in PLACES else 1.0
    if suffixed and (any(units[:-1]) or letters[-1].startswith("id")):
        return 1.0
    if letters[0] in ("id", "ident", "code", "key") and any(units[1:]):
        return 1.0
    return 0.0


def _is_twin(frame: pd.DataFrame, name: str, other: str) -> bool:
    """Check whether two numbers rise and fall together, as an age and its square do."""
    return abs(float(frame[name].corr(frame[other], method="spearman"))) > 0.98


def _ends_as_code(name: str) -> bool:
    last = words_of(name)[-1]
    return SUFFIX.fullmatch(last) is not None or re.search(r"(id|no|nr|code)$", last) is not None


def _recurs(values: pd.Series) -> bool:
    """Check whether values come equally often, or in runs, as those of repeated measures do."""
    counts = values.value_counts()
    runs = int((values != values.shift()).sum())
    return bool(counts.max() <= 1.2 * counts.min()) or (
        runs <= 1.5 * len(counts) and runs <= 0.7 * len(values)
    )


def _unit(word: str) -> bool:
    """Check whether a word is a unit, or one with `id`, `no` or `code` glued to it."""
    if word in UNITS or word.removesuffix("s") in UNITS:
        return True
    glued = re.fullmatch(r"(.+?)(id|ids|no|nr|num|number|code)", word)
    return glued is not None and (glued[1] in UNITS or (glued[2] == "id" and len(glued[1]) <= 5))


def _said(text: str) -> float:
    if SAID.search(text):
        return 1.0
    return 0.5 if SAID_OF_UNIT.search(text) else 0.0


def _holds(frame: pd.DataFrame, column: Column, columns: Sequence[Column]) -> float:
    """Rate how many other columns a column's values fix, beyond what chance would.

    Indicators of one of its values, and other names for all of them, say nothing.
    """
    codes = pd.factorize(frame[column.name])[0]
    sizes = np.bincount(codes[codes >= 0])
    repeated = np.isin(codes, np.flatnonzero(sizes > 1))
    rows = np.flatnonzero(repeated & (codes >= 0))
    n_groups = len(np.unique(codes[rows]))
    if n_groups < FEWEST:
        return 0.0
    of_numbers = of_categories = 0.0
    for other in columns:
        is_name = other.kind is not Kind.NUMBER and other.n_distinct >= 0.9 * column.n_distinct
        if other.name == column.name or is_name or not 2 <= other.n_distinct <= column.n_distinct:
            continue
        if column.kind is other.kind is Kind.NUMBER and _is_twin(frame, column.name, other.name):
            continue
        values = pd.factorize(frame[other.name])[0][rows]
        groups = codes[rows]
        pairs = len(np.unique(groups.astype(np.int64) * (values.max() + 2) + values + 1))
        if pairs > n_groups:
            continue
        shares = np.bincount(values + 1) / len(values)
        agree = float((shares**2).sum())
        # How surely that many rows would not agree with the first of their group by chance.
        certain = (len(rows) - n_groups) * -np.log(max(agree, 1e-9))
        of_groups = np.bincount(values[np.unique(groups, return_index=True)[1]] + 1)
        if certain >= 20 and np.sort(of_groups)[:-1].sum() >= 3:
            if other.kind is Kind.NUMBER and other.n_distinct > 5:
                of_numbers += 0.5
            else:
                of_categories += 0.25
    # A finer category fixes the coarser ones that it is made of.
    return min(of_numbers + min(of_categories, 0.5), 1.0)
