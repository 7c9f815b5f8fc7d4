"""Recognises the tables of textbooks (iris, Titanic, Boston ...) by their content, not their name.

A model has seen these tables and their answers many times, so that a score on one says little. Each
is known by fingerprints of pairs of its number columns: hashes of the value pairs that stand in one
row. Names, the order of rows and columns, left out rows and columns, and rounding to three
significant digits make no difference. A series is known by the pairs of values that follow each
other; a table of categories by how often each value occurs.

The fingerprints are in `textbook.json`, which `benchmarks/fingerprint_textbooks.py` makes.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import combinations

import numpy as np
import pandas as pd

KEPT = 64
"""Smallest hashes that are kept of a pair of columns."""
LEAST = 6
"""Hashes of a table, at least, that a fingerprint is compared with."""
SHARED = 0.85
"""Share of these that must be in the fingerprint."""
MOST_ROWS, MOST_COLUMNS = 5_000, 24
"""Rows and number columns of a table that are looked at, at most."""
FEWEST_VALUES = 10
"""Distinct values of a column from which on it is a number column here."""
LEVELS = 12
"""Distinct values up to which a column's frequencies are compared."""
NEAR = 0.015
"""How much two shares of a value may differ."""
FEWEST_ROWS = 200
"""Rows from which on frequencies are compared."""
MOST_CATEGORIES = 7
"""Columns of categories, at most, whose pairs are compared too."""
LEAST_PROFILES = 6
"""Frequencies that must agree: those of three columns and of their pairs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """What one textbook table is known by."""

    name: str
    pairs: tuple[np.ndarray, ...]
    """Sorted hashes of each pair of columns, the smallest ones."""
    lags: tuple[np.ndarray, ...]
    """The same of values that follow each other, for a series."""
    profiles: tuple[tuple[float, ...], ...]
    """Shares of the values of each column of categories, the largest first."""


def recognise(frame: pd.DataFrame) -> str:
    """Name the textbook table that a table's rows are from; empty if it is none.

    Args:
        frame: The rows, with all columns that are left of the table.
    """
    rows = frame.head(MOST_ROWS)
    hits = Counter(_found(pair_hashes(rows), _index("pairs"), LEAST))
    lags = Counter(_found(lag_hashes(rows), _index("lags"), 20))
    profiles = column_profiles(frame) if len(frame) >= FEWEST_ROWS else []
    for position, known in enumerate(fingerprints()):
        needed = min(2, len(known.pairs))
        if 0 < needed <= hits[position] or lags[position]:
            return known.name
        if profiles and _has_profiles(profiles, known):
            return known.name
    return ""


def _found(made: Iterable[np.ndarray], index: _Index, least: int) -> list[int]:
    """List the fingerprint of each pair of columns that the table has, once for each pair."""
    hits = set()
    for own in made:
        places = np.searchsorted(index.hashes, own)
        inside = places < len(index.hashes)
        near = own[inside][index.hashes[places[inside]] == own[inside]]
        if len(near) < least:
            continue
        counts = Counter(index.arrays[np.isin(index.hashes, near)].tolist())
        hits |= {
            array
            for array, count in counts.items()
            if count >= least and _within(own, index.known[array], least)
        }
    return [index.owners[array] for array in sorted(hits)]


def _within(own: np.ndarray, known: np.ndarray, least: int) -> bool:
    """Check whether a table's hashes are among those of a fingerprint, as far as it reaches."""
    reach = known[-1] if len(known) >= KEPT else np.iinfo(np.uint32).max
    compared = own[own <= reach]
    if len(compared) < least:
        return False
    return float(np.isin(compared, known).mean()) >= SHARED


def _has_profiles(found: Sequence[tuple[float, ...]], known: Fingerprint) -> bool:
    """Check whether nearly all columns of categories have the frequencies of the table's."""
    left, hits = list(known.profiles), 0
    for own in found:
        near = next((p for p in left if len(p) == len(own) and _far(p, own) <= NEAR), None)
        if near is not None:
            left.remove(near)
            hits += 1
    least = max(LEAST_PROFILES, 0.8 * min(len(known.profiles), len(found)))
    return hits >= least


def _far(first: Sequence[float], second: Sequence[float]) -> float:
    return max(abs(a - b) for a, b in zip(first, second, strict=True))


def pair_hashes(frame: pd.DataFrame) -> Iterator[np.ndarray]:
    """Yield the sorted hashes of every pair of number columns: one of each distinct value pair."""
    texts = _number_columns(frame)
    for (_, first), (_, second) in combinations(texts.items(), 2):
        both = pd.DataFrame({"a": first, "b": second}).dropna().drop_duplicates()
        yield _hashes(both["a"], both["b"], ordered=False)


