"""What a program leaves in its cell: whether it can be cleared away, and its removal.

A cell is a mount and a pid namespace; all other namespaces are each program's own. A program cannot
change the mounts, for it has no capability there, nor files' extended attributes, which the filter
forbids. Once its processes have ended, only its files and the last process number could be left.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from darebench.sandbox.cell import rootfs

MAX_FILES = 64
"""Most files that are removed from one folder; for more, a new cell takes less time."""
_FOLDERS = tuple(f"{rootfs.BOX}/{name}" for name in rootfs.FOLDERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class InitialState:
    """The files of a cell as they were when it was furnished."""

    folders: dict[str, tuple[int, int]]
    """Path of each folder, of the one around them, and of those within -> inode and mode."""
    entries: dict[str, tuple[int, int]]
    """Path of each other entry -> inode and mode: links to an interpreter that lies under /tmp."""
    made_ns: int
    """The modification time of all folders."""
    last_pid: int
    """Descriptor of ns_last_pid; -1 where the kernel does not have it."""

    def is_plain(self) -> bool:
        """Check whether a program has left nothing but a few plain files in the folders.

        Raises:
            OSError: A folder is gone.
        """
        if self.last_pid < 0:
            return False
        for known in (self.folders, self.entries):
            if any(_state(path) != state for path, state in known.items()):
                return False
        return all(self._holds_plain_files(folder) for folder in self.folders)

    def _holds_plain_files(self, folder: str) -> bool:
        """Check whether what is new in a folder is a few plain files, where files may be new."""
        n_new = 0
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.path in self.folders or entry.path in self.entries:
                    continue
                n_new += 1
                is_plain = folder in _FOLDERS and entry.is_file(follow_symlinks=False)
                if n_new > MAX_FILES or not is_plain:
                    return False
        return True

    def clear(self) -> None:
        """Remove these files, and number the next process as the first one was."""
        for folder in _FOLDERS:
            for name in os.listdir(folder):  # noqa: PTH208 -- names are enough
                path = f"{folder}/{name}"
                if path not in self.folders and path not in self.entries:
                    os.unlink(path)  # noqa: PTH108 -- a Path costs more than the file
        self.date()
        os.pwrite(self.last_pid, b"1", 0)

    def date(self) -> None:
        """Set the times of all folders, which a program can change."""
        for path in self.folders:
            os.utime(path, ns=(self.made_ns, self.made_ns))


def furnish() -> InitialState:
    """Furnish a cell, and return its state."""
    last_pid = rootfs.furnish()
    folders: dict[str, tuple[int, int]] = {}
    entries: dict[str, tuple[int, int]] = {}
    for path, names, others in os.walk(rootfs.BOX):
        folders[path] = _state(path)
        links = [name for name in names if os.path.islink(f"{path}/{name}")]  # noqa: PTH114
        entries |= {f"{path}/{name}": _state(f"{path}/{name}") for name in (*links, *others)}
    made = InitialState(
        folders=folders,
        entries=entries,
        made_ns=os.lstat(rootfs.BOX).st_mtime_ns,
        last_pid=last_pid,
    )
    made.date()
    return made


def _state(folder: str) -> tuple[int, int]:
    info = os.lstat(folder)
    return info.st_ino, info.st_mode
