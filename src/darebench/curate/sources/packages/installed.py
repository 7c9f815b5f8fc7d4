"""Finds packages that are installed: their tables, pages, versions, licences and content."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.message import Message
from fnmatch import fnmatchcase
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path, PurePosixPath
from typing import Any

from darebench.curate.sources.packages.shipped import Shipped

_PACKED = (".gz", ".bz2", ".xz", ".zip")
_FEWEST_BYTES = 1_000
"""A smaller file holds too few rows for a task."""
_NO_LICENCE = ("", "license", "unknown", "license.txt", "license.md", "other/proprietary license")


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """One installed package."""

    shipped: Shipped
    version: str
    licence: str
    """Of the package; empty if it does not say."""
    root: Path
    """Folder that the package's files lie in."""
    tables: Mapping[str, str]
    """Name -> file of a table, from the root on."""
    pages: tuple[str, ...]
    """Files with documentation, from the root on."""

    def digest(self) -> str:
        """Hash the content of the tables and pages."""
        hashed = hashlib.sha256()
        for name in sorted({*self.tables.values(), *self.pages}):
            hashed.update(f"{name}\n".encode())
            with (self.root / name).open("rb") as stream:
                hashed.update(hashlib.file_digest(stream, "sha256").digest())
        return hashed.hexdigest()[:16]


def find_installed(shipped: Shipped) -> Installed | None:
    """Find a package in this environment; None if it is not there."""
    try:
        found = distribution(shipped.name)
    except PackageNotFoundError:
        return None
    files = [PurePosixPath(file.as_posix()) for file in found.files or ()]
    root = Path(str(found.locate_file("")))
    data = [
        file
        for file in files
        if _matches(file, shipped.data)
        and stem_of(file.name) not in shipped.left_out
        and (root / file).is_file()
        and (root / file).stat().st_size >= _FEWEST_BYTES
    ]
    pages = sorted(str(f) for f in files if _matches(f, shipped.pages) and (root / f).is_file())
    return Installed(
        shipped=shipped,
        version=found.version,
        licence=_licence(found),
        root=root,
        tables=dict(sorted(_named(data).items())),
        pages=tuple(pages),
    )


def stem_of(name: str) -> str:
    """Return a file's name without the suffixes of its packing and kind."""
    path = PurePosixPath(name)
    path = path.with_suffix("") if path.suffix.lower() in _PACKED else path
    return path.stem


def _matches(file: PurePosixPath, globs: Iterable[str]) -> bool:
    """Check whether a path fits a glob part by part."""
    parts = [PurePosixPath(glob).parts for glob in globs]
    return any(
        len(glob) == len(file.parts) and all(map(fnmatchcase, file.parts, glob)) for glob in parts
    )


def _named(files: list[PurePosixPath]) -> dict[str, str]:
    """Name each table by its file, or by a folder that holds no other one."""
    beside = Counter(file.parent for file in files)
    counts = Counter(stem_of(file.name) for file in files)
    named: dict[str, str] = {}
    for file in sorted(files):
        stem = stem_of(file.name)
        is_alone = beside[file.parent] == 1 and len(beside) > 1
        name = stem if counts[stem] == 1 else f"{file.parent.name}-{stem}"
        named.setdefault(file.parent.name if is_alone else name, str(file))
    return named


def _licence(found: Distribution) -> str:
    """Return the licence that a package's metadata names; empty if it names none."""
    metadata: Message | Any = found.metadata
    given = metadata.get("License-Expression") or metadata.get("License") or ""
    lines = [line.strip() for line in str(given).strip().splitlines()] or [""]
    if len(lines) == 1 and len(lines[0]) <= 60 and lines[0].lower() not in _NO_LICENCE:
        return lines[0]
    for classifier in metadata.get_all("Classifier") or ():
        if classifier.startswith("License ::") and classifier.count("::") == 2:
            return classifier.rpartition("::")[2].strip()
    return lines[0].title() if 0 < len(lines[0]) <= 60 and len(lines) > 1 else ""
