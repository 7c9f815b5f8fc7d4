"""The warden of a cell: furnishes it ahead, then starts, watches and ends one program at a time.

It is the first process of a new pid namespace and alone talks to the executor. It keeps the clock
and the memory, kills the whole tree at a limit or at the end, and only then looks at what the
program left. It answers as soon as nothing of the program can run again; the kernel's clearing up
goes on behind the answer. A cell in which a program has ended by itself and left but a few plain
files is cleared and used again; any other ends with its call.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import signal
import socket
import struct
import time
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from darebench.sandbox import census, linux, outputs, pages, wire
from darebench.sandbox.cell import Places
from darebench.sandbox.walls import Walls

FIRST_LOOK_S = 0.05
"""When memory is first looked at: a shorter call cannot have done much."""
LOOK_S = 0.02
BOUNDED_LOOK_S = 0.25
"""How often it is looked at where the kernel bounds it."""
_RECEIVE, _SEND = 0xC0502100, 0xC0182101
LARGE_CODE = 1 << 20
"""Characters of a program's text after which the warden ends."""
_QUESTION = struct.Struct("=QII iIQ6Q")
_GO_ON = 1
_CHUNK = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A program's process that waits for its request."""

    pid: int
    channel: socket.socket
    group: str
    """The control group that it is in."""
    release: int = -1
    """Kept open until the program's end: the zygote clears up when it closes."""


class House(Protocol):
    """Where a warden's programs live."""

    def start(self, *, hurried: bool) -> Started:
        """Start a program's process in a place that is as new."""
        ...

    def is_plain(self) -> bool:
        """Say whether what the last program left can be cleared."""
        ...

    def close(self) -> None:
        """Give up what a program had that is not in the place itself."""
        ...


@dataclass(slots=True, kw_only=True)
class _Call:
    """One call under way."""

    walls: Walls
    places: Places
    program: Started
    reply: socket.socket
    asks: int
    """The filter's listener; -1 where the kernel has none."""
    inherited_kb: int


ranges: pages.Ranges = []
"""The memory that a warden writes to during a call, as the first one found it."""


def guard(
    reply: socket.socket,
    walls: Walls,
    places: Places,
    house: House,
    lessons: socket.socket,
    *,
    idle: bool,
) -> None:
    """Have a program started ahead, run a call with it, to the end; again while the cell is good.

    Memory is copied ahead only if `idle`: beside running calls it costs more than it saves.
    """
    areas = [] if ranges else pages.writable()
    while True:
        try:
            call = _prepare(reply, walls, places, house, idle=idle)
            request, descriptors = _next_request(call)
        except (EOFError, ConnectionError):  # the executor or the program's process is gone
            break
        except OSError as error:
            wire.send(reply, {"fault": f"preparing failed: {error}"})
            break
        again = _serve(call, house, request, descriptors)
        if areas:
            linux.set_dumpable(True)  # nobody is left who could look at it
            with contextlib.suppress(OSError):  # another one was first
                lessons.send(json.dumps(pages.written(areas)).encode())
            areas = []
        if not again:
            break
        try:
            idle = wire.receive(reply)[0]["idle"]
        except (EOFError, ConnectionError):  # no more calls are wanted
            break
    reply.close()
    if walls.namespaces:
        with contextlib.suppress(ProcessLookupError):  # else it waits for a call that never comes
            handle = os.pidfd_open(2)
            census.kill(own_namespace=True)
            census.wait_for_all(handle)
    house.close()


def _prepare(
    reply: socket.socket,
    walls: Walls,
    places: Places,
    house: House,
    *,
    idle: bool,
) -> _Call:
    """Start a program's process, and wait until it is closed in."""
    linux.set_dumpable(True)  # for the program to step in; nobody is here yet who could look
    program = house.start(hurried=not idle or _is_called(reply))
    message, listener = wire.receive(program.channel)
    linux.set_dumpable(False)
    wire.send(reply, {"ready": True})
    if idle and not _is_called(reply):
        pages.copy_ahead(ranges)
    return _Call(
        walls=walls,
        places=places,
        program=program,
        reply=reply,
        asks=listener[0] if listener else -1,
        inherited_kb=message["inherited_kb"],
    )


