"""Noise rows for IF training data: plain ones, and harder ones (paper section 3).

In the paper's noise every filtered value of a row is out of its range, so that any one rule finds
all of them. Here a noise row breaks one to three rules, so that each rule is needed, and has
another row's target. Wrong categories are few, so that no model can tell noise rows by them. In the
harder noise many numbers are near the border or in another unit, categories are misspelled, numbers
are replaced by text, and rows are repeated.
"""

# pandas' indexing is typed as unions of everything that it can give.

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

REPEATED_SHARE = 0.25
"""Share of the harder noise rows that repeat a clean row."""
BROKEN_SHARES = (0.5, 0.3, 0.2)
"""Shares of the noise rows that break one, two and three rules."""
N_JUNK = 3
"""Different wrong values of a category, at most."""
UNITS = (1000.0, 100.0, 60.0, 12.0, 2.54, 1.8, 0.001, 0.01)
SENTINELS = (-999, -99, -9999, 999, 9999, 99999, 999999, -1)
"""Numbers that are written where none is known."""
MOST_WHOLE = 1e15
"""Whole numbers beyond this one are written as floats, which are as exact there."""
MALFORMED = ("n/a", "unknown", "--", "error", "#REF!", "1.2.3", "12,5x")
JUNK = ("unknown", "invalid", "test", "error", "not recorded", "see comment", "deleted")
"""Texts that are written where none is known; none is a word for missing."""


