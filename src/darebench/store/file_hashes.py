"""Hashes of a store's files, which are kept, so that a large store is not read at each call.

A kept hash is used only for a file of the same size, inode and times. The time of the last change
of the inode cannot be set by a program. Two changes within one tick of the clock have the same one,
and a write through a memory map shows in it up to half a minute late: so a hash is kept only of a
file that had been left alone for longer than that.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from darebench.environment import fingerprint
from darebench.store.cache import cache_folder

SETTLED_NS = 60 * 10**9
"""How long a file must have been left alone, in nanoseconds, for its hash to be kept."""
_SCHEMA = 1
_THREADS = min(8, os.cpu_count() or 1)

_Kept = tuple[list[int], str]
"""What identifies a state of a file, and its hash."""


class FileHashes:
    """The hashes of the files of one store, most of them as they were kept."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._name = fingerprint([_SCHEMA, str(root.resolve())])
        self._fresh: dict[str, _Kept] = {}

    def of(self, paths: Collection[Path]) -> dict[Path, str]:
        """Return the hash of each file; one that cannot be read has its error as its hash."""
        kept = self._load()
        found = {path: self._find(path, kept) for path in paths}
        new = [path for path, digest in found.items() if digest is None]
        with ThreadPoolExecutor(_THREADS) as pool:
            made = dict(zip(new, pool.map(self._make, new), strict=True))
        if self._fresh:
            self._save(kept | self._fresh)
        return {path: digest or made[path] for path, digest in found.items()}

    def _find(self, path: Path, kept: dict[str, _Kept]) -> str | None:
        known = kept.get(self._name_of(path))
        if known is None:
            return None
        try:
            return known[1] if _state(path.stat()) == known[0] else None
        except OSError:
            return None

    def _make(self, path: Path) -> str:
        try:
            now = time.time_ns()
            with path.open("rb") as stream:
                state = _state(os.fstat(stream.fileno()))
                digest = hashlib.file_digest(stream, "sha256").hexdigest()[:32]
                unchanged = _state(os.fstat(stream.fileno())) == state
        except OSError as error:
            return f"cannot be read: {error.strerror}"
        if unchanged and now - max(state[-2:]) > SETTLED_NS:
            self._fresh[self._name_of(path)] = (state, digest)
        return digest

    def _name_of(self, path: Path) -> str:
        return str(path.relative_to(self._root))

    def _load(self) -> dict[str, _Kept]:
        try:
            text = (cache_folder("hashes") / f"{self._name}.json").read_text(encoding="utf-8")
            return {path: (state, digest) for path, (state, digest) in json.loads(text).items()}
        except (OSError, ValueError, TypeError, AttributeError):  # none, or cut off: made anew
            return {}

    def _save(self, kept: dict[str, _Kept]) -> None:
        with contextlib.suppress(OSError):  # a cache that cannot be written costs only time
            folder = cache_folder("hashes")
            with tempfile.NamedTemporaryFile(
                "w", encoding="utf-8", dir=folder, suffix=".part", delete=False
            ) as part:
                json.dump(kept, part)
            Path(part.name).replace(folder / f"{self._name}.json")


def _state(info: os.stat_result) -> list[int]:
    return [info.st_dev, info.st_ino, info.st_size, info.st_mtime_ns, info.st_ctime_ns]
