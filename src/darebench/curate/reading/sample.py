"""Keeps a bounded random sample of the rows of a table of any length, in the table's order."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from darebench.errors import CurationReject

MAX_ROWS = 100_000
"""Rows that are kept of a longer table."""
CHUNK = 50_000
"""Rows that are read at a time."""


def sample(chunks: Iterable[pd.DataFrame]) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Draw a random sample of the rows while they pass by, and say how many there were.

    Raises:
        CurationReject: There is no chunk.
    """
    rng = np.random.default_rng(0)
    kept: pd.DataFrame | None = None
    draws = np.empty(0)
    n_seen, highest = 0, 1.0
    for chunk in chunks:
        n_seen += len(chunk)
        chunk.columns = unique([str(name) for name in chunk.columns])
        drawn = rng.random(len(chunk))
        if highest < 1.0:  # what would go again is not copied first
            chunk, drawn = chunk[drawn < highest], drawn[drawn < highest]
        kept = chunk if kept is None else pd.concat([kept, chunk], ignore_index=True)
        draws = np.concatenate([draws, drawn])
        if len(kept) > 2 * MAX_ROWS:
            kept, draws = _smallest(kept, draws)
            highest = float(draws.max())
    if kept is None:
        raise CurationReject("the file holds no table")
    kept, _ = _smallest(kept, draws)
    notes = (f"a sample of {len(kept)} of {n_seen} rows",) if n_seen > len(kept) else ()
    return kept.reset_index(drop=True), notes


def _smallest(frame: pd.DataFrame, draws: np.ndarray) -> tuple[pd.DataFrame, np.ndarray]:
    if len(frame) <= MAX_ROWS:
        return frame, draws
    chosen = np.sort(np.argpartition(draws, MAX_ROWS)[:MAX_ROWS])
    return frame.iloc[chosen], draws[chosen]


def unique(names: list[str]) -> list[str]:
    """Number names that recur; columns without a name stay so."""
    counts: dict[str, int] = {}
    result = []
    for name in names:
        counts[name] = counts.get(name, 0) + 1
        result.append(name if counts[name] == 1 or not name else f"{name}_{counts[name]}")
    return result
