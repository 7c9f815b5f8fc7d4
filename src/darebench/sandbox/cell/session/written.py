"""Which files have been open for writing since the last look: inotify, which also sees memory maps.

A write through a memory map of a file on a tmpfs changes none of its times, but the kernel reports
when the descriptor behind it is closed.
"""

from __future__ import annotations

import ctypes
import os
import struct

IN_MODIFY, IN_CLOSE_WRITE = 0x2, 0x8
IN_Q_OVERFLOW, IN_IGNORED = 0x4000, 0x8000
IN_DONT_FOLLOW = 0x02000000
_EVENT = struct.Struct("iIII")
"""struct inotify_event: wd, mask, cookie, len; no names, for files are watched, not folders."""
_libc = ctypes.CDLL(None, use_errno=True)


class Written:
    """Watches files by their inodes."""

    def __init__(self) -> None:
        self._descriptor = _libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        """-1 where the user has too many already; then nothing is known."""
        self._inode_of: dict[int, int] = {}
        self._watched: set[int] = set()
        self._dirty: set[int] = set()

    def watch(self, path: str, inode: int) -> None:
        """Watch a file from now on, if the kernel has room for it."""
        if self._descriptor < 0 or inode in self._watched:
            return
        mask = IN_MODIFY | IN_CLOSE_WRITE | IN_DONT_FOLLOW
        number = _libc.inotify_add_watch(self._descriptor, os.fsencode(path), mask)
        if number >= 0:
            self._inode_of[number] = inode
            self._watched.add(inode)

    def look(self) -> None:
        """Take what has happened."""
        while self._descriptor >= 0:
            try:
                data = os.read(self._descriptor, 1 << 16)
            except BlockingIOError:
                return
            for number, mask, _, _ in _EVENT.iter_unpack(data):
                if mask & IN_Q_OVERFLOW:
                    self._dirty |= self._watched
                inode = self._inode_of.get(number, -1)
                if mask & (IN_MODIFY | IN_CLOSE_WRITE):
                    self._dirty.add(inode)
                if mask & IN_IGNORED:  # the file is no more
                    self._inode_of.pop(number, None)
                    self._watched.discard(inode)
                    self._dirty.discard(inode)

    def may_have_changed(self, inode: int) -> bool:
        """Check whether a file may have been written to since it was last said to be clean."""
        return inode not in self._watched or inode in self._dirty

    def is_clean(self, inode: int) -> None:
        """Note that what a file holds is known."""
        self._dirty.discard(inode)
