"""A session and its forks, seen from the executor: what their warden is asked for, and answers."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from darebench.errors import ConfigError, SandboxFault
from darebench.sandbox.channel import close_all, receive, send
from darebench.sandbox.host.display import Display
from darebench.sandbox.host.streams import GRACE_S, Streams
from darebench.sandbox.messages import (
    MOST_SESSIONS,
    CallFailed,
    CloseSession,
    FileRead,
    FilesListed,
    ForkSession,
    ListFiles,
    Message,
    OpenSession,
    ReadFile,
    RunStep,
    SessionOpened,
    StepEnded,
    StopStep,
)
from darebench.sandbox.names import problem_with_files
from darebench.sandbox.program import Limits, StepOutcome

_M = TypeVar("_M", bound=Message)


class Family:
    """The warden of a session and of its forks; they take turns, from any thread."""

    def __init__(
        self,
        reply: socket.socket,
        places: threading.BoundedSemaphore,
        load: Mapping[str, Path],
        limits: Limits,
    ) -> None:
        """Open the first session.

        Args:
            reply: The socket to the warden, which becomes ours.
            places: One is taken while a step runs.
            load: Name -> file to copy in.
            limits: Of each step; memory, processes and disk hold for all sessions together.

        Raises:
            ConfigError: A file may not go in.
            SandboxFault: The sandbox failed.
        """
        self.limits = limits
        self._reply = reply
        self._places = places
        self._turn = threading.Lock()
        self._n_open = 1
        self._owner = os.getpid()
        self._is_running = False
        self._sending = threading.Lock()
        reply.settimeout(limits.wall_s + GRACE_S)
        try:
            self.first = self._open(load)
        except BaseException:
            reply.close()
            raise

    def _open(self, load: Mapping[str, Path]) -> int:
        problem = problem_with_files(load, self.limits)
        if problem is not None:
            raise ConfigError(problem)
        with contextlib.ExitStack() as stack:
            files = [stack.enter_context(path.open("rb")) for path in load.values()]
            sizes = [os.fstat(stream.fileno()).st_size for stream in files]
            request = OpenSession(
                load=tuple(load),
                limits=self.limits,
                cpu_s=self.limits.processor_s,
                input_mb=(sum(sizes) >> 20) + len(sizes) + 1,
            )
            return self._ask(request, SessionOpened, files=[f.fileno() for f in files]).session

    def run(self, session: int, code: str, seconds: float, *, keep_failed: bool) -> StepOutcome:
        """Run a step.

        Raises:
            SandboxFault: The sandbox failed, not the step.
        """
        request = RunStep(
            session=session, code=_plain(code), seconds=seconds, keep_failed=keep_failed
        )
        with self._turn, self._places, self._faults():
            display = Display(self.limits.output_kb, self.limits.file_mb)
            streams = Streams(seconds, self.limits.output_kb, more=(display,))
            try:
                try:
                    with self._sending:
                        send(self._reply, request, streams.theirs)
                        self._is_running = True
                finally:
                    close_all(streams.theirs)
                answer, _ = streams.pump(self._reply, StepEnded, CallFailed)
            finally:
                with self._sending:
                    self._is_running = False
                streams.close()
        if isinstance(answer, CallFailed):
            raise SandboxFault(answer.why)
        result, images = display.frames()
        return StepOutcome(
            status=answer.status,
            exit_code=answer.exit_code,
            stdout=streams.stdout.text(),
            stderr=streams.stderr.text(),
            seconds=answer.seconds,
            detail=answer.detail,
            result=result,
            images=images,
            kept=answer.kept,
        )

    def stop(self) -> None:
        """End the step that runs, from any thread; its session is as it was before."""
        with self._sending, contextlib.suppress(OSError):
            if self._is_running:
                send(self._reply, StopStep())

    def fork(self, session: int) -> int:
        """Open another session with the state of this one.

        Raises:
            ConfigError: There are too many.
            SandboxFault: The sandbox failed.
        """
        with self._turn:
            if self._n_open >= MOST_SESSIONS:
                raise ConfigError(
                    f"a session and its forks are {MOST_SESSIONS} at most; close some of them"
                )
            number = self._ask(ForkSession(session=session), SessionOpened).session
            self._n_open += 1
            return number

    def files(self, session: int) -> tuple[str, ...]:
        """Return the names of a session's files.

        Raises:
            SandboxFault: The sandbox failed.
        """
        with self._turn:
            return self._ask(ListFiles(session=session), FilesListed).names

    def read(self, session: int, name: str) -> bytes:
        """Return what a file of a session holds.

        Raises:
            FileNotFoundError: There is no such file, or it may not leave; the message says why.
            SandboxFault: The sandbox failed.
        """
        with self._turn, self._faults():
            send(self._reply, ReadFile(session=session, name=name))
            answer, descriptors = receive(self._reply, FileRead, CallFailed)
            if isinstance(answer, CallFailed):
                raise SandboxFault(answer.why)
            content = b""
            if not answer.refused:
                with os.fdopen(descriptors[0], "rb") as stream:
                    content = stream.read()
        if answer.refused:
            raise FileNotFoundError(f"{name!r}: {answer.refused}")
        return content

    def close(self, session: int) -> None:
        """End a session, and with the last one all of their processes."""
        if os.getpid() != self._owner:  # a fork of the program that they belong to
            self._reply.close()
            return
        with self._turn, contextlib.suppress(OSError):
            self._n_open -= 1
            if self._n_open:
                send(self._reply, CloseSession(session=session))
            else:
                self._reply.close()

    def _ask(self, request: Message, answer: type[_M], files: Sequence[int] = ()) -> _M:
        with self._faults():
            send(self._reply, request, files)
            message = receive(self._reply, answer, CallFailed).message
        if isinstance(message, CallFailed):
            raise SandboxFault(message.why)
        return message  # pyright: ignore[reportReturnType]

    @contextlib.contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except (OSError, EOFError) as error:
            self._reply.close()  # what else came would answer something else
            raise SandboxFault(f"the session's sandbox failed: {error}") from None


def _plain(code: str) -> str:
    """Return code as UTF-8 can hold it: half of a surrogate pair is a question mark."""
    return code.encode(errors="replace").decode()
