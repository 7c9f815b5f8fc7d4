"""The warden of a cell: starts a program ahead of the call, runs the call, and clears up.

It is the first process of a new pid namespace and alone talks to the executor. It ends the whole
process tree, and only then looks at what the program left. A cell in which a program has ended by
itself and left only a few plain files is cleared and used again; any other ends with its call.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
from typing import Protocol

from darebench.sandbox.cell import linux, memory, outputs, process_tree
from darebench.sandbox.cell.child import Kind
from darebench.sandbox.cell.isolation import Isolation
from darebench.sandbox.cell.rootfs import Places
from darebench.sandbox.cell.watch import End, RunningCall, StartedProgram, watch
from darebench.sandbox.channel import close_all, receive, send
from darebench.sandbox.messages import (
    CallEnded,
    CallFailed,
    CallRequest,
    ClosedIn,
    MemoryProfile,
    NextProgram,
    Prefault,
    ProgramReady,
    RunProgram,
    encode,
)
from darebench.sandbox.program import Status

MAX_CODE = 1 << 20
"""Longest text of a program after which the cell is used again: it stays in the warden's memory."""
_CHUNK = 1 << 30


class Cell(Protocol):
    """The place where a warden's programs live."""

    @property
    def isolation(self) -> Isolation:
        """The layers of isolation around it."""
        ...

    @property
    def places(self) -> Places:
        """The folders of its programs."""
        ...

    def start(self, kind: Kind) -> StartedProgram:
        """Start a program's process, with the cell as it was at first."""
        ...

    def is_plain(self) -> bool:
        """Check whether what the last program left can be cleared away."""
        ...

    def close(self) -> None:
        """Release what a program has outside the cell: its control group."""
        ...


def guard(
    reply: socket.socket, cell: Cell, profile: memory.Ranges, sink: socket.socket, *, idle: bool
) -> None:
    """Run calls in a cell until one leaves it unfit for another, or no more are wanted.

    Args:
        reply: The socket to the executor.
        cell: The place for the programs.
        profile: The memory that a warden writes to during a call; empty if it is not known yet.
        sink: Where to send it after the first call in that case.
        idle: No other call runs, beside which prefaulting would cost more than it saves.
    """
    areas = [] if profile else memory.writable()
    while True:
        try:
            call = _prepare(reply, cell, profile, idle=idle)
            request, descriptors = _next_request(call)
        except (EOFError, ConnectionError):  # the executor or the program's process is gone
            break
        except OSError as error:
            send(reply, CallFailed(why=f"preparing failed: {error}"))
            break
        again = _serve(call, cell, request, descriptors)
        if areas:
            _send_profile(areas, sink)
        areas = []
        if not again:
            break
        try:
            idle = receive(reply, NextProgram).message.idle
        except (EOFError, ConnectionError):  # no more calls are wanted
            break
    reply.close()
    if cell.isolation.namespaces:
        _end_program()
    cell.close()


def _send_profile(areas: memory.Ranges, sink: socket.socket) -> None:
    """Send what this process has written to in these areas."""
    linux.set_dumpable(True)  # no process is left that could look at this one
    written = MemoryProfile(ranges=tuple(memory.written(areas)))
    with contextlib.suppress(OSError):  # another warden was first
        sink.send(encode(written))


def _end_program() -> None:
    """End a program's process that waits for a call that never comes, if there is one."""
    with contextlib.suppress(ProcessLookupError):
        handle = os.pidfd_open(2)
        process_tree.kill(own_namespace=True)
        process_tree.wait_for_all(handle)


def _prepare(
    reply: socket.socket, cell: Cell, profile: memory.Ranges, *, idle: bool
) -> RunningCall:
    """Start a program's process, and wait until it is closed in."""
    linux.set_dumpable(True)  # for the program to step in; no process is here yet that could look
    program = cell.start(Kind.AHEAD if idle and not _is_called(reply) else Kind.HURRIED)
    closed_in, listeners = receive(program.channel, ClosedIn)
    linux.set_dumpable(False)
    send(reply, ProgramReady())
    if idle and not _is_called(reply):
        memory.prefault(profile)
    return RunningCall(
        isolation=cell.isolation,
        places=cell.places,
        program=program,
        reply=reply,
        listener=listeners[0] if listeners else -1,
        inherited_kb=closed_in.inherited_kb,
    )


