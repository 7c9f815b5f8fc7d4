"""The local executor: programs on this machine, each closed in, a bounded number at a time."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any, BinaryIO

from darebench.errors import SandboxFault
from darebench.sandbox import names, wire
from darebench.sandbox.pool import Spare, Zygote, is_light
from darebench.sandbox.program import Outcome, Program, Refused, Saved, Status
from darebench.sandbox.streams import Streams

_PATIENCE = 3
"""Spares that may turn out to be dead before the sandbox is at fault."""


class LocalExecutor:
    """Runs programs through one zygote, at most `slots` at a time.

    The zygote is started at the first call and again if it dies, and in a process that was forked
    from one that had it. Safe to share between tasks, threads and event loops.
    """

    def __init__(self, slots: int | None = None, *, allow_unsafe: bool = False) -> None:
        self.slots = slots or os.cpu_count() or 1
        """Programs that run at the same time."""
        self.allow_unsafe = allow_unsafe
        """Run even where the walls that hide the host's files and network cannot be had."""
        self._closed = False
        self._zygote: Zygote | None = None
        self._begin()
        _living.add(self)

    def _begin(self) -> None:
        """Make what a fork does not carry over."""
        self._threads = ThreadPoolExecutor(self.slots, thread_name_prefix="darebench-sandbox")
        self._places = threading.BoundedSemaphore(self.slots)
        self._lock = threading.Lock()
        self._count = threading.Lock()  # the other one is held while a zygote starts, for seconds
        self._n_calls = 0
        """Those that run and those that wait for a place."""
        if self._zygote is not None:
            self._zygote.forget()
            self._zygote = None

    async def execute(self, program: Program) -> Outcome:
        """Run `program` to its end or limit; cancelling the call ends it at once.

        Raises:
            SandboxFault: the sandbox failed, not the program.
            ConfigError: this machine lacks what the sandbox is made of.
        """
        loop = asyncio.get_running_loop()
        line = _Line()
        with self._counted():
            try:
                return await loop.run_in_executor(self._threads, self._execute, program, line)
            except asyncio.CancelledError:
                line.cut()
                raise

    def execute_now(self, program: Program) -> Outcome:
        """Run `program` in this thread; else as `execute`."""
        with self._counted():
            return self._execute(program, _Line())

    @contextlib.contextmanager
    def _counted(self) -> Iterator[None]:
        with self._count:
            self._n_calls += 1
        try:
            yield
        finally:
            with self._count:
                self._n_calls -= 1

    def _is_last(self) -> bool:
        """Say whether no other call runs or waits beside the one that asks."""
        return self._n_calls <= 1

    def _execute(self, program: Program, line: _Line) -> Outcome:
        refusal = names.refusal(program)
        if refusal is not None:
            return refusal
        try:
            with self._places:
                return _run(self._ready(), program, line, self._is_last)
        except (OSError, EOFError) as error:
            raise SandboxFault(f"the sandbox failed: {error}") from None

    def missing(self) -> dict[str, str]:
        """Start if need be, and name the walls that this machine lacks, with what to do.

        Raises:
            SandboxFault: the sandbox failed.
            ConfigError: this machine lacks a wall that no program should run without.
        """
        return dict(self._ready().missing)

    async def close(self) -> None:
        """Stop the zygote and all that runs in it."""
        self.close_now()

    def close_now(self) -> None:
        """Stop the zygote from code that is not async."""
        with self._lock:
            self._closed = True
            if self._zygote is not None:
                self._zygote.stop()
                self._zygote = None
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _ready(self) -> Zygote:
        with self._lock:
            if self._closed:
                raise SandboxFault("the sandbox is closed")
            if self._zygote is None or not self._zygote.alive():
                if self._zygote is not None:
                    self._zygote.stop()
                    self._zygote = None
                self._zygote = Zygote(self.slots, allow_unsafe=self.allow_unsafe)
            return self._zygote


