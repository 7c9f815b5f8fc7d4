"""Noise rows for IF training data: the paper's, and harder ones (paper section 3).

In the paper's, every filtered value of a noise row is far out of its range, so that any one rule
finds it. In the harder ones only some are, many near the border or in another unit, categories are
misspelled, numbers are replaced by text, and rows are repeated: every rule is needed.
"""

# pandas' indexing is typed as unions of everything that it can give.

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

NOISE_SHARE = 0.2
"""Noise rows for each clean training row."""
REPEATED_SHARE = 0.25
"""Share of the harder noise rows that repeat a clean row."""
UNITS = (1000.0, 100.0, 60.0, 12.0, 2.54, 1.8, 0.001, 0.01)
MALFORMED = ("n/a", "unknown", "--", "error", "#REF!", "1.2.3", "12,5x")


def with_noise(
    train: pd.DataFrame, ranges: Mapping[str, Sequence[Any]], rng: np.random.Generator
) -> pd.DataFrame:
    """Shuffle rows in whose every filtered value is out of its range.

    Clean rows keep their order, which models that depend on it then see unchanged.
    """
    n_noise = round(NOISE_SHARE * len(train))
    noise = train.iloc[rng.integers(0, len(train), n_noise)].reset_index(drop=True)
    for name, bounds in ranges.items():
        if not pd.api.types.is_numeric_dtype(train[name]):
            letters = rng.integers(97, 123, (n_noise, 8))
            noise[name] = ["".join(map(chr, row)) for row in letters]
            continue
        low, high = bounds
        # Beside a large number a step of some units would be lost in rounding.
        beyond = rng.integers(1, 11, n_noise) * max(1.0, 1e-6 * max(abs(low), abs(high)))
        values = np.where(rng.random(n_noise) < 0.5, low - beyond, high + beyond)
        noise[name] = values.astype(train[name].dtype)
    return _shuffled(train, noise, np.sort(rng.integers(0, len(train) + 1, n_noise)))


def with_hard_noise(
    train: pd.DataFrame,
    ranges: Mapping[str, Sequence[Any]],
    rng: np.random.Generator,
    *,
    malformed: bool,
) -> pd.DataFrame:
    """Shuffle in rows that break a few of the rules, and rows that repeat an earlier one.

    Args:
        train: Clean rows, which keep their order.
        ranges: Column -> low and high, or its allowed values.
        rng: Generator that every choice is drawn with.
        malformed: Write text into some numbers, which a file of typed columns cannot hold.
    """
    n_noise = round(NOISE_SHARE * len(train))
    origins = rng.integers(0, len(train), n_noise)
    is_repeated = rng.random(n_noise) < REPEATED_SHARE
    noise = train.iloc[origins].reset_index(drop=True)
    broken = _choose_broken(len(ranges), n_noise, rng) & ~is_repeated[:, None]
    for position, (name, expected) in enumerate(ranges.items()):
        rows = np.flatnonzero(broken[:, position])
        is_number = pd.api.types.is_numeric_dtype(train[name])
        if is_number:
            is_whole = pd.api.types.is_integer_dtype(train[name])
            known = noise[name].iloc[rows].to_numpy(float)
            values = _wrong_numbers(known, expected, rng, whole=is_whole, malformed=malformed)
        else:
            values = _wrong_texts(noise[name].iloc[rows], expected, rng)
        if any(isinstance(v, str) for v in values) and is_number:
            noise[name] = noise[name].astype(object)
        noise.iloc[rows, list(noise.columns).index(name)] = values
    # A repeated row stands behind the one that it repeats, so the first one is the clean one.
    earliest = np.where(is_repeated, origins + 1, 0)
    places = rng.integers(earliest, len(train) + 1)
    order = np.argsort(places, kind="stable")
    return _shuffled(train, noise.iloc[order], places[order])


def _choose_broken(n_columns: int, n_rows: int, rng: np.random.Generator) -> np.ndarray:
    """Choose which rules a row breaks: one at least, most often one or two. (n_rows, n_columns)."""
    broken = rng.random((n_rows, n_columns)) < min(0.5, 1.0 / n_columns)
    broken[np.arange(n_rows), rng.integers(0, n_columns, n_rows)] = True
    return broken


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
        step = 1.0 if whole else round(span * float(rng.uniform(0.002, 0.05)), 9)
        near = high + step if rng.random() < 0.5 else low - step
        other = value * float(rng.choice(UNITS))
        is_out = np.isfinite(other) and abs(other) < 1e15 and not low <= round(other, 6) <= high
        chosen = round(other, 6) if is_out and rng.random() < 0.5 else near
        if whole:
            chosen = float(np.floor(chosen)) if chosen < low else float(np.ceil(chosen))
        if low <= chosen <= high:  # the step was lost in rounding
            chosen = high + max(1.0, 1e-6 * abs(high))
        result.append(int(chosen) if whole else chosen)
    return result


def _wrong_texts(values: pd.Series, expected: Sequence[Any], rng: np.random.Generator) -> list[Any]:
    """Misspell the texts that a column holds, so that none of them is allowed. (n_rows,)."""
    allowed = [str(value) for value in expected]
    result = []
    for value in values:
        text = str(value) if isinstance(value, str) and value else str(rng.choice(allowed))
        cut = int(rng.integers(0, len(text) + 1))
        letter = chr(int(rng.integers(97, 123)))
        spellings = [
            text.upper(),
            text.lower(),
            text.title(),
            text + text[-1:],
            text[:cut] + letter + text[cut:],
        ]
        wrong = [s for s in spellings if s not in allowed and s.strip()]
        result.append(str(rng.choice(wrong)) if wrong else f"{text}{letter}?")
    return result


def _shuffled(train: pd.DataFrame, noise: pd.DataFrame, places: np.ndarray) -> pd.DataFrame:
    """Insert noise rows before the clean rows at `places`, which are sorted."""
    both = pd.concat([train, noise], ignore_index=True)
    position = np.concatenate([np.arange(len(train)) + 0.5, places])
    return both.iloc[np.argsort(position, kind="stable")].reset_index(drop=True)