def _serve(call: RunningCall, cell: Cell, request: CallRequest, descriptors: list[int]) -> bool:
    """Run and answer one call; return whether there can be another one in this cell."""
    handle, again = -1, False
    try:
        handle = os.pidfd_open(call.program.pid)
        end = _run(call, request, descriptors, handle)
        found = outputs.collect(call.places.work, request.save, request.limits.file_mb)
        ended_itself = end.status in (Status.OK, Status.ERROR)
        again = len(request.code) <= MAX_CODE and ended_itself and cell.is_plain()
        answer = CallEnded(
            status=end.status,
            detail=end.detail,
            exit_code=end.exit_code,
            seconds=end.seconds,
            saved=tuple(found.opened),
            refused=found.refused,
            unsaved=outputs.unsaved(call.places.work, {*request.load, *request.save}),
            again=again,
        )
        opened = list(found.opened.values())
        send(call.reply, answer, opened)
        close_all(opened)
    except OSError as error:
        again = False
        with contextlib.suppress(ConnectionError):  # the executor may be gone
            send(call.reply, CallFailed(why=f"running failed: {error}"))
    process_tree.kill(own_namespace=call.isolation.namespaces)
    if handle >= 0:
        process_tree.wait_for_all(handle)
    close_all(fd for fd in (handle, call.program.release, call.listener) if fd >= 0)
    return again


def _is_called(reply: socket.socket) -> bool:
    """Check whether a request waits already."""
    return bool(select.select([reply], [], [], 0)[0])


def _next_request(call: RunningCall) -> tuple[CallRequest, list[int]]:
    """Wait for the call's request; hand on the wish to prefault the program's memory until then."""
    poll = select.poll()
    for channel in (call.reply, call.program.channel):
        poll.register(channel, select.POLLIN)
    while True:
        if call.program.channel.fileno() in (fd for fd, _ in poll.poll()):
            raise EOFError("the program's process was killed while it waited")
        message, descriptors = receive(call.reply, CallRequest, Prefault)
        if isinstance(message, CallRequest):
            return message, descriptors
        send(call.program.channel, message)


def _run(call: RunningCall, request: CallRequest, descriptors: list[int], handle: int) -> End:
    """Run the program to its end or limit, unless it is over its memory before it starts."""
    limits, groups = request.limits, call.isolation.groups
    if groups.descriptors:
        try:
            groups.limit(call.program.group, limits.memory_mb, limits.processes)
        except MemoryError:
            detail = f"over the memory limit of {limits.memory_mb} MB before its first line"
            killed = -int(signal.SIGKILL)
            return End(status=Status.KILLED, detail=detail, exit_code=killed, seconds=0.0)
    _stage(call, request, descriptors)
    return watch(call, request, handle)


def _stage(call: RunningCall, request: CallRequest, descriptors: list[int]) -> None:
    """Copy the files in, and hand the program its code and streams."""
    if call.isolation.namespaces:
        call.places.resize(request.limits.disk_mb + request.input_mb)
    create(call.places.script, request.code.encode(errors="replace"))
    streams, files = descriptors[:3], descriptors[3:]
    for name, descriptor in zip(request.load, files, strict=True):
        create(f"{call.places.work}/{name}", descriptor)
    program = RunProgram(code=request.code, limits=request.limits, cpu_s=request.cpu_s)
    send(call.program.channel, program, streams)
    call.program.channel.close()
    close_all(descriptors)


def create(path: str, content: bytes | int) -> None:
    """Create a file with this content, or with that of an open file."""
    target = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        if isinstance(content, int):
            while os.sendfile(target, content, None, _CHUNK):
                pass
        else:
            while content:
                content = content[os.write(target, content) :]
    finally:
        os.close(target)