def _serve(call: _Call, house: House, request: dict[str, Any], descriptors: list[int]) -> bool:
    """Run and answer one call; say whether there can be another one in this place."""
    handle, again = -1, False
    try:
        handle = os.pidfd_open(call.program.pid)
        result = _run(call, request, descriptors, handle)
        limit_mb = request["limits"]["file_mb"]
        found, opened = outputs.collect(call.places.work, request["save"], limit_mb)
        is_small = len(request["code"]) <= LARGE_CODE  # which stays in this process's memory
        again = is_small and result["status"] in ("ok", "error") and house.is_plain()
        wire.send(call.reply, {**result, "files": found, "again": again}, opened)
        wire.close_all(opened)
    except OSError as error:
        again = False
        with contextlib.suppress(ConnectionError):  # the executor may be gone
            wire.send(call.reply, {"fault": f"running failed: {error}"})
    census.kill(own_namespace=call.walls.namespaces)
    if handle >= 0:
        census.wait_for_all(handle)
    wire.close_all([d for d in (handle, call.program.release, call.asks) if d >= 0])
    return again


def _is_called(reply: socket.socket) -> bool:
    """Say whether a request waits already."""
    return bool(select.select([reply], [], [], 0)[0])


def _next_request(call: _Call) -> tuple[dict[str, Any], list[int]]:
    poll = select.poll()
    for channel in (call.reply, call.program.channel):
        poll.register(channel, select.POLLIN)
    while True:
        if call.program.channel.fileno() in (fd for fd, _ in poll.poll()):
            raise EOFError("the program's process was killed while it waited")
        message, descriptors = wire.receive(call.reply)
        if "code" in message:
            return message, descriptors
        wire.send(call.program.channel, message)


def _run(
    call: _Call, request: dict[str, Any], descriptors: list[int], handle: int
) -> dict[str, Any]:
    """Run the program to its end or limit; one that is over its memory before it starts is not."""
    limits = request["limits"]
    if call.walls.groups.descriptors:
        try:
            call.walls.groups.limit(call.program.group, limits["memory_mb"], limits["processes"])
        except MemoryError:
            detail = f"over the memory limit of {limits['memory_mb']} MB before its first line"
            killed = -int(signal.SIGKILL)
            return {"status": "killed", "detail": detail, "exit_code": killed, "seconds": 0.0}
    _stage(call, request, descriptors)
    return _watch(call, request, handle)


def _stage(call: _Call, request: dict[str, Any], descriptors: list[int]) -> None:
    """Put the files in place, hand the program its code and streams."""
    limits = request["limits"]
    if call.walls.namespaces:
        call.places.resize(limits["disk_mb"] + request["input_mb"])
    _create(call.places.script, request["code"].encode(errors="replace"))
    streams, files = descriptors[:3], descriptors[3:]
    for name, descriptor in zip(request["load"], files, strict=True):
        _create(f"{call.places.work}/{name}", descriptor)
    wire.send(call.program.channel, {"code": request["code"], "limits": limits}, streams)
    call.program.channel.close()
    wire.close_all(descriptors)


def _create(path: str, content: bytes | int) -> None:
    """Make a file with this content, or with that of an open one."""
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


