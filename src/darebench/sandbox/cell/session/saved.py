"""Saved contents of files: copies that no program can reach, each shared by all trees that hold it.

They lie on a tmpfs of their own without a name, which only the warden has open.
"""

from __future__ import annotations

import errno
import itertools
import os

from darebench.sandbox.cell import linux

_CHUNK = 1 << 20


class Shelf:
    """The place of the saved contents of one warden."""

    def __init__(self, mount_point: str, size_mb: int) -> None:
        """Make it, by way of an empty folder."""
        linux.mount("tmpfs", mount_point, "tmpfs", 0, f"size={size_mb}m,mode=700")
        self._folder = os.open(mount_point, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        linux.unmount(mount_point)
        self._names = map(str, itertools.count())

    def save(self, source: int) -> Saved:
        """Copy an open file.

        Raises:
            OSError: There is no more room.
        """
        name = next(self._names)
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        target = os.open(name, flags, 0o600, dir_fd=self._folder)
        saved = Saved(self, name)
        try:
            copy(source, target)
        finally:
            os.close(target)
        return saved

    def open(self, name: str) -> int:
        """Open a saved content for reading."""
        return os.open(name, os.O_RDONLY | os.O_CLOEXEC, dir_fd=self._folder)

    def drop(self, name: str) -> None:
        """Remove a saved content."""
        os.unlink(name, dir_fd=self._folder)


class Saved:
    """What a file held; removed with the last tree that holds it."""

    __slots__ = ("_name", "_shelf")

    def __init__(self, shelf: Shelf, name: str) -> None:
        self._shelf, self._name = shelf, name

    def __del__(self) -> None:
        self._shelf.drop(self._name)

    def open(self) -> int:
        """Return a descriptor for reading, which is the caller's to close."""
        return self._shelf.open(self._name)


def copy(source: int, target: int) -> None:
    """Make an open file hold what another one does, holes included."""
    size = os.fstat(source).st_size
    os.ftruncate(target, 0)
    os.ftruncate(target, size)
    at = 0
    while at < size:
        try:
            at = os.lseek(source, at, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:  # nothing but a hole is left
                return
            raise
        end = os.lseek(source, at, os.SEEK_HOLE)
        os.lseek(target, at, os.SEEK_SET)
        while at < end:
            sent = os.sendfile(target, source, at, end - at)
            if not sent:
                return
            at += sent


def same(one: int, other: int) -> bool:
    """Check whether two open files hold the same."""
    size = os.fstat(one).st_size
    if size != os.fstat(other).st_size:
        return False
    if os.fstat(one).st_blocks == os.fstat(other).st_blocks == 0:
        return True
    return all(
        os.pread(one, _CHUNK, at) == os.pread(other, _CHUNK, at) for at in range(0, size, _CHUNK)
    )