_living: weakref.WeakSet[LocalExecutor] = weakref.WeakSet()


def _after_fork() -> None:
    for executor in list(_living):
        executor._begin()


os.register_at_fork(after_in_child=_after_fork)


class _Line:
    """The line to a call's warden, which ends the program if the line is cut."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reply: socket.socket | None = None
        self._is_cut = False

    @contextlib.contextmanager
    def to(self, reply: socket.socket) -> Iterator[None]:
        """Be the line to the other end of this socket."""
        with self._lock:
            if self._is_cut:
                raise SandboxFault("the call was cancelled")
            self._reply = reply
        try:
            yield
        finally:
            with self._lock:
                self._reply = None

    def cut(self) -> None:
        """End the call, from any thread."""
        with self._lock:
            self._is_cut = True
            if self._reply is not None:
                with contextlib.suppress(OSError):  # the warden may be gone already
                    self._reply.shutdown(socket.SHUT_RDWR)


def _run(zygote: Zygote, program: Program, line: _Line, is_last: Callable[[], bool]) -> Outcome:
    spare = zygote.take(light=is_light(program.code))
    again = False
    try:
        with contextlib.ExitStack() as stack:
            inputs = [stack.enter_context(path.open("rb")) for path in program.load.values()]
            streams = Streams(program)
            stack.callback(streams.close)
            try:
                _send(zygote, spare, program, streams, inputs)
            finally:
                wire.close_all(streams.theirs)
            with line.to(spare.reply):
                result, descriptors = streams.pump(spare.reply)
            files = [stack.enter_context(os.fdopen(descriptor, "rb")) for descriptor in descriptors]
            if "fault" in result:
                raise SandboxFault(result["fault"])
            outcome = _outcome(program, result, files, streams)
            again = result["again"]
            return outcome
    finally:
        zygote.give_back(spare, again=again, idle=is_last())


def _send(
    zygote: Zygote, spare: Spare, program: Program, streams: Streams, inputs: Sequence[BinaryIO]
) -> None:
    """Send the request to a spare, which is made anew if it has died meanwhile."""
    descriptors = [*streams.theirs, *(stream.fileno() for stream in inputs)]
    sizes = [os.fstat(stream.fileno()).st_size for stream in inputs]
    for _ in range(_PATIENCE):
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            wire.send(spare.reply, _request(program, sizes), descriptors)
            return
        zygote.renew(spare)
    raise SandboxFault(f"{_PATIENCE} processes died before their call")


def _request(program: Program, sizes: Sequence[int]) -> dict[str, Any]:
    limits = asdict(program.limits)
    if limits["cpu_s"] is None:
        limits["cpu_s"] = limits["wall_s"] * (os.cpu_count() or 1) + 1
    return {
        "code": program.code,
        "load": list(program.load),
        "save": list(program.save),
        "limits": limits,
        "input_mb": (sum(sizes) >> 20) + len(sizes) + 1,
    }


def _outcome(
    program: Program, result: dict[str, Any], opened: Sequence[BinaryIO], streams: Streams
) -> Outcome:
    files: dict[str, Saved | Refused] = {}
    for name, found in result["files"].items():
        if isinstance(found, str):
            files[name] = Refused(why=found)
        else:
            files[name] = _take_out(opened[found], name, program)
    return Outcome(
        status=Status(result["status"]),
        exit_code=result["exit_code"],
        stdout=streams.stdout.text(),
        stderr=streams.stderr.text(),
        seconds=result["seconds"],
        files=files,
        detail=result["detail"],
    )


def _take_out(source: BinaryIO, name: str, program: Program) -> Saved:
    assert program.save_to is not None
    target = program.save_to / name
    part = program.save_to / f".{os.getpid()}-{threading.get_ident()}.part"
    try:
        with part.open("wb") as stream:
            shutil.copyfileobj(source, stream, 1 << 20)
            n_bytes = stream.tell()
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return Saved(path=target, n_bytes=n_bytes)
