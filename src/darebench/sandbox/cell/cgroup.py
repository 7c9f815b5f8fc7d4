"""Control groups: the kernel counts and bounds a call's memory and processes, where we may.

Version 1 needs root. Version 2 needs root or a group that has been delegated to us. `prepare` runs
before the host's files are out of sight; the wardens then make a group for each call below the
base.
"""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from darebench.sandbox.cell import linux
from darebench.sandbox.owned_folder import locked, make_locked

CONTROLLERS = ("memory", "pids")
_PREFIX = "darebench-"
"""The rest of a base group's name: executor, keeper, and a number that no other has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """The base groups of one keeper: one per controller in version 1, a single one in version 2."""

    version: int
    paths: tuple[str, ...] = ()
    descriptors: tuple[int, ...] = ()
    """Of the same groups; they hold the locks that keep others from sweeping them."""
    missing: str = ""
    """Why there are none; empty if there are."""

    def make(self, name: str) -> None:
        """Make the group of one program."""
        for descriptor in self.descriptors:
            os.mkdir(name, 0o700, dir_fd=descriptor)

    def limit(self, name: str, memory_mb: int, processes: int) -> None:
        """Set what a group may use; swapped memory counts as well.

        Raises:
            MemoryError: The group holds more already.
        """
        size = str(memory_mb << 20)
        if self.version == 1:
            try:
                self._write(name, "memory.limit_in_bytes", size)
            except OSError as error:
                if error.errno == errno.EBUSY:
                    raise MemoryError from None
                raise
            with contextlib.suppress(OSError):  # the kernel may not count swap
                self._write(name, "memory.memsw.limit_in_bytes", size)
        else:
            self._write(name, "memory.max", size)
            with contextlib.suppress(OSError):
                self._write(name, "memory.swap.max", "0")
        self.bound_processes(name, processes)

    def bound_processes(self, name: str, most: int) -> None:
        """Set how many processes a group may have; with fewer than it has, none can fork."""
        if self.descriptors:
            self._write(name, "pids.max", str(most))

    def join(self, name: str) -> None:
        """Move this process, which has one thread, into a group, with all that it will start.

        In version 1 a thread that moves itself does not have to wait, as others must after a pause,
        until every processor has passed through the scheduler.
        """
        for descriptor in self.descriptors:
            file = "tasks" if self.version == 1 else "cgroup.procs"
            linux.write(f"{name}/{file}", b"0", descriptor)

    def oom_kills(self, name: str) -> int:
        """Return how many processes the kernel has killed at the group's memory limit."""
        if not self.descriptors:
            return 0
        file = "memory.oom_control" if self.version == 1 else "memory.events"
        _, found, rest = linux.read(f"{name}/{file}", self.descriptors[0]).partition(b"oom_kill ")
        return int(rest.split(maxsplit=1)[0]) if found else 0

    def remove(self, name: str) -> None:
        """Remove a group whose processes have ended."""
        for descriptor in self.descriptors:
            with contextlib.suppress(OSError):  # what is left goes with the base
                os.rmdir(name, dir_fd=descriptor)

    def _write(self, name: str, file: str, text: str) -> None:
        which = 0 if self.version == 2 else CONTROLLERS.index(file.split(".")[0])
        linux.write(f"{name}/{file}", text.encode(), self.descriptors[which])


def prepare(uid: int, gid: int) -> Groups:
    """Make base groups for the children of this process, owned by the given user.

    Where that fails, the groups that are returned say why.
    """
    name = f"{_PREFIX}{os.getppid()}-{os.getpid()}-{os.urandom(4).hex()}"
    try:
        for controllers, mount, own in _hierarchies():
            if controllers == ("",):
                return _second(_base(mount, own), name, uid, gid)
        found = {c: _base(m, own) for cs, m, own in _hierarchies() for c in cs}
        return _first([found[c] for c in CONTROLLERS], name, uid, gid)
    except KeyError as error:
        return Groups(version=1, missing=f"the {error.args[0]} controller is not mounted")
    except OSError as error:
        return Groups(version=0, missing=str(error))


def remove(paths: Iterable[str], patience_s: float = 2.0) -> None:
    """Remove base groups whose processes have been killed."""
    deadline = time.monotonic() + patience_s
    for path in map(Path, paths):
        while path.exists():
            with contextlib.suppress(OSError):
                for inner in path.iterdir():
                    if inner.is_dir():
                        inner.rmdir()
                path.rmdir()
            if path.exists():
                if time.monotonic() > deadline:
                    break
                time.sleep(0.01)


def _first(parents: list[Path], name: str, uid: int, gid: int) -> Groups:
    locks = []
    for parent in parents:
        _sweep(parent)
        locks.append(_make_base(parent / name))
        os.chown(parent / name, uid, gid)
    paths = tuple(str(parent / name) for parent in parents)
    return Groups(version=1, paths=paths, descriptors=tuple(locks))


def _second(own: Path, name: str, uid: int, gid: int) -> Groups:
    """Make a base below the nearest group that delegates its controllers, and move there."""
    why = "no writable control group offers memory and pids"
    for parent in (own, own.parent):
        try:
            _sweep(parent)
            with contextlib.suppress(OSError):  # a group with processes cannot; it may have before
                parent.joinpath("cgroup.subtree_control").write_text("+memory +pids")
            delegated = parent.joinpath("cgroup.subtree_control").read_text().split()
            if not set(CONTROLLERS) <= set(delegated):
                continue
            base = parent / name
            lock = _make_base(base)
            base.joinpath("host").mkdir()
            base.joinpath("host/cgroup.procs").write_text(str(os.getpid()))
            base.joinpath("cgroup.subtree_control").write_text("+memory +pids")
            for path in (base, base / "cgroup.procs"):
                os.chown(path, uid, gid)
            return Groups(version=2, paths=(str(base),), descriptors=(lock,))
        except OSError as error:
            why = str(error)
    return Groups(version=2, missing=why)


def _hierarchies() -> list[tuple[tuple[str, ...], Path, str]]:
    """Return controllers, mount point and our own group of each hierarchy; ("",) is version 2."""
    own = {}
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        own[tuple(controllers.split(","))] = path
    mounted = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        left, _, right = line.partition(" - ")
        kind, _, options = right.split(" ", 2)
        if kind == "cgroup":
            mounted += [
                (controllers, Path(left.split(" ")[4]), path)
                for controllers, path in own.items()
                if set(controllers) <= set(options.split(",")) and controllers != ("",)
            ]
        elif kind == "cgroup2" and ("",) in own:
            place = Path(left.split(" ")[4])
            if set(CONTROLLERS) <= set(place.joinpath("cgroup.controllers").read_text().split()):
                mounted.append((("",), place, own["",]))
    return mounted


def _base(mount: Path, own: str) -> Path:
    """Return our own group's folder; the mount itself where a container hides the way to it."""
    path = mount / own.lstrip("/")
    return path if path.is_dir() else mount


def _make_base(path: Path) -> int:
    """Make a base group, and return the descriptor that holds its lock."""

    def make() -> Path:
        path.mkdir(exist_ok=True)
        return path

    return make_locked(make)[1]


def _sweep(parent: Path) -> None:
    """Remove the groups whose executor and keeper have been killed."""
    for path in parent.glob(f"{_PREFIX}*-*-*"):
        # Where it fails, it has an owner, or another sweep is faster.
        with contextlib.suppress(OSError), locked(path):
            remove([str(path)], patience_s=0.0)
