"""The program's own process: gives up every right, waits for its code, runs it as a script.

What can be done once is done in the zygote (`become_fresh`), and what can be done ahead of the call
before the wait (`live`); what is left is to take the streams and to run.
"""

from __future__ import annotations

import gc
import os
import random
import resource
import socket
import sys
import tempfile
import threading
import traceback
from enum import StrEnum
from pathlib import Path
from typing import NoReturn

from darebench.sandbox.cell import landlock, linux, memory, rootfs, script, warm
from darebench.sandbox.cell.isolation import Isolation
from darebench.sandbox.cell.session import notebook
from darebench.sandbox.channel import close_all, receive, send
from darebench.sandbox.messages import ClosedIn, Prefault, RunProgram
from darebench.sandbox.program import Limits

_always: list[tuple[int, int]] = []
"""The memory that every program writes to."""
_often: list[tuple[int, int]] = []
"""The memory that programs with libraries write to."""
_lent = {"RssAnon": 0, "VmData": 0}
"""Memory that the zygote lends to each of its forks, in kB."""
_NAME_BYTES = 64
_NAMESPACES = linux.CLONE_NEWCGROUP | linux.CLONE_NEWIPC | linux.CLONE_NEWUTS | linux.CLONE_NEWNET
"""Namespaces of each program, beside its user; mounts and processes are its cell's."""


class Kind(StrEnum):
    """What a process is wanted for."""

    AHEAD = "a"
    """A program that comes later: there is time to prefault memory."""
    HURRIED = "h"
    """A program that is there already, or others run."""
    SESSION = "s"
    """A session's first state."""


def become_fresh() -> None:
    """Undo, in the zygote and so for its forks, what a new interpreter would not have."""
    environment = script.environment(rootfs.Places())
    os.environ.clear()
    os.environ.update(environment)
    tempfile.tempdir = None
    for name in [name for name in sys.modules if name.split(".")[0] == "darebench"]:
        del sys.modules[name]
    script.prepare(rootfs.Places())
    linux.settle_as_fork()
    linux.unbuffer_c_output()
    os.register_at_fork(after_in_child=script.write_whole_lines)  # once settled: it is no program
    gc.collect()
    linux.trim_heap()
    gc.freeze()


def learn(*, light: bool) -> None:
    """Find out, in the zygote, which memory programs write to."""
    _often[:] = [] if light else memory.written_by(warm.tabular)
    _always[:] = memory.written_by(_rehearse)


def measure() -> None:
    """Measure, in the zygote, how much memory its forks start with."""
    status = Path("/proc/self/status").read_text()
    for name in _lent:
        _lent[name] = int(status.partition(f"{name}:")[2].split(maxsplit=1)[0])


def _rehearse() -> None:
    """Do what a call with an empty program does."""
    ours, theirs = socket.socketpair()
    nothing = os.open("/dev/null", os.O_RDWR)
    request = RunProgram(code="print(1)", limits=Limits(memory_mb=9999), cpu_s=60.0)
    send(theirs, request, [nothing] * 3)
    request = _wait(ours)
    _set_limits(request, alone=True)
    script.run(request.code, rootfs.Places())


def live(
    channel: int, isolation: Isolation, places: rootfs.Places, kind: Kind, warden: int = -1
) -> NoReturn:
    """Close this process in, wait for the request, run it, and end with its exit code.

    Args:
        channel: The socket to the warden, which sends the name of the control group when the cell
            is ready.
        isolation: The layers of isolation to use.
        places: The call's own folders.
        kind: What the process is for.
        warden: The pidfd of the process whose cell to join.
    """
    status = 1
    try:
        group = os.read(channel, _NAME_BYTES).decode()
        if not group:
            raise EOFError
        # Before the new namespaces, in which a group that is outside of them could not be joined.
        isolation.groups.join(group)
        if warden >= 0:
            linux.setns(warden, linux.CLONE_NEWNS)
            linux.unshare(_NAMESPACES)
        os.dup2(channel, 3)
        os.closerange(4, 1 << 16)
        with socket.socket(fileno=3) as line:
            _close_in(line, isolation, places, kind)
            if kind is Kind.AHEAD:
                memory.prefault(_always)
            request = _wait(line)
        _set_limits(request, alone=isolation.namespaces)
        _seed()
        if kind is Kind.SESSION:
            notebook.live()
        status = script.run(request.code, places)
    except EOFError:  # the warden is gone before there was a call
        status = 0
    except BaseException:  # a fork must never return into the zygote's code
        traceback.print_exc()
    finally:
        os._exit(status)


