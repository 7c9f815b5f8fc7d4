"""Folders that their owner removes, or whoever comes next if the owner was killed.

The owner holds a lock on the folder itself, which the kernel releases with the last process that
has it open. So a folder without a lock has no living owner, whatever became of process numbers, in
this or any other process namespace.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

_TRIES, _PAUSE_S = 100, 0.01


class OwnedFolder:
    """A temporary folder of this process and of those that it hands the lock to."""

    def __init__(self, prefix: str) -> None:
        """Make a folder, and remove those of the same prefix that have no living owner.

        Raises:
            OSError: No folder can be made, for want of room or of a temporary folder.
        """
        parent = Path(tempfile.gettempdir())
        own = f"{prefix}{os.getpid()}-"
        self.path, self._lock = make_locked(lambda: Path(tempfile.mkdtemp(prefix=own, dir=parent)))
        sweep(parent, prefix)

    def remove(self) -> None:
        """Remove the folder with all that is in it; can be called again."""
        if self._lock >= 0:
            shutil.rmtree(self.path, ignore_errors=True)
            self.forget()

    def forget(self) -> None:
        """Leave the folder to the process that this one was forked from."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


@contextlib.contextmanager
def owned_folder(prefix: str) -> Iterator[Path]:
    """Yield the path of an owned folder, which is removed afterwards."""
    folder = OwnedFolder(prefix)
    try:
        yield folder.path
    finally:
        folder.remove()


def sweep(parent: Path, prefix: str) -> None:
    """Remove our user's folders of a prefix that have no living owner."""
    for path in parent.glob(f"{prefix}*-*"):
        with contextlib.suppress(OSError):  # somebody's, or it is being made or removed right now
            if path.lstat().st_uid == os.geteuid():
                with locked(path):
                    shutil.rmtree(path)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock on a folder of ours that has no living owner.

    Raises:
        OSError: It has one, or it is not a folder of ours.
    """
    lock = lock_folder(path)
    try:
        yield
    finally:
        os.close(lock)


def lock_folder(path: Path | str) -> int:
    """Return a descriptor of a folder, on which it holds a lock until it is closed.

    Raises:
        OSError: Somebody else holds the lock, or it is not a folder of ours.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def make_locked(make: Callable[[], Path]) -> tuple[Path, int]:
    """Make a folder and lock it; make another one if it has been swept before it was locked.

    Args:
        make: Makes a folder and returns its path.

    Returns:
        The path, and the descriptor that holds the lock.

    Raises:
        OSError: It cannot be made or locked.
    """
    path = make()
    for _ in range(_TRIES):
        try:
            lock = lock_folder(path)
        except (BlockingIOError, FileNotFoundError):  # a sweep has it, or had it
            pass
        else:
            if path.is_dir() and path.stat().st_ino == os.fstat(lock).st_ino:
                return path, lock
            os.close(lock)
        time.sleep(_PAUSE_S)
        path = make()
    raise OSError(f"{path.parent} is swept again and again")
