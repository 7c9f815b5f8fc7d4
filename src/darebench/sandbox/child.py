"""The program's own process: gives up everything, waits for its code, runs it as a script.

All that can be done once is done in the zygote (`become_fresh`), all that can be done ahead of the
call before the wait (`live`); what is left is to take the streams and to run.
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
from pathlib import Path
from typing import Any, NoReturn

from darebench.sandbox import cell, landlock, linux, pages, script, warm, wire
from darebench.sandbox.walls import Walls

_always: pages.Ranges = []
"""What every program writes to."""
_often: pages.Ranges = []
"""What a program that uses the libraries writes to."""
_lent = {"RssAnon": 0, "VmData": 0}
"""What the zygote lends each of its forks, in kB."""
_NAME_BYTES = 64
_NAMESPACES = linux.CLONE_NEWCGROUP | linux.CLONE_NEWIPC | linux.CLONE_NEWUTS | linux.CLONE_NEWNET
"""What each program has of its own, beside its user; mounts and processes are its cell's."""


def become_fresh() -> None:
    """Undo, in the zygote, what a new interpreter would not have; all forks inherit it."""
    os.environ.clear()
    os.environ.update(script.environment(cell.Places()))
    tempfile.tempdir = None
    for name in [name for name in sys.modules if name.split(".")[0] == "darebench"]:
        del sys.modules[name]
    script.prepare(cell.Places())
    linux.settle_as_fork()
    gc.collect()
    linux.trim_heap()
    gc.freeze()


def learn(*, light: bool) -> None:
    """Find out, in the zygote, which memory programs write to."""
    _often[:] = [] if light else pages.written_by(warm.tabular)
    _always[:] = pages.written_by(_rehearse)


def measure() -> None:
    """Note, in the zygote, how much memory its forks start with."""
    status = Path("/proc/self/status").read_text()
    for name in _lent:
        _lent[name] = int(status.partition(f"{name}:")[2].split(maxsplit=1)[0])


def _rehearse() -> None:
    """Go the way of a call that does nothing."""
    ours, theirs = socket.socketpair()
    nothing = os.open("/dev/null", os.O_RDWR)
    limits = {"cpu_s": 60.0, "open_files": 1024, "disk_mb": 99, "memory_mb": 9999, "processes": 99}
    wire.send(theirs, {"code": "print(1)", "limits": limits}, [nothing] * 3)
    code, limits = _wait(ours)
    _set_limits(limits, alone=True)
    script.run(code, cell.Places())


def live(
    channel: int, walls: Walls, places: cell.Places, warden: int = -1, *, hurried: bool
) -> NoReturn:
    """Close this process in, wait for the request, run it, and end with its exit code.

    Args:
        channel: The socket to the warden, who sends the name of the call's group when all is ready.
        walls: What to close in with.
        places: The call's own folders.
        warden: The pidfd of the process whose cell to step into.
        hurried: The request is there already, or others run: nothing is done ahead of it.
    """
    status = 1
    try:
        group = os.read(channel, _NAME_BYTES).decode()
        if not group:
            raise EOFError
        # Before the new namespaces, in which a group that is outside of them could not be joined.
        walls.groups.join(group)
        if warden >= 0:
            linux.setns(warden, linux.CLONE_NEWNS)
            linux.unshare(_NAMESPACES)
        os.dup2(channel, 3)
        os.closerange(4, 1 << 16)
        with socket.socket(fileno=3) as line:
            _close_in(line, walls, places)
            if not hurried:
                pages.copy_ahead(_always)
            code, limits = _wait(line)
        _set_limits(limits, alone=walls.namespaces)
        threading.main_thread()._set_native_id()  # pyright: ignore[reportAttributeAccessIssue]
        random.seed()
        # From a number: numpy would write to twice as many pages to choose one.
        sys.modules["numpy"].random.seed(int.from_bytes(os.urandom(4)))
        status = script.run(code, places)
    except EOFError:  # the warden is gone before there was a call
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def _close_in(line: socket.socket, walls: Walls, places: cell.Places) -> None:
    """Give up every right, and tell the warden."""
    os.setsid()
    os.chdir(places.work)
    if walls.namespaces:
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
    if walls.landlock:
        writable = (places.work, places.code, places.temporary, places.shared)
        devices = [f"/dev/{name}" for name in cell.DEVICES]
        there = [path for path in writable if os.path.exists(path)]  # noqa: PTH110 -- cheaper
        landlock.restrict(walls.landlock, there, devices)
    # With namespaces, the program must not die before its warden, who would take it for an answer.
    linux.drop_capabilities()
    if not walls.namespaces:
        linux.die_with_parent()
    listener = []
    if walls.rules:
        listener = _install(walls)
    wire.send(line, {"inherited_kb": _lent["RssAnon"]}, listener)
    wire.close_all(listener)


def _install(walls: Walls) -> list[int]:
    """Install the filter that asks at the exit, or the plain one; gives the listener if any."""
    try:
        return [linux.install_filter(walls.rules, listen=True)]
    except OSError:  # before Linux 5.19, or somebody else listens
        linux.install_filter(walls.rules_plain, listen=False)
        return []


def _wait(line: socket.socket) -> tuple[str, dict[str, Any]]:
    """Wait for the code, and take the streams that come with it."""
    while True:
        message, streams = wire.receive(line)
        if "code" in message:
            break
        pages.copy_ahead(_often)
    for target, descriptor in enumerate(streams):
        os.dup2(descriptor, target)
        os.close(descriptor)
    return message["code"], message["limits"]


def _set_limits(limits: dict[str, Any], *, alone: bool) -> None:
    """Set what rlimits can bound; the count of processes is the user's, who must be `alone`."""
    cpu_s = max(1, int(limits["cpu_s"] + 0.999))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 2))
    values = {
        resource.RLIMIT_NOFILE: limits["open_files"],
        resource.RLIMIT_FSIZE: limits["disk_mb"] << 20,
        resource.RLIMIT_DATA: (limits["memory_mb"] << 20) + (_lent["VmData"] << 10),
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
        resource.RLIMIT_SIGPENDING: 4096,
    }
    if alone:
        values[resource.RLIMIT_NPROC] = limits["processes"]
    for kind, value in values.items():
        resource.setrlimit(kind, (value, value))
