"""The warden of one call: it starts, watches and ends a program.

It is the first process of a new pid namespace and alone talks to the executor. It keeps the clock
and the memory, kills the whole tree at a limit or at the end, and only then looks at what the
program left.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import socket
import stat
import time
from pathlib import Path
from typing import Any

from darebench.sandbox import cell, linux, names, wire
from darebench.sandbox.child import run_program

TICK_S = 0.02
_NAMESPACES = (
    linux.CLONE_NEWNS
    | linux.CLONE_NEWPID
    | linux.CLONE_NEWIPC
    | linux.CLONE_NEWUTS
    | linux.CLONE_NEWNET
)


def guard(descriptors: list[int], rules: bytes) -> None:
    """Run one call in new namespaces, to the end.

    Args:
        descriptors: The reply socket, then the program's stdin, stdout and stderr.
        rules: The compiled system-call filter.
    """
    linux.die_with_parent()
    linux.unshare(_NAMESPACES)
    first = os.fork()
    if first:
        wire.close_all(descriptors)
        os.waitpid(first, 0)
        return
    linux.die_with_parent()
    linux.set_dumpable(False)
    reply = socket.socket(fileno=descriptors[0])
    request, files = wire.receive(reply)
    try:
        cell.furnish(request["disk_mb"] + request["input_mb"])
        _stage(request, files)
    except OSError as error:
        wire.send(reply, {"fault": f"staging failed: {error}"})
        return
    result = _watch(request, descriptors, rules, reply)
    _collect(request, result, reply)


def _stage(request: dict[str, Any], files: list[int]) -> None:
    Path(cell.CODE, "main.py").write_text(request["code"], encoding="utf-8", errors="replace")
    for name, descriptor in zip(request["load"], files, strict=True):
        with os.fdopen(descriptor, "rb") as source, Path(cell.WORK, name).open("wb") as target:
            shutil.copyfileobj(source, target, 1 << 20)


def _watch(
    request: dict[str, Any], descriptors: list[int], rules: bytes, reply: socket.socket
) -> dict[str, Any]:
    """Start the program and wait for its end or limit; nothing of it lives afterwards."""
    limits = request["limits"]
    start = time.monotonic()
    program = os.fork()
    if program == 0:
        reply.close()
        run_program(request["code"], descriptors[1:], limits, rules)
    wire.close_all(descriptors[1:])
    handle = os.pidfd_open(program)
    status, detail = "", ""
    while not status:
        ready, _, _ = select.select([handle, reply], [], [], TICK_S)
        if handle in ready:
            break
        if reply in ready:  # the executor is gone: so is the reason to go on
            status, detail = "killed", "the executor ended"
        elif time.monotonic() - start > limits["wall_s"]:
            status, detail = "timeout", f"over the wall-clock limit of {limits['wall_s']:g} s"
        elif (used := _memory_mb()) > limits["memory_mb"]:
            status = "killed"
            detail = f"over the memory limit of {limits['memory_mb']} MB (used {used} MB)"
    seconds = time.monotonic() - start
    code = _end(program)
    if not status:
        status = "ok" if code == 0 else "error"
    return {"status": status, "detail": detail, "exit_code": code, "seconds": seconds}


def _end(program: int) -> int:
    """Kill all that is left in this pid namespace, and give the program's exit code."""
    code = -signal.SIGKILL
    with contextlib.suppress(ChildProcessError):
        done, raw = os.waitpid(program, os.WNOHANG)
        if done:
            code = os.waitstatus_to_exitcode(raw)
        for _ in range(1000):
            with contextlib.suppress(ProcessLookupError):
                os.kill(-1, signal.SIGKILL)
            while (reaped := os.waitpid(-1, os.WNOHANG))[0]:
                pass
            if reaped == (0, 0):
                time.sleep(0.001)
    return code


def _memory_mb() -> int:
    """Add up what the call holds: private memory of all processes, shared memory, files."""
    private, shared = 0, 0
    for entry in os.listdir("/proc"):  # noqa: PTH208 -- names are enough, and cheaper
        if entry.isdigit() and entry != "1":
            with contextlib.suppress(OSError, ProcessLookupError):
                status = Path("/proc", entry, "status").read_text()
                private += _field_kb(status, "RssAnon:")
                shared = max(shared, _field_kb(status, "RssShmem:"))
    files = os.statvfs(cell.WORK)
    in_files = (files.f_blocks - files.f_bfree) * files.f_bsize >> 10
    return (private + max(shared, in_files)) >> 10


def _field_kb(status: str, name: str) -> int:
    _, found, rest = status.partition(name)
    return int(rest.split(maxsplit=1)[0]) if found else 0


def _collect(request: dict[str, Any], result: dict[str, Any], reply: socket.socket) -> None:
    """Send the result, with a descriptor for every file that may leave."""
    found: dict[str, str | int] = {}
    descriptors: list[int] = []
    for name in request["save"]:
        opened = _open_output(name, request["limits"]["file_mb"])
        if isinstance(opened, str):
            found[name] = opened
        else:
            found[name] = len(descriptors)
            descriptors.append(opened)
    wire.send(reply, {**result, "files": found}, descriptors)


def _open_output(name: str, limit_mb: int) -> int | str:
    """Open a file that the program left, or say why it stays."""
    problem = names.problem_with(name)
    if problem:
        return problem
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(Path(cell.WORK, name), flags)
    except FileNotFoundError:
        return "the program did not write it"
    except OSError as error:
        return f"it is not a regular file ({error.strerror})"
    info = os.fstat(descriptor)
    if not stat.S_ISREG(info.st_mode):
        why = "it is not a regular file"
    elif info.st_size > limit_mb << 20:
        why = f"it has {info.st_size} bytes, the limit is {limit_mb} MB"
    else:
        return descriptor
    os.close(descriptor)
    return why
