"""What a program leaves in its cell: whether the cell is as new without it, and its removal.

A cell is a mount and a pid namespace; all others are each program's own. A program cannot change
the mounts, for it has no capability there, nor files' attributes, which the filter forbids. Once
its processes have ended, its files and the last process number are all that could be left.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from darebench.sandbox import cell

MOST_FILES = 64
"""Of one folder: to remove many takes longer than to make a new cell."""
_FOLDERS = tuple(f"{cell.BOX}/{name}" for name in cell.FOLDERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """The files of a cell as they were when it was furnished."""

    looks: dict[str, tuple[int, int]]
    """The inode and the rights of each folder, and of the one around them."""
    made_ns: int
    """The time that all folders bear."""
    last_pid: int
    """Descriptor of the last process number; -1 where the kernel lets nobody set it."""

    def is_plain(self) -> bool:
        """Say whether a program has left nothing but a few plain files in the folders.

        Raises:
            OSError: a folder is gone.
        """
        if self.last_pid < 0 or len(os.listdir(cell.BOX)) != len(_FOLDERS):  # noqa: PTH208
            return False
        if any(_look(path) != look for path, look in self.looks.items()):
            return False
        for folder in _FOLDERS:
            with os.scandir(folder) as entries:
                for number, entry in enumerate(entries):
                    if number == MOST_FILES or not entry.is_file(follow_symlinks=False):
                        return False
        return True

    def clear(self) -> None:
        """Remove these files, and have the next process numbered as the first one was."""
        for folder in _FOLDERS:
            for name in os.listdir(folder):  # noqa: PTH208 -- names are enough
                os.unlink(f"{folder}/{name}")  # noqa: PTH108 -- a Path costs more than the file
        self.date()
        os.pwrite(self.last_pid, b"1", 0)

    def date(self) -> None:
        """Give all folders the same times, which a program can set."""
        for path in self.looks:
            os.utime(path, ns=(self.made_ns, self.made_ns))


def furnish() -> Cell:
    """Furnish a cell, and note how it is."""
    last_pid = cell.furnish()
    looks = {path: _look(path) for path in (cell.BOX, *_FOLDERS)}
    made = Cell(looks=looks, made_ns=os.lstat(cell.BOX).st_mtime_ns, last_pid=last_pid)
    made.date()
    return made


def _look(folder: str) -> tuple[int, int]:
    info = os.lstat(folder)
    return info.st_ino, info.st_mode
