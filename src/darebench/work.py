"""Folders of work: runs, curations and trainings, which the same call continues.

A folder belongs to one piece of work at a time. Its lock lies beside it, so that it is held while
the folder itself is moved, and it is taken before anything is touched. What the work is, the folder
says in records: JSON files that are compared when the work is continued. A record may hold notes,
such as paths, which are kept for people and are not compared: a folder, a store or a cache that has
moved is still the same.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from darebench.errors import ConfigError
from darebench.files import write_json, written_whole

_SHOWN = 3
"""Most differences that a message names."""


def _always(folder: Path) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One JSON file of a folder that says what the work is, or what it is made with."""

    value: Mapping[str, Any]
    notes: frozenset[str] = frozenset()
    """Dotted keys, such as `store.root`, that are not compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """The piece of work that a folder is for."""

    kind: str
    """What messages call it: `run`, `curation` or `training`."""
    records: Mapping[str, Record]
    """File name -> record, in the order in which they are compared."""
    remedy: str = "use another --out, or --fresh to start over"
    """What to do about a folder that holds other work; the end of a message."""
    has_begun: Callable[[Path], bool] = _always
    """Whether a folder of other work has anything to lose; if not, its records are replaced."""


@contextmanager
def claimed(folder: Path, work: Work, *, fresh: bool = False) -> Iterator[bool]:
    """Hold a folder for a piece of work, and yield whether it continues work that was there.

    Args:
        folder: Where the work is kept; made if needed.
        work: What the folder must be for.
        fresh: Set aside whatever the folder holds, and start over.

    Raises:
        ConfigError: Another process holds the folder, or it holds other work or other files.
    """
    with held(folder):
        if fresh:
            set_aside(folder)
        yield _enter(folder, work)


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder, which need not exist yet.

    Raises:
        ConfigError: Another process holds it.
    """
    stream = _lock_file(folder).open("a")
    with stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigError(
                f"another process is at work in {folder}; wait for it, or use another --out"
            ) from None
        yield


def set_aside(folder: Path) -> Path | None:
    """Rename a held folder to the first free `NAME.oldN`; return that path, or None without one."""
    if not folder.is_dir():
        return None
    number = 1
    while (target := folder.with_name(f"{folder.name}.old{number}")).exists():
        number += 1
    folder.rename(target)
    return target


def is_set_aside(folder: Path) -> bool:
    """Check whether a path is named as `set_aside` names what it moves."""
    return re.search(r"\.old\d+$", folder.name) is not None


def differences(
    known: Mapping[str, Any], now: Mapping[str, Any], notes: frozenset[str] = frozenset()
) -> list[str]:
    """Return a phrase for every setting that differs, with its value there and here."""
    there, here = _flat(known, notes), _flat(now, notes)
    return [
        f"{key} {_shown(there.get(key))} there, {_shown(here.get(key))} here"
        for key in [*here, *(k for k in there if k not in here)]
        if there.get(key) != here.get(key)
    ]


def read_record(path: Path, work: Work) -> dict[str, Any]:
    """Read a record back.

    Raises:
        ConfigError: The record cannot be read, or is not a JSON object.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read ({error}); {work.remedy}") from None
    if not isinstance(value, dict):
        raise ConfigError(f"{path} is not the record of a {work.kind}; {work.remedy}")
    return value


def is_continued(folder: Path, work: Work) -> bool:
    """Check whether a folder holds this work already, without touching it.

    Raises:
        ConfigError: It holds other work that has begun, or other files.
    """
    first = next(iter(work.records))
    present = [name for name in work.records if (folder / name).is_file()]
    if not present and folder.is_dir() and any(folder.iterdir()):
        raise ConfigError(f"{folder} holds other files; give a new or empty folder to --out")
    # A folder that has the first record has all of them, or somebody took one out.
    for name in work.records if first in present else present:
        record, path = work.records[name], folder / name
        now = json.loads(json.dumps(record.value))
        changed = differences(read_record(path, work), now, record.notes)
        if changed and not work.has_begun(folder):
            return False
        if changed:
            more = f" and {len(changed) - _SHOWN} more" if len(changed) > _SHOWN else ""
            raise ConfigError(
                f"{folder} holds another {work.kind} ({'; '.join(changed[:_SHOWN])}{more}); "
                f"{work.remedy}"
            )
    return first in present


def _enter(folder: Path, work: Work) -> bool:
    goes_on = is_continued(folder, work)
    folder.mkdir(parents=True, exist_ok=True)
    # The first record is written last.
    for name in reversed([*work.records]):
        if not goes_on or not (folder / name).is_file():
            with written_whole(folder / name) as part:
                write_json(work.records[name].value, part)
    return goes_on


def _lock_file(folder: Path) -> Path:
    """Return the path of a folder's lock, the same for every path that leads to the folder."""
    folder = folder.resolve()
    lock = folder.with_name(f".{folder.name}.lock")
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        lock.open("a").close()
    except OSError as error:
        # A folder that is a mount point of its own cannot be renamed, and may hold its lock itself.
        inside = error.errno in (errno.EACCES, errno.EPERM, errno.EROFS)
        if not inside or not os.access(folder, os.W_OK):
            raise ConfigError(f"{lock} cannot be written ({error.strerror})") from None
        return folder / ".lock"
    return lock


def _flat(value: Mapping[str, Any], notes: frozenset[str], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, item in value.items():
        name = f"{prefix}{key}"
        if name in notes:
            continue
        if isinstance(item, Mapping) and item:
            found |= _flat(item, notes, f"{name}.")
        else:
            found[name] = item
    return found


def _shown(value: object) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str) and len(value) > _SHOWN:
        return f"{len(value)} items"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."
