"""The executor's end of its keeper: starts it, and keeps processes ready ahead of calls.

A spare is a warden with a program's process that is closed in and waits. A light spare is a fork of
the small zygote, for programs that import no library but numpy. The others have the libraries, and
while nothing runs they are prefaulted: their share of the libraries' memory is copied ahead of the
call, which programs would otherwise copy page by page.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from darebench.cores import usable_cores
from darebench.errors import ConfigError, DareError, SandboxFault
from darebench.sandbox.cell import cgroup
from darebench.sandbox.channel import receive, send
from darebench.sandbox.messages import (
    KeeperReady,
    MakeCell,
    MapUser,
    NextProgram,
    Prefault,
    StartFailed,
    UserMapped,
    ZygoteReady,
)

NOBODY = 65534
START_TIMEOUT_S = 120.0
PATIENCE_S = 0.05
"""How long to wait for a spare whose last program may be slow to end, before one is made."""
_IMPORTED = re.compile(r"\bfrom[ \t]+([\w.]+)[ \t]+import\b|\bimport[ \t]+([^\n;#]+)")
_INDIRECT = re.compile(r"\b(?:__import__|importlib|runpy|pickle|exec|eval)\b")
"""What may need libraries that a program's imports do not name."""
_LIGHT = sys.stdlib_module_names | {"numpy"}
_ENVIRONMENT = {
    "PATH": os.defpath,
    "HOME": "/nonexistent",
    "LANG": "C.UTF-8",
    "TZ": "UTC",
    "MPLBACKEND": "Agg",
    "MPLCONFIGDIR": "/tmp",
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
    # A fork must be single-threaded, and small: arrow's own pools start a thread or reserve 1 GB.
    "OPENBLAS_NUM_THREADS": "1",
    # Threads that spin while they wait for each other take the processor from the next slot's.
    "OMP_WAIT_POLICY": "PASSIVE",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
}
"""Variables of the keeper. What libraries read as they are loaded holds for programs too."""
_START = "import sys; del sys.path[0]; from darebench.sandbox.cell.keeper import main; main()"


