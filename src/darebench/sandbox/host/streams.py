"""A program's standard streams, seen from the executor: fed, read, and cut to their limits."""

from __future__ import annotations

import os
import select
import socket
import time
from collections.abc import Sequence
from typing import Protocol, TypeVar

from darebench.sandbox.channel import close_all, receive
from darebench.sandbox.messages import Message, ProgramReady

GRACE_S = 20.0
"""How long past the wall-clock limit an answer may take, before the sandbox itself is at fault."""
PAUSE_MS = 2
"""How long output may gather in its pipe: to be woken by each short line would slow the program."""
_CHUNK = 1 << 16
_A = TypeVar("_A", bound=Message)


class KeptOutput:
    """The head and the tail of an output stream."""

    def __init__(self, limit_kb: int) -> None:
        self._half = limit_kb * 1024 // 2
        self._head = bytearray()
        self._tail = bytearray()
        self._dropped = 0

    def add(self, chunk: bytes) -> None:
        """Add the next bytes of the stream."""
        room = self._half - len(self._head)
        if room > 0:
            self._head += chunk[:room]
            chunk = chunk[room:]
        self._tail += chunk
        surplus = len(self._tail) - self._half
        if surplus > self._half:
            del self._tail[:surplus]
            self._dropped += surplus

    def text(self) -> str:
        """Return what was kept, with a note of how many bytes were left out."""
        surplus = max(0, len(self._tail) - self._half)
        tail = bytes(self._tail[surplus:])
        dropped = self._dropped + surplus
        cut = f"\n[... {dropped} bytes left out ...]\n".encode() if dropped else b""
        return (bytes(self._head) + cut + tail).decode("utf-8", errors="replace")


class Sink(Protocol):
    """Something that takes the bytes of a stream."""

    def add(self, chunk: bytes) -> None:
        """Take the next bytes."""
        ...


class Streams:
    """The pipes of one call."""

    def __init__(
        self, seconds: float, output_kb: int, stdin: bytes = b"", more: Sequence[Sink] = ()
    ) -> None:
        """Make the pipes: three standard streams, and one for each of the sinks in `more`."""
        their_stdin, self._stdin = os.pipe()
        self._pending = memoryview(stdin)
        self._patience_s = seconds + GRACE_S
        self.stdout = KeptOutput(output_kb)
        self.stderr = KeptOutput(output_kb)
        self._open: dict[int, Sink] = {}
        self.theirs = [their_stdin]
        """The program's ends: the caller's to hand over and close."""
        for sink in (self.stdout, self.stderr, *more):
            ours, theirs = os.pipe()
            os.set_blocking(ours, False)
            self._open[ours] = sink
            self.theirs.append(theirs)

    def pump(self, reply: socket.socket, *answers: type[_A]) -> tuple[_A, list[int]]:
        """Feed stdin and read all outputs until the warden answers; then read what is left.

        The program cannot write any more when the answer comes: what is in the pipes is the rest.

        Args:
            reply: The socket to the warden.
            answers: The kinds of messages that are an answer.

        Returns:
            The answer, and the descriptors that came along.

        Raises:
            EOFError: The warden ended without an answer.
            TimeoutError: It gave none in time.
            SandboxFault: It sent something that is not an answer.
        """
        poll = select.poll()
        for descriptor in (*self._open, reply.fileno()):
            poll.register(descriptor, select.POLLIN)
        if self._pending:
            os.set_blocking(self._stdin, False)
            poll.register(self._stdin, select.POLLOUT)
        else:
            self._close_stdin()
        deadline = time.monotonic() + self._patience_s
        answered = select.poll()
        answered.register(reply, select.POLLIN)
        while True:
            ready = [fd for fd, _ in poll.poll(max(0.0, deadline - time.monotonic()) * 1000)]
            if not ready:
                raise TimeoutError("no answer from the sandbox in time")
            for descriptor in ready:
                if descriptor == self._stdin:
                    self._feed(poll)
                elif descriptor in self._open and self._read(descriptor) == b"":
                    poll.unregister(descriptor)
                    self._drop(descriptor)
            if reply.fileno() not in ready and self._stdin not in ready:
                answered.poll(PAUSE_MS)
            if reply.fileno() in ready:
                answer, descriptors = receive(reply, ProgramReady, *answers)
                if not isinstance(answer, ProgramReady):
                    break
        for descriptor in list(self._open):
            while self._read(descriptor):
                pass
        return answer, descriptors

    def _read(self, descriptor: int) -> bytes | None:
        """Read what is there: nothing at the end of the stream, None if more may come."""
        try:
            chunk = os.read(descriptor, _CHUNK)
        except BlockingIOError:
            return None
        self._open[descriptor].add(chunk)
        return chunk

    def _drop(self, descriptor: int) -> None:
        del self._open[descriptor]
        os.close(descriptor)

    def _feed(self, poll: select.poll) -> None:
        try:
            written = os.write(self._stdin, self._pending[:_CHUNK])
        except BrokenPipeError:
            written = len(self._pending)
        self._pending = self._pending[written:]
        if not self._pending:
            poll.unregister(self._stdin)
            self._close_stdin()

    def _close_stdin(self) -> None:
        if self._stdin >= 0:
            os.close(self._stdin)
            self._stdin = -1

    def close(self) -> None:
        """Close what is still open."""
        self._close_stdin()
        close_all(self._open)
        self._open.clear()