def _seed() -> None:
    """Set what each process has of its own: the thread's number and the random states."""
    threading.main_thread()._set_native_id()  # pyright: ignore[reportAttributeAccessIssue]
    random.seed()
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        # From a number: numpy would write to twice as many pages to choose one.
        numpy.random.seed(int.from_bytes(os.urandom(4)))


def _close_in(line: socket.socket, isolation: Isolation, places: rootfs.Places, kind: Kind) -> None:
    """Give up every right, and report it to the warden."""
    os.setsid()
    os.chdir(places.work)
    if isolation.namespaces:
        linux.set_dumpable(True)
        linux.unshare(linux.CLONE_NEWUSER)
        linux.write("/proc/self/setgroups", b"deny")
        linux.write("/proc/self/uid_map", b"1000 0 1")
        linux.write("/proc/self/gid_map", b"1000 0 1")
    else:
        owner = Path(places.work).stat().st_uid
        if owner != os.geteuid():
            os.setgroups([])
            os.setresgid(owner, owner, owner)
            os.setresuid(owner, owner, owner)
        os.environ.update(script.environment(places))
        sys.argv[:] = [places.script]
        sys.path[0] = places.work
    linux.no_new_privileges()
    if isolation.landlock:
        writable = (places.work, places.code, places.temporary, places.shared)
        devices = [f"/dev/{name}" for name in rootfs.DEVICES]
        there = [path for path in writable if os.path.exists(path)]  # noqa: PTH110 -- cheaper
        landlock.restrict(isolation.landlock, there, devices)
    # With namespaces, the program must not die before its warden, which would take it for its end.
    linux.drop_capabilities()
    if not isolation.namespaces:
        linux.die_with_parent()
    listener = []
    if kind is Kind.SESSION:  # which has no other way to speak to its warden
        listener = [linux.install_filter(isolation.rules_of_sessions, listen=True)]
    elif isolation.rules:
        listener = _install(isolation)
    send(line, ClosedIn(inherited_kb=_lent["RssAnon"]), listener)
    close_all(listener)


def _install(isolation: Isolation) -> list[int]:
    """Install the filter, and return its listener where the kernel lets a filter have one."""
    try:
        return [linux.install_filter(isolation.rules, listen=True)]
    except OSError:  # before Linux 5.19, or there is another listener already
        linux.install_filter(isolation.rules_without_notification, listen=False)
        return []


def _wait(line: socket.socket) -> RunProgram:
    """Wait for the code, and take the streams that come with it."""
    while True:
        message, streams = receive(line, RunProgram, Prefault)
        if isinstance(message, RunProgram):
            break
        memory.prefault(_often)
    for target, descriptor in enumerate(streams):
        os.dup2(descriptor, target)
        os.close(descriptor)
    return message


def _set_limits(request: RunProgram, *, alone: bool) -> None:
    """Set what rlimits can bound; the count of processes is the user's, who must be `alone`."""
    limits = request.limits
    cpu_s = max(1, int(request.cpu_s + 0.999))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 2))
    values = {
        resource.RLIMIT_NOFILE: limits.open_files,
        resource.RLIMIT_FSIZE: limits.disk_mb << 20,
        resource.RLIMIT_DATA: (limits.memory_mb << 20) + (_lent["VmData"] << 10),
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
        resource.RLIMIT_SIGPENDING: 4096,
    }
    if alone:
        values[resource.RLIMIT_NPROC] = limits.processes
    for kind, value in values.items():
        resource.setrlimit(kind, (value, value))
