"""A running call, watched by its warden: the clock, the memory, the program's end.

The warden ends the whole process tree at a limit or at the program's end. It answers as soon as
nothing of the program can run again; the kernel's clearing up goes on behind the answer.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import time
from dataclasses import dataclass
from typing import NamedTuple

from darebench.sandbox.cell import notices, process_tree
from darebench.sandbox.cell.isolation import Isolation
from darebench.sandbox.cell.rootfs import Places
from darebench.sandbox.messages import CallRequest
from darebench.sandbox.program import Status

FIRST_LOOK_S = 0.05
"""When memory is first measured: a shorter call cannot have done much."""
LOOK_S = 0.02
BOUNDED_LOOK_S = 0.25
"""How often memory is measured where the kernel bounds it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StartedProgram:
    """A program's process that waits for its request."""

    pid: int
    channel: socket.socket
    group: str
    """Name of the control group that it is in."""
    release: int = -1
    """Kept open until the program's end: the zygote clears up when it closes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningCall:
    """One call under way."""

    isolation: Isolation
    places: Places
    program: StartedProgram
    reply: socket.socket
    listener: int
    """Descriptor that gets the filter's notifications; -1 where the kernel does not have it."""
    inherited_kb: int
    """Memory that the zygote lends to each of its forks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """How a program ended."""

    status: Status
    detail: str = ""
    """Which limit it was, with its value."""
    exit_code: int
    seconds: float


class _Stop(NamedTuple):
    """Why the wait is over: a limit, or the program's own end with the code that it asked for."""

    status: Status | None = None
    detail: str = ""
    exit_code: int | None = None


def watch(call: RunningCall, request: CallRequest, handle: int) -> End:
    """Wait for the program's end or limit; nothing of it runs afterwards.

    Args:
        call: The call.
        request: What was asked for.
        handle: The pidfd of the program.
    """
    own = call.isolation.namespaces
    start = time.monotonic()
    stop = _wait(call, request, handle, start)
    seconds = time.monotonic() - start
    process_tree.kill(own_namespace=own)
    code = stop.exit_code
    if code is None or not _is_alone(call):
        select.select([handle], [], [])
        code = process_tree.exit_code(call.program.pid) if code is None else code
        process_tree.wait_for_all(handle)
    status, detail = stop.status, stop.detail
    if status is None and code == -signal.SIGXCPU:
        status, detail = Status.KILLED, f"over the CPU limit of {request.cpu_s:g} s"
    elif status is None and call.isolation.groups.oom_kills(call.program.group):
        status, detail = Status.KILLED, f"over the memory limit of {request.limits.memory_mb} MB"
    elif status is None:
        status = Status.OK if code == 0 else Status.ERROR
    return End(status=status, detail=detail, exit_code=code, seconds=seconds)


def _wait(call: RunningCall, request: CallRequest, handle: int, start: float) -> _Stop:
    poll = select.poll()
    for descriptor in (handle, call.reply.fileno(), call.listener):
        if descriptor >= 0:
            poll.register(descriptor, select.POLLIN)
    wall_s = request.limits.wall_s
    deadline = start + wall_s
    look = start + FIRST_LOOK_S
    while True:
        now = time.monotonic()
        if now > deadline:
            return _Stop(Status.TIMEOUT, f"over the wall-clock limit of {wall_s:g} s")
        if now > look:
            over = _over_memory(call, request.limits.memory_mb)
            if over:
                return _Stop(Status.KILLED, over)
            look = now + (BOUNDED_LOOK_S if call.isolation.groups.descriptors else LOOK_S)
        ready = {fd for fd, _ in poll.poll(max(0.0, min(deadline, look) - now) * 1000 + 1)}
        if call.listener in ready:
            code = _exit_asked_for(call)
            if code is not None:
                return _Stop(exit_code=code)
        if handle in ready:
            return _Stop()
        if call.reply.fileno() in ready:  # the executor is gone: so is the reason to go on
            return _Stop(Status.KILLED, "the executor ended")


def _exit_asked_for(call: RunningCall) -> int | None:
    """Return the exit code if it is the program that ends itself; let any other process do so."""
    asked = notices.receive(call.listener)
    if asked is None:
        return None
    thread = f"/proc/{call.program.pid}/task/{asked.pid}"
    if asked.pid == call.program.pid or os.path.exists(thread):  # noqa: PTH110 -- cheaper
        return asked.arguments[0] & 0xFF
    notices.let_go(call.listener, asked.id)
    return None


def _is_alone(call: RunningCall) -> bool:
    """Check whether the program that asked to end, and was killed, cannot run again.

    If it is one thread and all there is, it waits in the kernel for an answer that never comes.
    With more threads or processes, wait a little until the kernel has them on their way out.
    """
    own, pid = call.isolation.namespaces, call.program.pid
    for _ in range(20):
        first = process_tree.read_thread(str(pid))
        is_single = first is None or first.n_threads <= 1
        if is_single and process_tree.members(own_namespace=own) == [pid]:
            return True
        if process_tree.all_harmless(own_namespace=own):
            return True
        time.sleep(0.0002)
    return False


def _over_memory(call: RunningCall, limit_mb: int) -> str:
    """Return what to report if the call holds too much memory, else an empty text."""
    own, groups = call.isolation.namespaces, call.isolation.groups
    if groups.descriptors:
        killed = groups.oom_kills(call.program.group)
        return f"over the memory limit of {limit_mb} MB" if killed else ""
    in_files = call.places.used_mb() if own else 0
    pids = process_tree.members(own_namespace=own)
    if process_tree.memory_mb(pids, call.inherited_kb) + in_files <= limit_mb:
        return ""
    used = process_tree.exact_memory_mb(process_tree.members(own_namespace=own)) + in_files
    return f"over the memory limit of {limit_mb} MB (used {used} MB)" if used > limit_mb else ""
