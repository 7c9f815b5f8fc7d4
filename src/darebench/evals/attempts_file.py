"""`attempts.jsonl`: a run's own record of its attempts, one JSON line for each that has ended.

A line is appended when an attempt has its score, or is left without one, and counts once it is on
the disk. It is whole or not there: a line that a kill cut off is cut away when the run continues,
and one that the disk has no room for is taken back. The process that holds the run's folder is the
only one that writes; anybody may read at any moment.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from darebench.errors import ConfigError
from darebench.evals.trajectory import to_json
from darebench.files import written_whole
from darebench.text import may_need_cleaning
from darebench.types import Trajectory

ATTEMPTS = "attempts.jsonl"
"""Name of the record, in the folder of the run."""


class Key(NamedTuple):
    """Which attempt of a run it is."""

    task: str
    epoch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of the record, and what tells it from others."""

    start: int
    """Bytes before it."""
    size: int
    """Bytes of it, its line end included."""
    key: Key
    is_scored: bool
    value: dict[str, Any]
    is_clean: bool
    """Whether its texts need no cleaning."""


def read_lines(path: Path) -> Iterator[Line]:
    """Yield the whole lines of a record; what a kill left of the last ones is passed over.

    Raises:
        ConfigError: A line is unusable though whole lines follow it.
    """
    start, bad = 0, 0
    with path.open("rb") as stream:
        for number, content in enumerate(stream, 1):
            line = _line(start, content)
            if line is None:
                bad = bad or number
            elif bad:
                raise ConfigError(
                    f"{path} line {bad} is not an attempt; take the line out, and the same "
                    "command makes the attempt again"
                )
            else:
                yield line
            start += len(content)


class AttemptsFile:
    """Appends to a run's record. All calls come from one event loop at a time."""

    def __init__(self, folder: Path) -> None:
        """Open the record of a run, new or continued; the caller holds the folder.

        Raises:
            ConfigError: A line is unusable.
            OSError: The record cannot be read or written.
        """
        self.folder = folder
        path = folder / ATTEMPTS
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
        self._places: dict[Key, tuple[int, int]] = {}
        self._scored: set[Key] = set()
        self._size = 0
        for line in read_lines(path):
            self._note(line.key, line.start, line.size, is_scored=line.is_scored)
        os.ftruncate(self._file, self._size)
        self._synced = 0
        self._syncing: asyncio.Future[None] | None = None

    @property
    def scored(self) -> frozenset[Key]:
        """The attempts that have a score; these are never made again."""
        return frozenset(self._scored)

    async def append(self, trajectory: Trajectory) -> None:
        """Write an attempt down, and return when it is on the disk.

        Raises:
            OSError: It cannot be written; the record is as it was.
        """
        content = (json.dumps(to_json(trajectory), ensure_ascii=False) + "\n").encode()
        start = self._size
        try:
            written = 0
            while written < len(content):
                written += os.write(self._file, content[written:])
        except OSError:
            os.ftruncate(self._file, start)
            raise
        key = Key(trajectory.task, trajectory.epoch)
        self._note(key, start, len(content), is_scored=trajectory.score is not None)
        while self._synced < start + len(content):
            if self._syncing is None:
                self._syncing = asyncio.ensure_future(self._sync())
            await asyncio.shield(self._syncing)

    def copy_to(self, path: Path, order: Sequence[Key]) -> None:
        """Write the lines that count to a file of their own, in this order; whole or not at all."""
        with written_whole(path) as part, part.open("wb") as stream:
            for start, size in (self._places[key] for key in order if key in self._places):
                stream.write(os.pread(self._file, size, start))

    def close(self) -> None:
        """Bring everything to the disk, and close the record."""
        try:
            os.fsync(self._file)
        finally:
            os.close(self._file)

    async def _sync(self) -> None:
        """Bring to the disk what is written by now: one wait for all that are waiting."""
        size = self._size
        try:
            await asyncio.to_thread(os.fdatasync, self._file)
            self._synced = size
        finally:
            self._syncing = None

    def _note(self, key: Key, start: int, size: int, *, is_scored: bool) -> None:
        self._size = start + size
        if is_scored:
            self._scored.add(key)
        if is_scored or key not in self._scored:
            self._places[key] = (start, size)


def _line(start: int, content: bytes) -> Line | None:
    try:
        value = json.loads(content)
        key = Key(str(value["task"]), int(value["epoch"]))
        is_scored = value["score"] is not None
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    if not content.endswith(b"\n"):
        return None
    return Line(
        start=start,
        size=len(content),
        key=key,
        is_scored=is_scored,
        value=value,
        is_clean=not may_need_cleaning(content),
    )
