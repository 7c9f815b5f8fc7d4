"""One call, seen from the executor: the request to a spare, its answer, the files that leave."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO

from darebench.errors import SandboxFault
from darebench.sandbox.channel import close_all, send
from darebench.sandbox.host.pool import Pool, Spare, is_light
from darebench.sandbox.host.streams import Streams
from darebench.sandbox.messages import CallEnded, CallFailed, CallRequest
from darebench.sandbox.names import problem_with
from darebench.sandbox.program import Outcome, Program, Refused, Saved

_PATIENCE = 3
"""Spares that may turn out to be dead before the sandbox is at fault."""


class Line:
    """The line to a call's warden, which ends the program if the line is cut."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reply: socket.socket | None = None
        self._is_cut = False

    @contextlib.contextmanager
    def to(self, reply: socket.socket) -> Iterator[None]:
        """Make this the line to the other end of a socket, until the block ends.

        Raises:
            SandboxFault: The line has been cut already.
        """
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


def run_call(pool: Pool, program: Program, line: Line, is_last: Callable[[], bool]) -> Outcome:
    """Run a program in a spare of the pool.

    Args:
        pool: Gives the spare and takes it back.
        program: A program whose files may go in.
        line: Ends the call when it is cut.
        is_last: Checks whether no other call runs or waits.

    Raises:
        SandboxFault: The sandbox failed, not the program.
        OSError: It failed as well: a process, a pipe or a file of it.
        EOFError: The warden ended without an answer.
    """
    spare = pool.take(light=is_light(program.code))
    again = False
    try:
        with contextlib.ExitStack() as stack:
            inputs = [stack.enter_context(path.open("rb")) for path in program.load.values()]
            streams = Streams(program.limits.wall_s, program.limits.output_kb, program.stdin)
            stack.callback(streams.close)
            try:
                _send(pool, spare, program, streams, inputs)
            finally:
                close_all(streams.theirs)
            with line.to(spare.reply):
                answer, descriptors = streams.pump(spare.reply, CallEnded, CallFailed)
            files = [stack.enter_context(os.fdopen(descriptor, "rb")) for descriptor in descriptors]
            if isinstance(answer, CallFailed):
                raise SandboxFault(answer.why)
            outcome = _outcome(program, answer, files, streams)
            again = answer.again
            return outcome
    finally:
        pool.give_back(spare, again=again, idle=is_last())


def _send(
    pool: Pool, spare: Spare, program: Program, streams: Streams, inputs: Sequence[BinaryIO]
) -> None:
    """Send the request to a spare, which is made anew if it has died meanwhile."""
    descriptors = [*streams.theirs, *(stream.fileno() for stream in inputs)]
    sizes = [os.fstat(stream.fileno()).st_size for stream in inputs]
    limits = program.limits
    request = CallRequest(
        code=program.plain_code,
        load=tuple(program.load),
        save=program.save,
        limits=limits,
        cpu_s=limits.processor_s,
        input_mb=(sum(sizes) >> 20) + len(sizes) + 1,
    )
    for _ in range(_PATIENCE):
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            send(spare.reply, request, descriptors)
            return
        pool.renew(spare)
    raise SandboxFault(f"{_PATIENCE} processes died before their call")


def _outcome(
    program: Program, answer: CallEnded, opened: Sequence[BinaryIO], streams: Streams
) -> Outcome:
    """Take the files out; names are looked up among those that were asked for, and no others."""
    sources = dict(zip(answer.saved, opened, strict=False))
    files: dict[str, Saved | Refused] = {}
    for name in dict.fromkeys(program.save):
        problem = problem_with(name) or answer.refused.get(name)
        if problem is None and name not in sources:
            problem = "the sandbox did not hand it over"
        if problem is None:
            files[name] = _take_out(sources[name], name, program)
        else:
            files[name] = Refused(why=problem)
    return Outcome(
        status=answer.status,
        exit_code=answer.exit_code,
        stdout=streams.stdout.text(),
        stderr=streams.stderr.text(),
        seconds=answer.seconds,
        files=files,
        unsaved=answer.unsaved,
        detail=answer.detail,
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
