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


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """The files of a cell as they were when it was furnished."""

    folders: dict[str, tuple[int, int]]
    """The inode and the rights of each folder, by its path."""
    last_pid: int
    """Descriptor of the last process number; -1 where the kernel lets nobody set it."""

    def is_plain(self) -> bool:
        """Say whether a program has left nothing but a few plain files in the folders."""
        if self.last_pid < 0 or len(os.listdir(cell.BOX)) != len(self.folders):  # noqa: PTH208
            return False
        for folder, look in self.folders.items():
            if _look(folder) != look:
                return False
            with os.scandir(folder) as entries:
                for number, entry in enumerate(entries):
                    if number == MOST_FILES or not entry.is_file(follow_symlinks=False):
                        return False
        return True

    def clear(self) -> None:
        """Remove these files, and have the next process numbered as the first one was."""
        for folder in self.folders:
            for name in os.listdir(folder):  # noqa: PTH208 -- names are enough
                os.unlink(f"{folder}/{name}")  # noqa: PTH108 -- a Path costs more than the file
        os.pwrite(self.last_pid, b"1", 0)


def furnish() -> Cell:
    """Furnish a cell, and note how it is."""
    last_pid = cell.furnish()
    paths = [f"{cell.BOX}/{name}" for name in cell.FOLDERS]
    return Cell(folders={path: _look(path) for path in paths}, last_pid=last_pid)


def _look(folder: str) -> tuple[int, int]:
    info = os.lstat(folder)
    return info.st_ino, info.st_mode
