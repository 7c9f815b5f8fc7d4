"""The starter store: a dozen tasks of all six tracks, curated from tables that our libraries ship.

What to make of each table is chosen by hand (`starter_tables`); everything else is curation's own:
the same cleaning, drafts, noise, questions and settings. It is made at a version's first use, in
some seconds, and kept in the cache.
"""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from darebench.environment import current_environment, fingerprint

if TYPE_CHECKING:
    from darebench.store.write import DatasetFiles

_MADE_BY = ("audit", "curate", "instructions", "scoring", "store")
"""Rooms whose code decides the bytes of the store."""


def ensure(cache: Path) -> Path:
    """Return the starter store's folder in a cache; make the store if it is not there."""
    versions = [current_environment().hash, version("statsmodels")]
    folder = cache / fingerprint([versions, _hash_code()])
    if not folder.is_dir():
        # A store that is there is found without importing what makes one.
        from darebench.store.write import write_store

        try:
            write_store(build_datasets(), folder)
        except OSError:
            if not folder.is_dir():  # else another process made it meanwhile
                raise
    return folder


def build_datasets() -> list[DatasetFiles]:
    """Make all starter datasets; every random choice comes from a dataset's own seed."""
    from threadpoolctl import threadpool_limits

    from darebench.curate.starter_datasets import build
    from darebench.curate.starter_tables import STARTER

    with threadpool_limits(1):
        return [build(dataset) for dataset in STARTER]


def _hash_code() -> str:
    package = Path(str(files("darebench")))
    modules = [path for room in _MADE_BY for path in sorted((package / room).rglob("*.py"))]
    whole = hashlib.sha256()
    for path in modules:
        whole.update(path.read_bytes())
    return whole.hexdigest()
