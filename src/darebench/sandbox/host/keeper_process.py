"""The keeper's process, seen from the executor: started, asked how it is, and ended."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from darebench.cores import share_of
from darebench.errors import ConfigError, SandboxFault
from darebench.sandbox.cell import cgroup
from darebench.sandbox.channel import receive, send
from darebench.sandbox.messages import (
    KeeperReady,
    MapUser,
    StartFailed,
    UserMapped,
    ZygoteReady,
)
from darebench.sandbox.owned_folder import OwnedFolder
from darebench.sandbox.program import WarmModule

FOLDER = "darebench-cell-"
"""Beginning of the name of a keeper's folder on the host."""
NOBODY = 65534
START_TIMEOUT_S = 120.0
END_S = 2.0
"""How long a keeper that has hung up may take to end."""
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

_OURS = re.compile(r"^(?:darebench\.errors\.\w+|RuntimeError): ")
"""Kinds of error whose text says all."""


class KeeperProcess:
    """A keeper that has started, and the control socket to it.

    Raises:
        ConfigError: This machine lacks something that the sandbox needs.
        SandboxFault: The keeper has failed.
    """

    def __init__(self, slots: int, warm: Sequence[str] | None, *, allow_unsafe: bool) -> None:
        self._groups: tuple[str, ...] = ()
        self.missing: dict[str, str] = {}
        """The isolation that this machine lacks, with what to do about each."""
        self.warmed: tuple[WarmModule, ...] = ()
        """What was imported ahead of all programs."""
        self._warm = warm
        # The cell's root is mounted here on its way to become the zygote's root; then it can go.
        self._folder = OwnedFolder(FOLDER)
        self._root = self._folder.path
        self._stderr = os.memfd_create("stderr")
        self._control, theirs = socket.socketpair()
        self._control.settimeout(START_TIMEOUT_S)
        try:
            with theirs:
                self.process = self._start(theirs, slots, "unsafe" if allow_unsafe else "safe")
        except OSError:
            self._close()
            self._folder.remove()
            raise
        try:
            self._handshake()
        except (EOFError, OSError) as error:
            why = self._why_it_ended() or error
            self.stop()
            raise SandboxFault(f"the sandbox did not start: {why}") from None
        except BaseException:
            self.stop()
            raise
        if "namespaces" not in self.missing:
            self._folder.remove()

    def _start(self, theirs: socket.socket, slots: int, mode: str) -> subprocess.Popen[bytes]:
        wanted = json.dumps(self._warm)
        return subprocess.Popen(
            [sys.executable, "-c", _START, str(theirs.fileno()), str(self._root), mode, wanted],
            env=_ENVIRONMENT | {"OMP_NUM_THREADS": str(share_of(slots))},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._stderr,
            pass_fds=(theirs.fileno(),),
            cwd="/",
        )

    def _handshake(self) -> None:
        n_ready, n_zygotes = 0, 1
        while n_ready < n_zygotes:
            match receive(self._control, MapUser, KeeperReady, ZygoteReady, StartFailed).message:
                case StartFailed(traceback=text):
                    last = (text.strip().splitlines() or ["it gave no reason"])[-1]
                    last = _OURS.sub("", last)
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
                case ZygoteReady(warmed=warmed):
                    self.warmed += warmed
                    n_ready += 1

    def _map_user(self, pid: int) -> None:
        """Make the keeper's root nobody on the host, or ourselves if we are not root.

        The root of a container that has no other users is ourselves as well.
        """
        process = Path(f"/proc/{pid}")
        process.joinpath("setgroups").write_text("deny")
        for name, own in (("uid_map", os.geteuid()), ("gid_map", os.getegid())):
            users = [NOBODY, own] if os.geteuid() == 0 else [own]
            for user in users:
                try:
                    process.joinpath(name).write_text(f"0 {user} 1")
                    break
                except OSError:
                    if user == users[-1]:
                        raise

    def _why_it_ended(self) -> str:
        """Return how the keeper ended, and the last that it wrote to stderr; empty if it runs."""
        try:
            code = self.process.wait(END_S)
        except subprocess.TimeoutExpired:
            return ""
        ended = f"it was ended by {_signal(-code)}" if code < 0 else f"it ended with {code}"
        size = os.fstat(self._stderr).st_size
        said = os.pread(self._stderr, 2000, max(0, size - 2000)).decode(errors="replace")
        return ": ".join([ended, *said.strip().splitlines()[-1:]])

    def alive(self) -> bool:
        """Check whether the keeper runs."""
        return self.process.poll() is None

    def forget(self) -> None:
        """Drop a keeper that belongs to the process that this one was forked from."""
        self._folder.forget()
        self._close()

    def stop(self) -> None:
        """End the keeper with all that runs below it, and remove what it has left on the host."""
        self._close()
        self.process.kill()
        self.process.wait()
        cgroup.remove(self._groups)
        self._folder.remove()  # the place of calls that have no cell, or it never got ready

    def _close(self) -> None:
        self._control.close()
        if self._stderr >= 0:
            os.close(self._stderr)
            self._stderr = -1


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
