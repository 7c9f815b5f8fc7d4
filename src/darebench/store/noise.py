"""Noise rows for IF training data: every filtered value is out of its range (paper section 3)."""

# pandas' indexing is typed as unions of everything that it can give.
# pyright: reportArgumentType=false

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

NOISE_SHARE = 0.2
"""Noise rows for each clean training row."""


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
    places = np.sort(rng.integers(0, len(train) + 1, n_noise))
    both = pd.concat([train, noise], ignore_index=True)
    position = np.concatenate([np.arange(len(train)) + 0.5, places])
    return both.iloc[np.argsort(position, kind="stable")].reset_index(drop=True)
