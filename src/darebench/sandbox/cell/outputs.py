"""The files that leave a call: regular ones, opened when nothing can change them any more."""

from __future__ import annotations

import itertools
import os
import stat
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from darebench.sandbox.names import UNWRITTEN, problem_with

MOST_UNSAVED = 5
"""Most files that are named though nobody asked for them."""
_MOST_SEEN = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """What became of the files that were asked for."""

    opened: dict[str, int]
    """Name -> descriptor, which is the caller's to close."""
    refused: dict[str, str]
    """Name -> why the file stays."""


def collect(folder: str, wanted: Sequence[str], limit_mb: int) -> Outputs:
    """Open the files that a program left."""
    found = Outputs(opened={}, refused={})
    for name in dict.fromkeys(wanted):
        opened = _open(folder, name, limit_mb)
        if isinstance(opened, str):
            found.refused[name] = opened
        else:
            found.opened[name] = opened
    return found


def unsaved(folder: str, asked: Collection[str]) -> tuple[str, ...]:
    """Return names of files that a program wrote and that nobody asked for, a few of them."""
    try:
        with os.scandir(folder) as entries:
            seen = list(itertools.islice(entries, _MOST_SEEN))
    except OSError:  # the program may have closed its folder
        return ()
    names = [
        entry.name
        for entry in seen
        if entry.name not in asked
        and not entry.name.startswith(".")
        and problem_with(entry.name) is None
        and entry.is_file(follow_symlinks=False)
    ]
    return tuple(sorted(names)[:MOST_UNSAVED])


def _open(folder: str, name: str, limit_mb: int) -> int | str:
    """Return a descriptor, or why the file may not leave."""
    problem = problem_with(name)
    if problem:
        return problem
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(Path(folder, name), flags)
    except FileNotFoundError:
        return UNWRITTEN
    except OSError as error:
        return f"it is not a readable regular file ({error.strerror})"
    info = os.fstat(descriptor)
    if not stat.S_ISREG(info.st_mode):
        why = "it is not a regular file"
    elif info.st_size > limit_mb << 20:
        why = f"it has {info.st_size} bytes, the limit is {limit_mb} MB"
    else:
        return descriptor
    os.close(descriptor)
    return why
