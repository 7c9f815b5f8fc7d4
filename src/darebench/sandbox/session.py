"""Sessions: a Python process that keeps its variables between steps, and that can be forked.

A step is what a notebook calls a cell. It runs in a fork of the session's last good state: if it
ends well, the fork becomes the state; else the state before it is still there, memory and files.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import functools
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol, runtime_checkable

from darebench.errors import ConfigError
from darebench.sandbox.local import LocalExecutor
from darebench.sandbox.program import Limits, StepOutcome


class Host(Protocol):
    """Where a session and its forks live: a process here, or a server."""

    @property
    def limits(self) -> Limits:
        """What a step may use."""
        ...

    @property
    def first(self) -> int:
        """The session that was opened."""
        ...

    def run(self, session: int, code: str, seconds: float, *, keep_failed: bool) -> StepOutcome:
        """Run a step."""
        ...

    def stop(self) -> None:
        """End the step that runs."""
        ...

    def fork(self, session: int) -> int:
        """Open another session with the state of this one."""
        ...

    def files(self, session: int) -> tuple[str, ...]:
        """Return the names of the files."""
        ...

    def read(self, session: int, name: str) -> bytes:
        """Return what a file holds."""
        ...

    def close(self, session: int) -> None:
        """End a session."""
        ...


@runtime_checkable
class SessionHost(Protocol):
    """An executor that has sessions."""

    def open_sessions(self, load: Mapping[str, Path], limits: Limits) -> Host:
        """Open a session; its forks live where it does."""
        ...


class Session:
    """A session in the sandbox; a context manager.

    A session and its forks share one set of limits, and their steps take turns. Sessions that are
    opened by themselves run side by side.
    """

    def __init__(
        self,
        load: Mapping[str, Path] | None = None,
        limits: Limits | None = None,
        *,
        executor: SessionHost | None = None,
        server: str | None = None,
        token: str | None = None,
    ) -> None:
        """Open a session.

        Args:
            load: Name inside the sandbox -> file on the host, copied in.
            limits: What each step may use; memory, processes and disk are bounded for the session
                and its forks together.
            executor: Where it lives; otherwise all sessions of this program share one executor.
            server: Address of a `darebench sandbox serve` to open it on, which takes the limits of
                time and memory, and has its own of everything else.
            token: The token that the server asks for.

        Raises:
            SandboxFault: The sandbox failed.
            ConfigError: This machine lacks something that a session needs, or a file may not go in.
        """
        load = {name: Path(path) for name, path in (load or {}).items()}
        if server is None:
            host = (executor or _shared()).open_sessions(load, limits or Limits())
        else:
            from darebench.sandbox.remote_session import RemoteFamily

            host = RemoteFamily(server, token, load, limits or Limits())
        self._take(host, host.first)

    def _take(self, host: Host, number: int) -> None:
        self._host, self._number = host, number
        self._is_closed = False

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if not getattr(self, "_is_closed", True):
            self.close()

    def run(
        self, code: str, *, seconds: float | None = None, keep_failed: bool = False
    ) -> StepOutcome:
        """Run a step, and go on from its end if it ends well.

        Args:
            code: Source text.
            seconds: The wall-clock limit of this step, at most that of the session's limits.
            keep_failed: Go on from the end of a step that failed as well, if its process lives:
                after an uncaught exception, but not after a limit.

        Raises:
            SandboxFault: The sandbox failed, not the step.
            ConfigError: The session is closed, or has less time.
        """
        most = self._open_host().limits.wall_s
        if seconds is not None and not 0 < seconds <= most:
            raise ConfigError(f"seconds={seconds:g}; this session allows up to {most:g} s")
        return self._host.run(self._number, code, seconds or most, keep_failed=keep_failed)

    @property
    def limits(self) -> Limits:
        """What a step may use."""
        return self._host.limits

    def stop(self) -> None:
        """End the step that another thread runs; the session is as it was before."""
        self._host.stop()

    def fork(self) -> Session:
        """Open another session with the same variables and files; neither sees the other's changes.

        Raises:
            SandboxFault: The sandbox failed, or the session has too many forks.
            ConfigError: The session is closed.
        """
        number = self._open_host().fork(self._number)
        other = Session.__new__(Session)
        other._take(self._host, number)
        return other

    def files(self) -> tuple[str, ...]:
        """Return the names of the files in the session's folder, relative to it, sorted.

        Raises:
            SandboxFault: The sandbox failed.
            ConfigError: The session is closed.
        """
        return self._open_host().files(self._number)

    def read(self, name: str) -> bytes:
        """Return what a file holds.

        Raises:
            FileNotFoundError: There is no such file, or it is too large; the message says why.
            SandboxFault: The sandbox failed.
            ConfigError: The session is closed.
        """
        return self._open_host().read(self._number, name)

    def close(self) -> None:
        """End the session; its forks go on. Can be called twice."""
        if not self._is_closed:
            self._is_closed = True
            self._host.close(self._number)

    def _open_host(self) -> Host:
        if self._is_closed:
            raise ConfigError("the session is closed; open another one")
        return self._host


class AsyncSession:
    """The same for asynchronous code: `async with AsyncSession(...) as session`."""

    def __init__(
        self,
        load: Mapping[str, Path] | None = None,
        limits: Limits | None = None,
        *,
        executor: SessionHost | None = None,
        server: str | None = None,
        token: str | None = None,
    ) -> None:
        """Take what `Session` takes; the session is opened by `async with`."""
        self._make = functools.partial(
            Session, load, limits, executor=executor, server=server, token=token
        )
        self._session: Session | None = None

    async def __aenter__(self) -> AsyncSession:
        return await self.open()

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def open(self) -> AsyncSession:
        """Open the session, where `async with` does not fit, and return it; `close` must follow."""
        self._session = await asyncio.to_thread(self._make)
        return self

    async def run(
        self, code: str, *, seconds: float | None = None, keep_failed: bool = False
    ) -> StepOutcome:
        """Run a step as `Session.run` does; if this is cancelled, the step ends without effect."""
        session = self._opened()
        run = functools.partial(session.run, code, seconds=seconds, keep_failed=keep_failed)
        task = asyncio.ensure_future(asyncio.to_thread(run))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            session.stop()
            with contextlib.suppress(Exception):  # nobody is left to hear of it
                await task
            raise

    async def fork(self) -> AsyncSession:
        """Open another session with the same variables and files, as `Session.fork` does."""
        other = AsyncSession.__new__(AsyncSession)
        other._session = await asyncio.to_thread(self._opened().fork)
        return other

    async def files(self) -> tuple[str, ...]:
        """Return the names of the files, as `Session.files` does."""
        return await asyncio.to_thread(self._opened().files)

    async def read(self, name: str) -> bytes:
        """Return what a file holds, as `Session.read` does."""
        return await asyncio.to_thread(self._opened().read, name)

    async def close(self) -> None:
        """End the session."""
        if self._session is not None:
            await asyncio.to_thread(self._session.close)

    def _opened(self) -> Session:
        if self._session is None:
            raise ConfigError("the session is not open; use `async with`")
        return self._session


_lock = threading.Lock()


def _shared() -> LocalExecutor:
    """Return the executor of the sessions that have none of their own."""
    with _lock:
        return _make_shared()


@functools.cache
def _make_shared() -> LocalExecutor:
    executor = LocalExecutor()
    atexit.register(executor.close_now)
    return executor
