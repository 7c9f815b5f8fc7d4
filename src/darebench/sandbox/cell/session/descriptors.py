"""Open files across steps: noted and closed at a step's end, opened again at the start of the next.

A process at rest has no descriptor at all, for what one shares with its forks they would see
change: an offset, a flag, what is in a pipe. Files and devices are opened again by their paths.
Pipes, sockets and files without a name are lost; their numbers then mean /dev/null.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
from dataclasses import dataclass

_NO_MORE = os.O_CREAT | os.O_EXCL | os.O_TRUNC
"""Flags of the first time only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parked:
    number: int
    path: str
    flags: int
    offset: int
    inheritable: bool


_parked: list[_Parked] = []


def park() -> None:
    """Note what is open, beside what has been noted since the start of the step, and close it."""
    numbers = [int(name) for name in os.listdir("/proc/self/fd")]
    _parked.extend(found for number in numbers if (found := _look_at(number)))
    if numbers:
        os.closerange(0, max(numbers) + 1)


def _look_at(number: int) -> _Parked | None:
    try:
        info = os.fstat(number)
    except OSError:  # it was open to list the others
        return None
    path, offset = "/dev/null", 0
    if info.st_nlink and not (stat.S_ISFIFO(info.st_mode) or stat.S_ISSOCK(info.st_mode)):
        link = os.readlink(f"/proc/self/fd/{number}")
        path = link if link.startswith("/") else path
        if stat.S_ISREG(info.st_mode):
            offset = os.lseek(number, 0, os.SEEK_CUR)
    flags = fcntl.fcntl(number, fcntl.F_GETFL)
    if path == "/dev/null":
        flags = os.O_RDWR
    return _Parked(
        number=number,
        path=path,
        flags=flags & ~_NO_MORE,
        offset=offset,
        inheritable=os.get_inheritable(number),
    )


def reopen() -> None:
    """Open again what was open at the end of the step before."""
    for file in _parked:
        try:
            opened = os.open(file.path, file.flags)
        except OSError:  # it is gone
            opened = os.open("/dev/null", os.O_RDWR)
        with contextlib.suppress(OSError):  # it has no offset
            os.lseek(opened, file.offset, os.SEEK_SET)
        if opened == file.number:
            os.set_inheritable(opened, file.inheritable)
        else:
            os.dup2(opened, file.number, inheritable=file.inheritable)
            os.close(opened)
    _parked.clear()


def move_away(number: int) -> int:
    """Move a descriptor above all that will be reopened, and return its new number."""
    highest = max((file.number for file in _parked), default=0)
    moved = fcntl.fcntl(number, fcntl.F_DUPFD_CLOEXEC, max(highest, 63) + 1)
    os.close(number)
    return moved
