"""The files of the session that runs: saved as a tree at the end of a step, and put back from one.

There is one folder for all sessions of a warden, whose steps take turns: before each, it is made to
hold the files of that session's state. What has not changed is neither copied nor compared.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from darebench.sandbox.cell.session.saved import Saved, Shelf, copy, same
from darebench.sandbox.cell.session.written import Written

MAX_DEPTH = 40
"""How deep folders may be nested."""
EMPTIED = "shm"
"""The folder whose files end with the step, as the processes do that share them."""
_KEPT = (stat.S_IFDIR, stat.S_IFREG, stat.S_IFLNK, stat.S_IFIFO)
"""Kinds of files that are saved; sockets end with their processes."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a tree."""

    mode: int
    """Its kind and its rights."""
    mtime_ns: int
    content: Saved | str | None
    """Of a file, or of a symbolic link."""


Tree = Mapping[str, Entry]
"""Path below the box -> file."""


@dataclass(frozen=True, slots=True)
class _Known:
    """A file that held a saved content when it had these properties."""

    properties: tuple[int, int, int, int]
    content: Saved


class Folder:
    """The files that steps see and change."""

    def __init__(self, box: str, shelf: Shelf, given: Collection[str]) -> None:
        """Take charge of the files below `box`, but for those `given`, which stay as they are."""
        self._box = box
        self._shelf = shelf
        self._given = frozenset(path.removeprefix(f"{box}/") for path in given)
        self._fixed = {path: os.lstat(path).st_ino for path in given}
        self._known: dict[str, _Known] = {}
        self._written = Written()

    def save(self) -> Tree:
        """Return what is there now.

        Raises:
            ValueError: A session cannot keep it; the message says why.
            OSError: There is no more room.
        """
        for path, inode in self._fixed.items():
            if not os.path.lexists(path) or os.lstat(path).st_ino != inode:
                raise ValueError(f"a folder in the place of {path}")
        self._empty(f"{self._box}/{EMPTIED}")
        self._written.look()
        tree = {}
        for path, info in self._walk():
            kind = stat.S_IFMT(info.st_mode)
            content = None
            if kind == stat.S_IFREG:
                content = self._save(path, info)
            elif kind == stat.S_IFLNK:
                content = os.readlink(f"{self._box}/{path}")
            elif kind not in _KEPT:
                os.unlink(f"{self._box}/{path}")
                continue
            tree[path] = Entry(info.st_mode, info.st_mtime_ns, content)
        self._known = {path: known for path, known in self._known.items() if path in tree}
        return tree

    def is_mapped(self) -> bool:
        """Check whether a process has a file open or in its memory, when all of them rest.

        The kernel grants a lease only on a file that nobody else uses.

        Raises:
            ValueError: They are nested too deep to be looked through.
        """
        for path, info in self._walk():
            if stat.S_ISREG(info.st_mode):
                descriptor = os.open(f"{self._box}/{path}", os.O_RDONLY | os.O_CLOEXEC)
                try:
                    fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_WRLCK)
                    fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
                except OSError:
                    return True
                finally:
                    os.close(descriptor)
        return False

    def put_back(self, tree: Tree) -> None:
        """Make the folder hold exactly these files."""
        self._empty(f"{self._box}/{EMPTIED}")
        self._written.look()
        try:
            found = dict(self._walk())
        except ValueError:
            self.clear()
            found = dict(self._walk())
        for path in sorted(found, reverse=True):
            entry = tree.get(path)
            if entry is None or stat.S_IFMT(entry.mode) != stat.S_IFMT(found[path].st_mode):
                self._remove(path, found[path])
                del found[path]
        for path in sorted(tree):
            self._put(path, tree[path], found.get(path))
        for path in sorted(tree, reverse=True):  # a folder's date after what is in it
            self._date(path, tree[path])
        self._written.look()
        for known in self._known.values():
            self._written.is_clean(known.properties[0])

    def clear(self) -> None:
        """Remove all files but the given ones."""
        for path in self._given:
            if os.path.isdir(f"{self._box}/{path}"):
                self._empty(f"{self._box}/{path}")

    def _walk(self) -> Iterator[tuple[str, os.stat_result]]:
        """Yield each file but the given ones, folders before what is in them.

        Raises:
            ValueError: They are nested too deep.
        """
        waiting = [""]
        while waiting:
            folder = waiting.pop()
            if folder.count("/") > MAX_DEPTH:
                raise ValueError(f"folders that are nested more than {MAX_DEPTH} deep")
            with os.scandir(f"{self._box}/{folder}") as entries:
                for entry in entries:
                    path = f"{folder}/{entry.name}" if folder else entry.name
                    info = entry.stat(follow_symlinks=False)
                    if stat.S_ISDIR(info.st_mode):
                        waiting.append(path)
                    if path not in self._given or stat.S_ISDIR(info.st_mode):
                        yield path, info

    def _save(self, path: str, info: os.stat_result) -> Saved:
        """Return what a file holds, without a copy if it is known."""
        known, full = self._known.get(path), f"{self._box}/{path}"
        if known is not None and not self._has_changed(known, info):
            return known.content
        source = os.open(full, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            content = None
            if known is not None and known.properties[0] == info.st_ino:
                content = _if_same(source, known.content)
            content = content or self._shelf.save(source)
        finally:
            os.close(source)
        self._know(path, content)
        return content

    def _has_changed(self, known: _Known, info: os.stat_result) -> bool:
        return known.properties != _properties(info) or self._written.may_have_changed(info.st_ino)

    def _know(self, path: str, content: Saved) -> None:
        info = os.lstat(f"{self._box}/{path}")
        self._known[path] = _Known(_properties(info), content)
        self._written.watch(f"{self._box}/{path}", info.st_ino)
        self._written.is_clean(info.st_ino)

    def _put(self, path: str, entry: Entry, found: os.stat_result | None) -> None:
        """Make one file as it was; a folder or a file may be there already."""
        full, kind = f"{self._box}/{path}", stat.S_IFMT(entry.mode)
        if kind == stat.S_IFREG:
            known = self._known.get(path)
            if (
                known is None
                or found is None
                or known.content is not entry.content
                or self._has_changed(known, found)
            ):
                self._fill(path, entry)
        elif kind == stat.S_IFLNK:
            if found is not None and os.readlink(full) != entry.content:
                os.unlink(full)
                found = None
            if found is None:
                os.symlink(str(entry.content), full)
        elif found is None:
            os.mkdir(full) if kind == stat.S_IFDIR else os.mkfifo(full)
        if kind != stat.S_IFLNK and (found is None or found.st_mode != entry.mode):
            os.chmod(full, stat.S_IMODE(entry.mode))

    def _fill(self, path: str, entry: Entry) -> None:
        assert isinstance(entry.content, Saved)
        full = f"{self._box}/{path}"
        with contextlib.suppress(FileNotFoundError):  # it may have other names, which stay
            os.unlink(full)
        source = entry.content.open()
        target = os.open(full, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            copy(source, target)
        finally:
            os.close(source)
            os.close(target)
        os.utime(full, ns=(entry.mtime_ns, entry.mtime_ns))
        os.chmod(full, stat.S_IMODE(entry.mode))
        self._know(path, entry.content)

    def _date(self, path: str, entry: Entry) -> None:
        full = f"{self._box}/{path}"
        if os.lstat(full).st_mtime_ns != entry.mtime_ns:
            dates = (entry.mtime_ns, entry.mtime_ns)
            os.utime(full, ns=dates, follow_symlinks=False)
        if isinstance(entry.content, Saved):
            self._know(path, entry.content)

    def _remove(self, path: str, info: os.stat_result) -> None:
        full = f"{self._box}/{path}"
        self._known.pop(path, None)
        os.rmdir(full) if stat.S_ISDIR(info.st_mode) else os.unlink(full)

    def _empty(self, top: str) -> None:
        """Remove all below a folder, however deep it is: each folder is moved to the top first."""
        waiting = [top]
        while waiting:
            folder = waiting.pop()
            for name in os.listdir(folder):
                path = f"{folder}/{name}"
                if path.removeprefix(f"{self._box}/") in self._given:
                    continue
                if stat.S_ISDIR(os.lstat(path).st_mode):
                    waiting.append(f"{top}/{os.urandom(16).hex()}")
                    os.rename(path, waiting[-1])
                else:
                    os.unlink(path)
            if folder != top:
                os.rmdir(folder)


def _properties(info: os.stat_result) -> tuple[int, int, int, int]:
    return info.st_ino, info.st_size, info.st_mtime_ns, info.st_ctime_ns


def _if_same(source: int, content: Saved) -> Saved | None:
    saved = content.open()
    try:
        return content if same(source, saved) else None
    finally:
        os.close(saved)
