"""The keeper: a small process in the cell that makes a warden for each cell, and the zygotes once.

It is started by the executor as a program of its own. It finds out what this machine offers, leaves
the host's files, and then only waits for requests. It stays small, so that a warden, its fork, is
cheap; the libraries live in the zygotes alone.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import resource
import select
import shutil
import signal
import socket
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

from darebench.sandbox import cell, child, leftovers, linux, walls, warden, wire, zygote
from darebench.sandbox.warden import Started, guard

NOBODY = 65534
PATIENCE_S = 1.0
"""How long it may take to find out that the executor has ended without a word."""


def main() -> None:
    """Close this process in, say what holds, serve until the executor is gone."""
    control = socket.socket(fileno=int(sys.argv[1]))
    root, allow_unsafe = sys.argv[2], sys.argv[3] == "unsafe"
    parent = os.getppid()
    # Bounds what all processes of the user have sent and nobody has received, programs included.
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    try:
        found = _close_in(control, root, allow_unsafe=allow_unsafe)
        facts = {"missing": found.missing(), "zygotes": 2 if found.namespaces else 1}
        wire.send(control, {"groups": found.groups.paths, **facts})
        if not found.namespaces:
            _serve_openly(control, found, parent, root)
            return
        first = os.fork()
        if first == 0:
            linux.die_with_parent()
            linux.mount("proc", "/proc", "proc", linux.MS_NOSUID | linux.MS_NODEV)
            _serve(control, found)
            return
    except Exception:  # the executor turns it into an error of its own, with this text
        with contextlib.suppress(OSError):
            wire.send(control, {"error": traceback.format_exc(limit=4)})
        raise
    control.close()
    while os.getppid() == parent and os.waitpid(first, os.WNOHANG) == (0, 0):
        time.sleep(PATIENCE_S)


def _close_in(control: socket.socket, root: str, *, allow_unsafe: bool) -> walls.Walls:
    """Shed the host step by step; the executor maps our user, which only an outsider may."""
    uid, gid = (NOBODY, NOBODY) if os.geteuid() == 0 else (os.geteuid(), os.getegid())
    try:
        namespaces = _can_have_namespaces()
        if not namespaces and not allow_unsafe:
            raise OSError("user namespaces are not available")
        found = walls.find(uid, gid, namespaces=namespaces, allow_unsafe=allow_unsafe)
    except OSError as error:
        raise RuntimeError(str(error)) from None
    if not found.namespaces:
        return found
    if os.geteuid() == 0:
        linux.unshare(cell.NAMESPACES)
        cell.build(root)
        linux.unshare(linux.CLONE_NEWUSER | linux.CLONE_NEWNS | linux.CLONE_NEWPID)
        _be_mapped(control)
    else:
        linux.unshare(linux.CLONE_NEWUSER | cell.NAMESPACES | linux.CLONE_NEWPID)
        _be_mapped(control)
        cell.build(root)
    # The change of user made this process opaque; its own zygote must be able to look in.
    linux.set_dumpable(True)
    return found


def _can_have_namespaces() -> bool:
    """Try it in a fork, which loses nothing."""
    trial = os.fork()
    if trial == 0:
        with contextlib.suppress(OSError):
            linux.unshare(linux.CLONE_NEWUSER | cell.NAMESPACES | linux.CLONE_NEWPID)
            os._exit(0)
        os._exit(1)
    return os.waitpid(trial, 0)[1] == 0


def _be_mapped(control: socket.socket) -> None:
    wire.send(control, {"map": os.getpid()})
    wire.receive(control)
    os.setresgid(0, 0, 0)
    os.setresuid(0, 0, 0)


def _serve(control: socket.socket, found: walls.Walls) -> None:
    """Make wardens in namespaces of their own; the zygote starts their programs."""
    small, large = (zygote.start(control, found, light=light) for light in (True, False))
    linux.set_dumpable(True)
    own = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    lessons, pupil = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    for group, reply, wish in _calls(control, 0, (small.handle, large.handle), lessons):
        linux.unshare(linux.CLONE_NEWPID)
        if linux.fork() == 0:
            _leave(control)
            with _status_of_fork():
                asked, other = (small, large) if wish["light"] else (large, small)
                other.desk.close()
                house = _Cell(asked.desk, found, group)
                guard(reply, found, cell.Places(), house, pupil, idle=wish["idle"])
        linux.setns(own, linux.CLONE_NEWPID)
        reply.close()


class _Cell:
    """A warden's mounts and processes, where the zygote starts one program after the other."""

    def __init__(self, desk: socket.socket, found: walls.Walls, name: str) -> None:
        self._desk, self._groups = desk, found.groups
        self._names = (f"{name}-{number}" for number in itertools.count())
        self._group = ""
        self._files: leftovers.Cell | None = None

    def start(self, *, hurried: bool) -> Started:
        """Have the zygote start a program in the cell, made meanwhile or cleared before."""
        if self._files is not None:
            self._files.clear()
        channel, theirs = socket.socketpair()
        closed, release = os.pipe()
        own = os.pidfd_open(os.getpid())
        word = zygote.HURRIED if hurried else zygote.AHEAD
        socket.send_fds(self._desk, [word], [own, theirs.fileno(), closed])
        theirs.close()
        wire.close_all([own, closed])
        if self._files is None:
            linux.unshare(linux.CLONE_NEWNS)
            self._files = leftovers.furnish()
        # One for each program: what the kernel keeps for it is charged there for longer.
        self.close()
        self._group = next(self._names)
        self._groups.make(self._group)
        channel.send(self._group.encode())
        return Started(pid=2, channel=channel, group=self._group, release=release)

    def is_plain(self) -> bool:
        """Say whether the program has left nothing that could not be cleared."""
        try:
            return self._files is not None and self._files.is_plain()
        except OSError:  # a folder is gone
            return False

    def close(self) -> None:
        """Remove the last program's group."""
        if self._group:
            self._groups.remove(self._group)