def _threads_for(slots: int) -> int:
    """Return the OpenMP threads of a program: the processors of its slot, at least one."""
    return max(1, usable_cores() // slots)


def is_light(code: str) -> bool:
    """Check whether a program needs only numpy and the standard library, by its imports.

    A program that is wrongly taken for light imports its libraries itself, which takes longer.
    """
    if _INDIRECT.search(code):
        return False
    parts = (part for one, many in _IMPORTED.findall(code) for part in (one or many).split(","))
    names = {part.split()[0].partition(".")[0] for part in parts if part.strip()}
    return names <= _LIGHT


@dataclass(slots=True, kw_only=True, eq=False)
class Spare:
    """The socket to a warden that waits for its call."""

    reply: socket.socket
    light: bool
    prefaulted: bool = False


class Pool:
    """The keeper's process, the control socket to it, and the spares."""

    def __init__(self, slots: int, *, allow_unsafe: bool) -> None:
        ours, theirs = socket.socketpair()
        ours.settimeout(START_TIMEOUT_S)
        self._control = ours
        self._lock = threading.Lock()
        self._slots = slots
        self._spares: list[Spare] = []
        self._groups: tuple[str, ...] = ()
        self.missing: dict[str, str] = {}
        """The isolation that this machine lacks, with what to do about each."""
        # The cell's root is mounted here on its way to become the zygote's root; then it can go.
        self._root = Path(tempfile.mkdtemp(prefix="darebench-cell-"))
        mode = "unsafe" if allow_unsafe else "safe"
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-c", _START, str(theirs.fileno()), str(self._root), mode],
                env=_ENVIRONMENT | {"OMP_NUM_THREADS": str(_threads_for(slots))},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                cwd="/",
            )
        try:
            self._handshake()
        except (EOFError, OSError) as error:
            self.stop()
            raise SandboxFault(f"the sandbox did not start: {error}") from None
        except DareError:
            self.stop()
            raise
        if "namespaces" not in self.missing:
            self._root.rmdir()

    def _handshake(self) -> None:
        n_ready, n_zygotes = 0, 1
        while n_ready < n_zygotes:
            match receive(self._control, MapUser, KeeperReady, ZygoteReady, StartFailed).message:
                case StartFailed(traceback=text):
                    last = (text.strip().splitlines() or ["it gave no reason"])[-1]
                    raise ConfigError(
                        f"this machine cannot run the sandbox: {last}; `darebench sandbox check` "
                        "says what it needs"
                    )
                case MapUser(pid=pid):
                    self._map_user(pid)
                    send(self._control, UserMapped())
                case KeeperReady() as keeper:
                    self._groups, self.missing = keeper.groups, keeper.missing
                    n_zygotes = keeper.n_zygotes
                case ZygoteReady():
                    n_ready += 1

    def _map_user(self, pid: int) -> None:
        """Make the keeper's root nobody on the host, or ourselves if we are not root."""
        uid, gid = (NOBODY, NOBODY) if os.geteuid() == 0 else (os.geteuid(), os.getegid())
        process = Path(f"/proc/{pid}")
        process.joinpath("setgroups").write_text("deny")
        process.joinpath("uid_map").write_text(f"0 {uid} 1")
        process.joinpath("gid_map").write_text(f"0 {gid} 1")

    def alive(self) -> bool:
        """Check whether the keeper runs."""
        return self.process.poll() is None

    def take(self, *, light: bool) -> Spare:
        """Take the best spare for a program, or have one made; `give_back` must follow."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            with self._lock:
                fitting = [spare for spare in self._spares if spare.light == light]
                poll = select.poll()
                for spare in fitting:
                    poll.register(spare.reply, select.POLLIN)
                # A warden speaks when its program waits, or by its end.
                spoken = {descriptor for descriptor, _ in poll.poll(0)}
                ready = [spare for spare in fitting if spare.reply.fileno() in spoken]
                if ready:
                    best = max(ready, key=lambda spare: spare.prefaulted)
                    self._spares.remove(best)
                    return best
                if not fitting or time.monotonic() > deadline:
                    return self._make(light=light)
            poll.poll(1 + 1000 * max(0.0, deadline - time.monotonic()))

    def renew(self, spare: Spare) -> None:
        """Have a new warden made for a spare whose warden has turned out to be dead."""
        spare.reply.close()
        with self._lock:
            spare.reply, spare.prefaulted = self._make(light=spare.light).reply, False

    def give_back(self, spare: Spare, *, again: bool, idle: bool) -> None:
        """End a call, and use the time after it to make spares.

        Args:
            spare: The spare that `take` returned.
            again: Its warden offers to take another call.
            idle: No other call runs or waits, so that spares can be prefaulted as well.
        """
        with self._lock, contextlib.suppress(OSError):  # the next call finds out what is wrong
            alike = [other for other in self._spares if other.light == spare.light]
            # As many as may run are more than are made: else one would be closed and made in turn.
            if again and len(alike) < 3 * self._slots and _ask_again(spare, idle=idle):
                alike.append(spare)
                self._spares.append(spare)
            else:
                spare.reply.close()
            while len(alike) < 2 * self._slots:
                alike.append(self._make(light=spare.light, idle=idle))
                self._spares.append(alike[-1])
            if idle and not spare.light:
                plain = [other for other in alike if not other.prefaulted]
                for other in plain[: self._slots - (len(alike) - len(plain))]:
                    send(other.reply, Prefault())
                    other.prefaulted = True

    def _make(self, *, light: bool, idle: bool = False) -> Spare:
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                send(self._control, MakeCell(idle=idle, light=light), [theirs.fileno()])
            except OSError:
                ours.close()
                raise
        return Spare(reply=ours, light=light)

    def forget(self) -> None:
        """Drop a keeper that belongs to the process that this one was forked from."""
        self._control.close()
        for spare in self._spares:
            spare.reply.close()

    def stop(self) -> None:
        """End the keeper with all that runs below it, and remove what it has left on the host."""
        self.forget()
        self._spares.clear()
        self.process.kill()
        self.process.wait()
        cgroup.remove(self._groups)
        if "namespaces" in self.missing:  # it was the place of calls that have no cell
            shutil.rmtree(self._root, ignore_errors=True)
        else:
            with contextlib.suppress(FileNotFoundError):  # only there if it never got ready
                self._root.rmdir()


def _ask_again(spare: Spare, *, idle: bool) -> bool:
    """Ask a warden for another program; return False if it has ended."""
    spare.prefaulted = False
    try:
        send(spare.reply, NextProgram(idle=idle))
    except OSError:
        return False
    return True
