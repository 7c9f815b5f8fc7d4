"""The starter store: a dozen tasks of all six kinds, made from data that our libraries ship."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from darebench.environment import current_environment, fingerprint

_SOURCES = (
    "store/starter/build.py",
    "store/starter/datasets.py",
    "store/noise.py",
    "store/settings.py",
    "store/write.py",
)


def ensure_starter(cache: Path) -> Path:
    """Give the starter store's folder; it is made at a version's first use, in some seconds."""
    versions = [current_environment().hash, version("statsmodels")]
    package = files("darebench")
    texts = [hashlib.sha256(package.joinpath(s).read_bytes()).hexdigest() for s in _SOURCES]
    folder = cache / fingerprint([versions, texts])
    if not folder.is_dir():
        from darebench.store.starter.build import build_datasets
        from darebench.store.write import write_store

        try:
            write_store(build_datasets(), folder)
        except OSError:
            if not folder.is_dir():  # else another process made it meanwhile
                raise
    return folder