def _watch(call: _Call, request: dict[str, Any], handle: int) -> dict[str, Any]:
    """Wait for the program's end or limit; nothing of it runs afterwards."""
    limits = request["limits"]
    own = call.walls.namespaces
    start = time.monotonic()
    end = _wait(call, limits, handle, start)
    seconds = time.monotonic() - start
    census.kill(own_namespace=own)
    code = end.code
    if code is None or not _is_alone(call):
        select.select([handle], [], [])
        code = census.exit_code(call.program.pid) if code is None else code
        census.wait_for_all(handle)
    status, detail = end.status, end.detail
    if not status and code == -signal.SIGXCPU:
        status, detail = "killed", f"over the CPU limit of {limits['cpu_s']:g} s"
    elif not status and call.walls.groups.oom_kills(call.program.group):
        status, detail = "killed", f"over the memory limit of {limits['memory_mb']} MB"
    status = status or ("ok" if code == 0 else "error")
    return {"status": status, "detail": detail, "exit_code": code, "seconds": seconds}


class _End(NamedTuple):
    """Why the wait is over: a limit, or the program's own end with the code that it asked for."""

    status: str = ""
    detail: str = ""
    code: int | None = None


def _wait(call: _Call, limits: dict[str, Any], handle: int, start: float) -> _End:
    poll = select.poll()
    for descriptor in (handle, call.reply.fileno(), call.asks):
        if descriptor >= 0:
            poll.register(descriptor, select.POLLIN)
    deadline = start + limits["wall_s"]
    look = start + FIRST_LOOK_S
    while True:
        now = time.monotonic()
        if now > deadline:
            return _End("timeout", f"over the wall-clock limit of {limits['wall_s']:g} s")
        if now > look:
            over = _over_memory(call, limits["memory_mb"])
            if over:
                return _End("killed", over)
            look = now + (BOUNDED_LOOK_S if call.walls.groups.descriptors else LOOK_S)
        ready = {fd for fd, _ in poll.poll(max(0.0, min(deadline, look) - now) * 1000 + 1)}
        if call.asks in ready:
            code = _answer(call)
            if code is not None:
                return _End(code=code)
        if handle in ready:
            return _End()
        if call.reply.fileno() in ready:  # the executor is gone: so is the reason to go on
            return _End("killed", "the executor ended")


def _answer(call: _Call) -> int | None:
    """Take a question of a process that ends itself: the program's exit code, if it is that one."""
    question = bytearray(_QUESTION.size)
    try:
        fcntl.ioctl(call.asks, _RECEIVE, question)
    except OSError:  # killed before it was heard
        return None
    key, asker, _, _, _, _, code, *_ = _QUESTION.unpack(question)
    thread = f"/proc/{call.program.pid}/task/{asker}"
    if asker == call.program.pid or os.path.exists(thread):  # noqa: PTH110 -- cheaper
        return code & 0xFF
    with contextlib.suppress(OSError):
        fcntl.ioctl(call.asks, _SEND, struct.pack("=QqiI", key, 0, 0, _GO_ON))
    return None


def _is_alone(call: _Call) -> bool:
    """Say whether the program that asked to end, and was killed, was one thread and all there is.

    Such a one waits in the kernel for an answer that never comes: it cannot run again. With more
    threads or processes, wait a little for the kernel to have them on their way out.
    """
    own, pid = call.walls.namespaces, call.program.pid
    for _ in range(20):
        first = census.task(str(pid))
        if (first is None or first.n_threads <= 1) and census.members(own_namespace=own) == [pid]:
            return True
        if census.all_harmless(own_namespace=own):
            return True
        time.sleep(0.0002)
    return False


def _over_memory(call: _Call, limit_mb: int) -> str:
    """Say that the call holds too much memory, or nothing."""
    own = call.walls.namespaces
    if call.walls.groups.descriptors:
        killed = call.walls.groups.oom_kills(call.program.group)
        return f"over the memory limit of {limit_mb} MB" if killed else ""
    in_files = call.places.used_mb() if own else 0
    if census.memory_mb(call.inherited_kb, own_namespace=own) + in_files <= limit_mb:
        return ""
    used = census.exact_memory_mb(own_namespace=own) + in_files
    return f"over the memory limit of {limit_mb} MB (used {used} MB)" if used > limit_mb else ""
