"""What lies at some paths: runs, stores, curations, audits and trainings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from darebench.curate.assemble import STORE
from darebench.evals.attempts_file import ATTEMPTS
from darebench.evals.diagnoses import DIAGNOSES
from darebench.evals.run_records import CONFIG, ENVIRONMENT
from darebench.evals.trajectory import TRAJECTORIES
from darebench.report.load import METRICS, LeftOut
from darebench.report.page.curation_documents import LEDGER, is_curation
from darebench.report.page.curves_page import is_training
from darebench.store import layout
from darebench.store.cache import cache_folder
from darebench.store.sources import STARTER
from darebench.work import is_set_aside

DEPTH = 2
"""Levels below a plain folder in which things are looked for: runs lie in `runs/`."""
_BEGINNING = 4096


class Kind(StrEnum):
    """What a path holds."""

    RUN = "run"
    """The folder of an evaluation."""
    STORE = "store"
    """A folder of tasks."""
    CURATION = "curation"
    """The folder of a curation; its store is a place of its own."""
    AUDIT = "audit"
    """A file that `darebench audit --json` has printed."""
    TRAINING = "training"
    """The folder of a training run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One thing that can be shown."""

    kind: Kind
    path: Path

    @property
    def called(self) -> Path:
        """The path that names it: a curation's store is called as the curation is.

        The starter store is in a folder of its version, which lies in one of its name.
        """
        folder = self.path.parent
        is_inside = self.path.name == STORE and is_curation(folder)
        is_starter = folder.resolve() == cache_folder(STARTER).resolve()
        named_above = self.kind is Kind.STORE and (is_inside or is_starter)
        return (folder if named_above else self.path).resolve()

    @property
    def state(self) -> tuple[tuple[int, int, int], ...]:
        """What changes whenever its content does: of each file that is read, what `stat` says."""
        files = {
            Kind.RUN: (CONFIG, ENVIRONMENT, ATTEMPTS, TRAJECTORIES, DIAGNOSES),
            Kind.STORE: (layout.QUESTIONS,),
            Kind.CURATION: (LEDGER,),
            Kind.AUDIT: ("",),
            Kind.TRAINING: (METRICS,),
        }[self.kind]
        return tuple(_stat(self.path / name) for name in files)


def find_places(paths: Sequence[Path]) -> tuple[list[Place], list[LeftOut]]:
    """Return what lies at some paths, and up to `DEPTH` levels below those that are plain folders.

    Returns:
        The places, each once, and why the other paths are left out.
    """
    found: dict[Path, Place] = {}
    left: list[LeftOut] = []
    for path in paths:
        own = list(_at(path))
        if not own and path.is_dir():
            own = list(_below(path, DEPTH))
        elif not own:
            what = "is not there" if not path.exists() else "is a file that cannot be shown"
            left.append(LeftOut(path=str(path), reason=what))
        found |= {place.path.resolve(): place for place in own}
    return list(found.values()), left


def _below(folder: Path, depth: int) -> Iterator[Place]:
    """Yield what lies in a plain folder; the hidden, set aside and unreadable is passed over."""
    try:
        inside = sorted(child for child in folder.iterdir() if not child.name.startswith("."))
    except OSError:
        return
    for child in inside:
        if is_set_aside(child):
            continue
        if child.is_dir():
            own = list(_at(child))
            yield from own or (_below(child, depth - 1) if depth > 1 else ())
        elif child.suffix == ".json" and _is_audit(child, _stat(child)):
            yield from _at(child)


@lru_cache(maxsize=1024)
def _is_audit(path: Path, state: tuple[int, int, int]) -> bool:
    """Check whether a file begins as `darebench audit --json` does; others are somebody's own."""
    try:
        with path.open(encoding="utf-8") as stream:
            beginning = stream.read(_BEGINNING)
    except (OSError, ValueError):
        return False
    return '"schema"' in beginning and '"findings"' in beginning


def _at(path: Path) -> Iterator[Place]:
    if path.is_file():
        if path.suffix == ".json":
            yield Place(kind=Kind.AUDIT, path=path)
    elif is_training(path):
        yield Place(kind=Kind.TRAINING, path=path)
    elif (path / layout.QUESTIONS).is_file():
        yield Place(kind=Kind.STORE, path=path)
    elif is_curation(path):
        yield Place(kind=Kind.CURATION, path=path)
        yield Place(kind=Kind.STORE, path=path / STORE)
    elif (path / CONFIG).is_file() and (path / ENVIRONMENT).is_file():
        yield Place(kind=Kind.RUN, path=path)


def _stat(path: Path) -> tuple[int, int, int]:
    try:
        found = path.stat()
    except OSError:
        return (0, 0, 0)
    return (found.st_ino, found.st_size, found.st_mtime_ns)
