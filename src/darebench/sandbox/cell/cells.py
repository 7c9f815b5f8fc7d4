"""The two kinds of cell: mounts and namespaces of its own, or a folder where there are none."""

from __future__ import annotations

import itertools
import os
import socket
from pathlib import Path

from darebench.sandbox.cell import child, leftovers, linux
from darebench.sandbox.cell.isolation import Isolation
from darebench.sandbox.cell.rootfs import Places
from darebench.sandbox.cell.watch import StartedProgram
from darebench.sandbox.channel import close_all

NOBODY = 65534


class NamespaceCell:
    """A warden's mounts and processes, where a zygote starts one program after the other."""

    def __init__(self, request_socket: socket.socket, isolation: Isolation, name: str) -> None:
        self.isolation = isolation
        self.places = Places()
        self._request_socket = request_socket
        self._names = (f"{name}-{number}" for number in itertools.count())
        self._group = ""
        self._initial: leftovers.InitialState | None = None

    def start(self, kind: child.Kind) -> StartedProgram:
        """Have the zygote start a program in the cell, which is made meanwhile or cleared before.

        Raises:
            OSError: The zygote is gone, or the cell cannot be made.
        """
        if self._initial is not None:
            self._initial.clear()
        channel, theirs = socket.socketpair()
        closed, release = os.pipe()
        own = os.pidfd_open(os.getpid())
        asked = [kind.encode()]
        socket.send_fds(self._request_socket, asked, [own, theirs.fileno(), closed])
        theirs.close()
        close_all([own, closed])
        if self._initial is None:
            linux.unshare(linux.CLONE_NEWNS)
            self._initial = leftovers.furnish()
        # One for each program: what the kernel keeps for it is charged there for longer.
        self.close()
        self._group = next(self._names)
        self.isolation.groups.make(self._group)
        channel.send(self._group.encode())
        return StartedProgram(pid=2, channel=channel, group=self._group, release=release)

    @property
    def initial(self) -> leftovers.InitialState:
        """The cell's files before the first program."""
        assert self._initial is not None
        return self._initial

    def is_plain(self) -> bool:
        """Check whether the program has left nothing that could not be cleared away."""
        try:
            return self._initial is not None and self._initial.is_plain()
        except OSError:  # a folder is gone
            return False

    def close(self) -> None:
        """Remove the last program's control group."""
        if self._group:
            self.isolation.groups.remove(self._group)


class FolderCell:
    """A warden's folder where there are no namespaces: good for one program."""

    def __init__(self, isolation: Isolation, places: Places, group: str) -> None:
        self.isolation = isolation
        self.places = places
        self._group = group

    def start(self, kind: child.Kind) -> StartedProgram:
        """Fork a program off the warden.

        Raises:
            OSError: The kernel does not give us another process.
        """
        channel, theirs = socket.socketpair()
        pid = linux.fork()
        if pid == 0:
            child.live(theirs.detach(), self.isolation, self.places, kind)
        theirs.close()
        self.isolation.groups.make(self._group)
        channel.send(self._group.encode())
        return StartedProgram(pid=pid, channel=channel, group=self._group)

    def is_plain(self) -> bool:
        """Return False: other processes can reach the folder."""
        return False

    def close(self) -> None:
        """Remove the program's control group."""
        self.isolation.groups.remove(self._group)


def open_places(box: str) -> Places:
    """Make the folders of a call that has no namespaces, for the user that its program will be."""
    places = Places(
        work=f"{box}/work", code=f"{box}/code", temporary=f"{box}/tmp", shared=f"{box}/shm"
    )
    owner = NOBODY if os.geteuid() == 0 else -1
    try:
        os.chown(box, owner, owner)
    except OSError:  # root of a container that has no other users
        owner = -1
    for path in (places.work, places.code, places.temporary, places.shared):
        Path(path).mkdir()
        os.chown(path, owner, owner)
    return places
