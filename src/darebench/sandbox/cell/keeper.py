"""The keeper: a small process in the cell that forks the zygotes once, and a warden for each cell.

The executor starts it as a program of its own. It finds out what this machine offers, leaves the
host's files, and then only waits for requests. It stays small, so that a warden, its fork, costs
little; only the zygotes have the libraries.
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
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from darebench.sandbox.cell import isolation, linux, rootfs, zygote
from darebench.sandbox.cell.cells import NOBODY, FolderCell, NamespaceCell, open_places
from darebench.sandbox.cell.isolation import Isolation
from darebench.sandbox.cell.session import warden as sessions
from darebench.sandbox.cell.warden import guard
from darebench.sandbox.channel import receive, send
from darebench.sandbox.messages import (
    KeeperReady,
    MakeCell,
    MapUser,
    MemoryProfile,
    StartFailed,
    UserMapped,
    ZygoteReady,
    decode,
)

PATIENCE_S = 1.0
"""How long it may take to find out that the executor has ended without a word."""


def main() -> None:
    """Close this process in, report what holds, and serve until the executor is gone."""
    control = socket.socket(fileno=int(sys.argv[1]))
    root, allow_unsafe = sys.argv[2], sys.argv[3] == "unsafe"
    wanted = json.loads(sys.argv[4])
    parent = os.getppid()
    # Bounds what all processes of the user have sent and nobody has received, programs included.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    try:
        found = _close_in(control, root, allow_unsafe=allow_unsafe)
        n_zygotes = 2 if found.namespaces else 1
        missing = found.missing()
        send(control, KeeperReady(groups=found.groups.paths, missing=missing, n_zygotes=n_zygotes))
        if not found.namespaces:
            _serve_openly(control, found, parent, root, wanted)
            return
        first = os.fork()
        if first == 0:
            linux.die_with_parent()
            linux.mount("proc", "/proc", "proc", linux.MS_NOSUID | linux.MS_NODEV)
            _serve(control, found, wanted)
            return
    except Exception:  # whatever it is, the executor has to hear of it before this process ends
        with contextlib.suppress(OSError):
            send(control, StartFailed(traceback=traceback.format_exc(limit=4)))
        raise
    control.close()
    while os.getppid() == parent and os.waitpid(first, os.WNOHANG) == (0, 0):
        time.sleep(PATIENCE_S)


def _close_in(control: socket.socket, root: str, *, allow_unsafe: bool) -> Isolation:
    """Leave the host step by step; the executor maps our user, which only an outsider may."""
    uid, gid = (NOBODY, NOBODY) if os.geteuid() == 0 else (os.geteuid(), os.getegid())
    try:
        namespaces = _can_have_namespaces()
        if not namespaces and not allow_unsafe:
            raise OSError("user namespaces are not available")
        found = isolation.find(uid, gid, namespaces=namespaces, allow_unsafe=allow_unsafe)
    except OSError as error:
        raise RuntimeError(str(error)) from None
    if not found.namespaces:
        return found
    if linux.may_administer():
        linux.unshare(rootfs.NAMESPACES)
        rootfs.build(root)
        linux.unshare(linux.CLONE_NEWUSER | linux.CLONE_NEWNS | linux.CLONE_NEWPID)
        _be_mapped(control)
    else:
        linux.unshare(linux.CLONE_NEWUSER | rootfs.NAMESPACES | linux.CLONE_NEWPID)
        _be_mapped(control)
        rootfs.build(root)
    # The change of user made this process opaque; its own zygote must be able to look in.
    linux.set_dumpable(True)
    return found


def _can_have_namespaces() -> bool:
    """Try it in a fork, which loses nothing."""
    trial = os.fork()
    if trial == 0:
        with contextlib.suppress(OSError):
            linux.unshare(linux.CLONE_NEWUSER | rootfs.NAMESPACES | linux.CLONE_NEWPID)
            os._exit(0)
        os._exit(1)
    return os.waitpid(trial, 0)[1] == 0


def _be_mapped(control: socket.socket) -> None:
    send(control, MapUser(pid=os.getpid()))
    receive(control, UserMapped)
    os.setresgid(0, 0, 0)
    os.setresuid(0, 0, 0)


def _serve(control: socket.socket, found: Isolation, wanted: Sequence[str] | None) -> None:
    """Make wardens in namespaces of their own; the zygote starts their programs."""
    small, large = (_start_zygote(control, found, wanted, light=light) for light in (True, False))
    linux.set_dumpable(True)
    own = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    profiles = _Profiles()
    for asked in _requests(control, 0, (small.handle, large.handle), profiles):
        linux.unshare(linux.CLONE_NEWPID)
        if linux.fork() == 0:
            _leave(control)
            with _end_of_fork():
                used, other = (small, large) if asked.light else (large, small)
                other.request_socket.close()
                cell = NamespaceCell(used.request_socket, found, asked.name)
                if asked.session:
                    sessions.serve(asked.reply, cell)
                else:
                    guard(asked.reply, cell, profiles.found, profiles.sink, idle=asked.idle)
        linux.setns(own, linux.CLONE_NEWPID)
        asked.reply.close()


def _start_zygote(
    control: socket.socket, found: Isolation, wanted: Sequence[str] | None, *, light: bool
) -> zygote.Zygote:
    """Fork a zygote off this small process."""
    requests, request_socket = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    pid = os.fork()
    if pid == 0:
        with _end_of_fork():
            linux.die_with_parent()
            linux.set_dumpable(True)
            request_socket.close()
            try:
                warmed = zygote.prepare(wanted, light=light)
            except Exception:  # whatever it is, the executor has to hear of it before the end
                send(control, StartFailed(traceback=traceback.format_exc(limit=4)))
                raise
            send(control, ZygoteReady(warmed=() if light else warmed))
            control.close()
            zygote.serve(requests, found)
    requests.close()
    return zygote.Zygote(handle=os.pidfd_open(pid), request_socket=request_socket)


def _serve_openly(
    control: socket.socket,
    found: Isolation,
    parent: int,
    root: str,
    wanted: Sequence[str] | None,
) -> None:
    """Do without namespaces, as the caller has allowed: the keeper is the zygote as well."""
    warmed = zygote.prepare(wanted, light=False)
    os.chmod(root, 0o711)  # noqa: PTH101 -- the programs' user has to find its own folder
    send(control, ZygoteReady(warmed=warmed))
    profiles = _Profiles()
    for asked in _requests(control, parent, (), profiles):
        if linux.fork() == 0:
            _leave(control)
            with _end_of_fork():
                linux.adopt_orphans()
                box = tempfile.mkdtemp(prefix="call-", dir=root)
                try:
                    cell = FolderCell(found, open_places(box), asked.name)
                    guard(asked.reply, cell, profiles.found, profiles.sink, idle=asked.idle)
                finally:
                    shutil.rmtree(box, ignore_errors=True)
        asked.reply.close()


class _Profiles:
    """The memory that wardens write to during a call, as the first one found it."""

    def __init__(self) -> None:
        self.source, self.sink = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.found: tuple[tuple[int, int], ...] = ()

    def take(self) -> None:
        """Take the profile that has come."""
        self.found = decode(self.source.recv(1 << 20), MemoryProfile).ranges


class _Request(NamedTuple):
    """A cell that is to be made."""

    name: str
    reply: socket.socket
    """What becomes the warden's socket to the executor."""
    light: bool
    idle: bool
    session: bool


