"""What the stores of runs record of their tasks: domains, and the scores that others reach."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from darebench.errors import TaskFormatError
from darebench.report.load import LoadedRun
from darebench.store import layout
from darebench.store.wire import read_entries
from darebench.types import Trajectory


class Room(NamedTuple):
    """The scores between which a task is won."""

    floor: float
    """Of the best naive answer."""
    reference: float
    """Of a strong model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreFacts:
    """What a question list says of its datasets."""

    entries: Mapping[str, Mapping[str, Any]]
    """Dataset -> its object."""

    def domain(self, t: Trajectory) -> str | None:
        """Return the domain of an attempt's task, if it has one."""
        domain = self._entry(t).get("domain")
        return domain if isinstance(domain, str) else None

    def room(self, t: Trajectory) -> Room | None:
        """Return the recorded floor and reference of an attempt's task, if there is room."""
        version = f"v{layout.version_of(t.family, t.variant)}"
        rooms = self._entry(t).get("headroom")
        found = rooms.get(version) if isinstance(rooms, Mapping) else None
        if not isinstance(found, Mapping):
            return None
        floor, reference = found.get("floor"), found.get("reference", found.get("ceiling"))
        if not isinstance(floor, int | float) or not isinstance(reference, int | float):
            return None
        return Room(float(floor), float(reference)) if floor < reference else None

    def _entry(self, t: Trajectory) -> Mapping[str, Any]:
        return self.entries.get(t.task.rpartition("/")[0], {})


def facts_of(run: LoadedRun) -> StoreFacts:
    """Return what the store of a run records; nothing if the store is no longer where it was."""
    root = run.config.get("store", {}).get("root")
    path = Path(root) / layout.QUESTIONS if isinstance(root, str) else None
    if path is None or not path.is_file():
        return StoreFacts(entries={})
    return _read(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=8)
def _read(path: Path, changed: int) -> StoreFacts:
    try:
        return StoreFacts(entries=read_entries(path))
    except TaskFormatError:  # a store that is broken by now has nothing to add to a report
        return StoreFacts(entries={})