def with_noise(
    train: pd.DataFrame,
    ranges: Mapping[str, Sequence[Any]],
    targets: Sequence[str],
    share: float,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Shuffle in rows that break one to three of the rules, each of them far.

    Clean rows keep their order, which models that depend on it then see unchanged.

    Args:
        train: Clean rows.
        ranges: Column -> low and high, or its allowed values.
        targets: Columns of which a noise row has another row's values.
        share: Noise rows for each clean row.
        rng: Generator that every choice is drawn with.
    """
    n_noise = _count(share, len(train), len(ranges))
    origins = rng.integers(0, len(train), n_noise)
    noise = _garbled(train, origins, targets, np.ones(n_noise, dtype=bool), rng)
    broken = _choose_broken(len(ranges), n_noise, rng)
    for position, (name, expected) in enumerate(ranges.items()):
        rows = np.flatnonzero(broken[:, position])
        if pd.api.types.is_numeric_dtype(train[name]):
            values = _far_numbers(len(rows), expected, rng, whole=_is_whole(train[name]))
            noise[name] = _put(noise[name], rows, values)
        else:
            junk = _junk(expected, rng)
            noise[name] = _put(noise[name], rows, [str(v) for v in rng.choice(junk, len(rows))])
    return _shuffled(train, noise, np.sort(rng.integers(0, len(train) + 1, n_noise)))


def with_hard_noise(
    train: pd.DataFrame,
    ranges: Mapping[str, Sequence[Any]],
    targets: Sequence[str],
    share: float,
    rng: np.random.Generator,
    *,
    malformed: bool,
) -> pd.DataFrame:
    """Shuffle in rows that break a few of the rules, and rows that repeat an earlier one.

    Args:
        train: Clean rows, which keep their order.
        ranges: Column -> low and high, or its allowed values.
        targets: Columns of which a noise row has another row's values.
        share: Noise rows for each clean row, repeated ones among them.
        rng: Generator that every choice is drawn with.
        malformed: Write text into some numbers, which a file of typed columns cannot hold.
    """
    n_noise = _count(share, len(train), 2 * len(ranges))
    origins = rng.integers(0, len(train), n_noise)
    is_repeated = rng.random(n_noise) < REPEATED_SHARE
    noise = _garbled(train, origins, targets, ~is_repeated, rng)
    broken = np.zeros((n_noise, len(ranges)), dtype=bool)
    broken[~is_repeated] = _choose_broken(len(ranges), int((~is_repeated).sum()), rng)
    for position, (name, expected) in enumerate(ranges.items()):
        rows = np.flatnonzero(broken[:, position])
        if pd.api.types.is_numeric_dtype(train[name]):
            known, whole = noise[name].iloc[rows].to_numpy(float), _is_whole(train[name])
            values = _wrong_numbers(known, expected, rng, whole=whole, malformed=malformed)
        else:
            values = [str(v) for v in rng.choice(_misspelled(expected, rng), len(rows))]
        noise[name] = _put(noise[name], rows, values)
    # A repeated row stands behind the one that it repeats, so the first one is the clean one.
    earliest = np.where(is_repeated, origins + 1, 0)
    places = rng.integers(earliest, len(train) + 1)
    order = np.argsort(places, kind="stable")
    return _shuffled(train, noise.iloc[order], places[order])


def _count(share: float, n_rows: int, least: int) -> int:
    """Return the number of noise rows: enough for each rule to be needed, where rows allow it."""
    return max(round(share * n_rows), min(least, n_rows // 4), 1)


def _garbled(
    train: pd.DataFrame,
    origins: np.ndarray,
    targets: Sequence[str],
    is_garbled: np.ndarray,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Copy rows, some of them with the targets of another one."""
    noise = train.iloc[origins].reset_index(drop=True)
    others = np.where(is_garbled, rng.integers(0, len(train), len(origins)), origins)
    for name in targets:
        noise[name] = train[name].iloc[others].reset_index(drop=True)
    return noise


def _choose_broken(n_columns: int, n_rows: int, rng: np.random.Generator) -> np.ndarray:
    """Choose the one to three rules that each row breaks; every rule is the only one of some row.

    Returns:
        Shape (n_rows, n_columns), as far as there are rows for every rule.
    """
    counts = 1 + rng.choice(len(BROKEN_SHARES), n_rows, p=BROKEN_SHARES)
    counts[:n_columns] = 1
    ranks = rng.random((n_rows, n_columns))
    first = np.arange(min(n_columns, n_rows))
    ranks[first, first] = -1.0
    places = np.argsort(np.argsort(ranks, axis=1), axis=1)
    return places < np.minimum(counts, n_columns)[:, None]


def _is_whole(values: pd.Series) -> bool:
    known = values.dropna()
    return bool((known == known.round()).all())


def _put(column: pd.Series, rows: np.ndarray, values: Sequence[Any]) -> pd.Series:
    """Write values into some rows of a column, which then has a type that holds them."""
    is_number = pd.api.types.is_numeric_dtype(column)
    if is_number and any(isinstance(value, str) for value in values):
        column = column.astype(object)
    elif is_number and any(isinstance(value, float) for value in values):
        column = column.astype(float)
    put = column.copy()
    put.iloc[rows] = pd.Series(list(values), dtype=column.dtype).to_numpy()
    return put


def _far_numbers(
    n_rows: int, expected: Sequence[Any], rng: np.random.Generator, *, whole: bool
) -> list[Any]:
    """Make numbers far out of their range: slips of the pen, wrong signs, sentinels. (n_rows,)."""
    low, high = (float(bound) for bound in expected)
    span = max(high - low, 1e-6 * max(abs(low), abs(high)), 1e-9)
    stand_ins = [s for s in SENTINELS if not low - 0.2 * span <= s <= high + 0.2 * span]
    stand_ins = stand_ins[: int(rng.integers(1, 3))] if stand_ins else []
    result: list[Any] = []
    for _ in range(n_rows):
        beyond = span * float(rng.uniform(0.2, 2.0))
        value = high + beyond if rng.random() < 0.5 else low - beyond
        if stand_ins and rng.random() < 0.25:
            value = float(rng.choice(stand_ins))
        result.append(_outside(value, low, high, whole=whole))
    return result


def _wrong_numbers(
    values: np.ndarray,
    expected: Sequence[Any],
    rng: np.random.Generator,
    *,
    whole: bool,
    malformed: bool,
) -> list[Any]:
    """Make numbers that are out of their range, of those that a column holds. (n_rows,)."""
    low, high = (float(bound) for bound in expected)
    span = max(high - low, 1e-6 * max(abs(low), abs(high)), 1e-9)
    result: list[Any] = []
    for value in values:
        if malformed and rng.random() < 0.15:
            result.append(str(rng.choice(MALFORMED)))
            continue
        step = span * float(rng.uniform(0.01, 0.2))
        near = high + step if rng.random() < 0.5 else low - step
        other = value * float(rng.choice(UNITS))
        is_out = np.isfinite(other) and abs(other) < 1e15 and not low <= round(other, 6) <= high
        chosen = other if is_out and rng.random() < 0.5 else near
        result.append(_outside(chosen, low, high, whole=whole))
    return result


def _outside(value: float, low: float, high: float, *, whole: bool) -> float | int:
    """Round a number that is out of its range so that it stays there."""
    span = max(high - low, 1e-6 * max(abs(low), abs(high)), 1e-9)
    digits = 0 if whole else max(0, 3 - int(np.floor(np.log10(span))))
    rounded = round(value, digits)
    if low <= rounded <= high:  # the step was lost in rounding
        step = max(10.0**-digits, 1e-6 * max(abs(low), abs(high)))
        rounded = high + step if value >= low else low - step
    if not whole or abs(rounded) > MOST_WHOLE:
        return float(rounded)
    return int(np.ceil(rounded) if rounded > high else np.floor(rounded))


def _junk(expected: Sequence[Any], rng: np.random.Generator) -> list[str]:
    """Choose the few texts that stand for wrong categories, none of them allowed."""
    allowed = {str(value).casefold() for value in expected}
    able = [text for text in JUNK if text not in allowed]
    return [str(text) for text in rng.permutation(able)[:N_JUNK]]


def _misspelled(expected: Sequence[Any], rng: np.random.Generator) -> list[str]:
    """Choose a few misspellings of allowed texts, none of which is allowed itself."""
    allowed = [str(value) for value in expected]
    wrong: list[str] = []
    for text in (str(t) for t in rng.permutation(allowed)):
        cut = int(rng.integers(0, len(text) + 1))
        letter = chr(int(rng.integers(97, 123)))
        spellings = [text.upper(), text.title(), text + text[-1:], text[:cut] + letter + text[cut:]]
        able = [s for s in spellings if s not in allowed and s not in wrong and s.strip()]
        wrong += [str(rng.choice(able))] if able else []
    return wrong[:N_JUNK] or _junk(expected, rng)


def _shuffled(train: pd.DataFrame, noise: pd.DataFrame, places: np.ndarray) -> pd.DataFrame:
    """Insert noise rows before the clean rows at `places`, which are sorted."""
    both = pd.concat([train, noise], ignore_index=True)
    position = np.concatenate([np.arange(len(train)) + 0.5, places])
    return both.iloc[np.argsort(position, kind="stable")].reset_index(drop=True)