def _requests(
    control: socket.socket, parent: int, zygotes: tuple[int, ...], profiles: _Profiles
) -> Iterator[_Request]:
    """Yield the executor's requests, until it or a zygote is gone."""
    poll = select.poll()
    for descriptor in (control.fileno(), profiles.source.fileno(), *zygotes):
        poll.register(descriptor, select.POLLIN)
    for number in itertools.count():
        ready: set[int] = set()
        while control.fileno() not in ready:
            ready = {fd for fd, _ in poll.poll(PATIENCE_S * 1000)}
            if os.getppid() != parent or not ready.isdisjoint(zygotes):
                return
            if profiles.source.fileno() in ready:
                profiles.take()
                poll.unregister(profiles.source)
            _reap()
        try:
            asked, descriptors = receive(control, MakeCell)
        except (EOFError, OSError):
            return
        reply = socket.socket(fileno=descriptors[0])
        yield _Request(str(number), reply, asked.light, asked.idle, asked.session)


def _leave(control: socket.socket) -> None:
    """Become a warden, which talks to the executor only to answer its own calls."""
    # The first process of a namespace does not get signals that it has no handler for.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    linux.die_with_parent()
    control.close()


@contextlib.contextmanager
def _end_of_fork() -> Iterator[None]:
    """End this process with the block, whatever happens in it."""
    status = 1
    try:
        yield
        status = 0
    except BaseException:  # a fork must never return into the keeper's code
        traceback.print_exc()
    finally:
        os._exit(status)


def _reap() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
