"""The process tree of one call, as its warden sees it: who lives, what they hold, and their end."""

from __future__ import annotations

import contextlib
import os
import select
import signal
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from darebench.sandbox.cell import linux


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadState:
    """One thread, by its /proc/.../stat."""

    parent: int
    n_threads: int
    flags: int
    exit_status: int
    """Raw, as wait returns it; set for a process that has ended and was not yet waited for."""
    ended: bool

    @property
    def harmless(self) -> bool:
        """Whether it never runs its own code again."""
        return self.ended or bool(self.flags & linux.PF_EXITING)


def read_thread(path: str) -> ThreadState | None:
    """Read the state of a thread by its path below /proc; None if it is gone."""
    try:
        text = linux.read(f"/proc/{path}/stat")
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = text.rpartition(b")")[2].split()
    return ThreadState(
        parent=int(fields[1]),
        n_threads=int(fields[17]),
        flags=int(fields[6]),
        exit_status=int(fields[49]),
        ended=fields[0] in b"ZXx",
    )


def members(*, own_namespace: bool) -> list[int]:
    """Return the processes of this call: all in this warden's pid namespace, or below it."""
    pids = [int(e) for e in os.listdir("/proc") if e.isdigit()]  # noqa: PTH208 -- names are enough
    if own_namespace:
        return [pid for pid in pids if pid != 1]
    parents = {pid: found.parent for pid in pids if (found := read_thread(str(pid)))}
    inside = {os.getpid()}
    while new := {pid for pid, parent in parents.items() if parent in inside} - inside:
        inside |= new
    return sorted(inside - {os.getpid()})


def kill(*, own_namespace: bool) -> None:
    """Kill every process of this call."""
    if own_namespace:
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)
        return
    while living := [
        pid
        for pid in members(own_namespace=False)
        if (found := read_thread(str(pid))) and not found.harmless
    ]:
        for pid in living:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        _collect()


def all_harmless(*, own_namespace: bool) -> bool:
    """Check whether no thread of this call will run again; only of use after `kill`."""
    for pid in members(own_namespace=own_namespace):
        first = read_thread(str(pid))
        if first is None or (first.ended and first.n_threads <= 1):
            continue
        try:
            threads = os.listdir(f"/proc/{pid}/task")  # noqa: PTH208 -- names are enough
        except OSError:
            continue
        for thread in threads:
            found = read_thread(f"{pid}/task/{thread}")
            if found is not None and not found.harmless:
                return False
    return True


def wait_for_all(handle: int) -> None:
    """Wait until the program, by its pidfd, and all that it left to this warden have ended."""
    select.select([handle], [], [])
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)


def exit_code(program: int) -> int:
    """Return the exit code of a program that has ended: its status, or minus its signal."""
    with contextlib.suppress(ChildProcessError):
        _, status = os.waitpid(program, os.WNOHANG)
        return os.waitstatus_to_exitcode(status)
    found = read_thread(str(program))
    return -signal.SIGKILL if found is None else os.waitstatus_to_exitcode(found.exit_status)


def memory_mb(pids: Iterable[int], inherited_kb: int) -> int:
    """Return the resident memory of a call's processes, without what the zygote lends them."""
    total_kb = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            status = Path(f"/proc/{pid}/status").read_text()
            total_kb += _field_kb(status, "RssAnon:") + _field_kb(status, "RssShmem:")
            found = read_thread(str(pid))
            if found and found.flags & linux.PF_FORKNOEXEC:
                total_kb -= inherited_kb
    return max(0, total_kb) >> 10


def exact_memory_mb(pids: Iterable[int]) -> int:
    """Return the same with every shared page counted once: slow, for when the estimate is high."""
    total_kb = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
            total_kb += _field_kb(rollup, "Pss_Anon:") + _field_kb(rollup, "Pss_Shmem:")
    return total_kb >> 10


def _field_kb(status: str, name: str) -> int:
    _, found, rest = status.partition(name)
    return int(rest.split(maxsplit=1)[0]) if found else 0


def _collect() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