def _serve_openly(control: socket.socket, found: walls.Walls, parent: int, root: str) -> None:
    """Do without namespaces, as the caller has allowed: the keeper is the zygote as well."""
    zygote.prepare(light=False)
    os.chmod(root, 0o711)  # noqa: PTH101 -- the programs' user has to find its own folder
    wire.send(control, {"ready": True})
    lessons, pupil = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    for group, reply, wish in _calls(control, parent, (), lessons):
        if linux.fork() == 0:
            _leave(control)
            with _status_of_fork():
                linux.adopt_orphans()
                box = tempfile.mkdtemp(prefix="call-", dir=root)
                try:
                    places = _open_places(box)
                    house = _Folder(found, places, group)
                    guard(reply, found, places, house, pupil, idle=wish["idle"])
                finally:
                    shutil.rmtree(box, ignore_errors=True)
        reply.close()


def _open_places(box: str) -> cell.Places:
    places = cell.Places(
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


class _Folder:
    """A warden's folder where there are no namespaces: good for one program."""

    def __init__(self, found: walls.Walls, places: cell.Places, group: str) -> None:
        self._found, self._places, self._group = found, places, group

    def start(self, *, hurried: bool) -> Started:
        """Fork a program off the warden."""
        channel, theirs = socket.socketpair()
        pid = linux.fork()
        if pid == 0:
            child.live(theirs.detach(), self._found, self._places, hurried=hurried)
        theirs.close()
        self._found.groups.make(self._group)
        channel.send(self._group.encode())
        return Started(pid=pid, channel=channel, group=self._group)

    def is_plain(self) -> bool:
        """Never trust a place that other processes can reach."""
        return False

    def close(self) -> None:
        """Remove the program's group."""
        self._found.groups.remove(self._group)


def _calls(
    control: socket.socket, parent: int, zygotes: tuple[int, ...], lessons: socket.socket
) -> Iterator[tuple[str, socket.socket, dict[str, bool]]]:
    """Give each request's name, reply socket and wishes, until executor or a zygote are gone."""
    poll = select.poll()
    for descriptor in (control.fileno(), lessons.fileno(), *zygotes):
        poll.register(descriptor, select.POLLIN)
    for number in itertools.count():
        ready: set[int] = set()
        while control.fileno() not in ready:
            ready = {fd for fd, _ in poll.poll(PATIENCE_S * 1000)}
            if os.getppid() != parent or not ready.isdisjoint(zygotes):
                return
            if lessons.fileno() in ready:
                warden.ranges[:] = [(a, b) for a, b in json.loads(lessons.recv(1 << 20))]
                poll.unregister(lessons)
            _reap()
        try:
            message, descriptors = wire.receive(control)
        except (EOFError, OSError):
            return
        yield str(number), socket.socket(fileno=descriptors[0]), message


def _leave(control: socket.socket) -> None:
    """Become a warden: it has nothing to say to the executor but its own call's answer."""
    # The first process of a namespace is deaf to signals that it has no handler for.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    linux.die_with_parent()
    control.close()


@contextlib.contextmanager
def _status_of_fork():
    """End this process with the block, whatever happens in it."""
    status = 1
    try:
        yield
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def _reap() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


if __name__ == "__main__":
    main()