def lag_hashes(frame: pd.DataFrame) -> Iterator[np.ndarray]:
    """Yield the sorted hashes of the values that follow each other in each number column."""
    for values in _number_columns(frame).values():
        both = pd.DataFrame({"a": values, "b": values.shift(-1)}).dropna().drop_duplicates()
        yield _hashes(both["a"], both["b"], ordered=True)


def column_profiles(frame: pd.DataFrame) -> list[tuple[float, ...]]:
    """Return how often values occur, the most frequent first: of columns of categories and pairs.

    The columns with the most even shares are taken, of those with few values.
    """
    shares = {}
    for name in frame.columns:
        found = _shares(frame[[name]].dropna())
        if 2 <= len(found) <= LEVELS:
            shares[name] = found
    kept = sorted(shares, key=lambda n: (shares[n][0], shares[n]))[:MOST_CATEGORIES]
    joint = [_shares(frame[list(pair)].dropna()) for pair in combinations(kept, 2)]
    return [shares[name] for name in kept] + [found[:LEVELS] for found in joint]


def _shares(rows: pd.DataFrame) -> tuple[float, ...]:
    counts = rows.value_counts(normalize=True, sort=False)
    return tuple(sorted((round(float(share), 4) for share in counts), reverse=True))


def _number_columns(frame: pd.DataFrame) -> dict[str, pd.Series]:
    """Hash the values of number columns to three digits; those with most values are kept."""
    counts = {
        name: frame[name].nunique()
        for name in frame.columns
        if pd.api.types.is_numeric_dtype(frame[name])
        and not pd.api.types.is_bool_dtype(frame[name])
    }
    able = [n for n, count in counts.items() if count >= FEWEST_VALUES and not _counts(frame[n])]
    kept = sorted(able, key=lambda n: -counts[n])[:MOST_COLUMNS]
    return {str(name): _hashed(frame[name]) for name in kept}


def _counts(values: pd.Series) -> bool:
    """Check whether a column only counts the rows."""
    steps = values.diff().dropna()
    return values.is_unique and bool((steps == 1).all())


def _hashed(values: pd.Series) -> pd.Series:
    numbers = pd.Series(values.to_numpy(float, na_value=np.nan), index=values.index)
    codes = {value: _hash(f"{value + 0.0:.3g}") for value in numbers.dropna().unique()}
    return numbers.map(codes).astype("UInt64")


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def _hashes(first: pd.Series, second: pd.Series, *, ordered: bool) -> np.ndarray:
    """Hash pairs of hashed values; without an order, both orders of a pair give one hash."""
    a, b = first.to_numpy(np.uint64), second.to_numpy(np.uint64)
    if not ordered:
        a, b = np.minimum(a, b), np.maximum(a, b)
    mixed = a * np.uint64(0x9E3779B97F4A7C15) + b * np.uint64(0xC2B2AE3D27D4EB4F)
    return np.unique((mixed ^ (mixed >> np.uint64(29))) >> np.uint64(32)).astype(np.uint32)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Index:
    """All hashes of all fingerprints of a kind, sorted, and which array each is of."""

    hashes: np.ndarray
    arrays: np.ndarray
    known: tuple[np.ndarray, ...]
    owners: tuple[int, ...]
    """Position of each array's fingerprint."""


@cache
def _index(kind: str) -> _Index:
    owned = [(o, one) for o, known in enumerate(fingerprints()) for one in getattr(known, kind)]
    hashes = np.concatenate([one for _, one in owned])
    arrays = np.repeat(np.arange(len(owned)), [len(one) for _, one in owned])
    order = np.argsort(hashes, kind="stable")
    return _Index(
        hashes=hashes[order],
        arrays=arrays[order],
        known=tuple(one for _, one in owned),
        owners=tuple(owner for owner, _ in owned),
    )


@cache
def fingerprints() -> tuple[Fingerprint, ...]:
    """Read the fingerprints of all known tables."""
    text = files("darebench.audit").joinpath("textbook.json").read_text(encoding="utf-8")
    return tuple(
        Fingerprint(
            name=known["name"],
            pairs=tuple(map(_decoded, known["pairs"])),
            lags=tuple(map(_decoded, known["lags"])),
            profiles=tuple(map(tuple, known["profiles"])),
        )
        for known in json.loads(text)
    )


def _decoded(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), dtype="<u4")
