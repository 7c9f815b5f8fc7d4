"""The local executor: programs on this machine, each in a cell, a bounded number at a time."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import os
import threading
import weakref
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from darebench.cores import usable_cores
from darebench.errors import ConfigError, SandboxFault
from darebench.sandbox.host.call import Line, run_call
from darebench.sandbox.host.family import Family
from darebench.sandbox.host.pool import Pool
from darebench.sandbox.names import refusal
from darebench.sandbox.program import Limits, Outcome, Program, WarmModule


class LocalExecutor:
    """Runs programs on this machine, at most `slots` at a time.

    Its processes are started at the first call and again if they die, and in a process that was
    forked from one that had them. Safe to share between tasks, threads and event loops.
    """

    def __init__(
        self,
        slots: int | None = None,
        *,
        warm: Sequence[str] | None = None,
        allow_unsafe: bool = False,
    ) -> None:
        """Take what the processes are to be.

        Args:
            slots: Number of programs that run at the same time; as many as there are cores without.
            warm: Modules of this environment that programs find imported; those that programs on
                tables need without it.
            allow_unsafe: Run even where nothing can hide the host's files and network.

        Raises:
            ConfigError: There is no such module.
        """
        self.warm = None if warm is None else checked_modules(warm)
        self.slots = slots or usable_cores()
        """Number of programs that run at the same time."""
        self.allow_unsafe = allow_unsafe
        self._closed = False
        self._pool: Pool | None = None
        self._begin()
        _living.add(self)

    def __repr__(self) -> str:
        warm = "" if self.warm is None else f", warm={list(self.warm)}"
        return f"LocalExecutor(slots={self.slots}{warm})"

    def _begin(self) -> None:
        """Make what a fork does not carry over."""
        self._threads = ThreadPoolExecutor(self.slots, thread_name_prefix="darebench-sandbox")
        self._places = threading.BoundedSemaphore(self.slots)
        self._lock = threading.Lock()
        self._count = threading.Lock()  # the other one is held while a pool starts, for seconds
        self._n_calls = 0
        """Those that run and those that wait for a place."""
        if self._pool is not None:
            self._pool.forget()
            self._pool = None

    async def execute(self, program: Program) -> Outcome:
        """Run `program` to its end or limit; cancelling the call ends it at once.

        Raises:
            SandboxFault: The sandbox failed, not the program.
            ConfigError: This machine lacks something that the sandbox needs.
        """
        loop = asyncio.get_running_loop()
        line = Line()
        with self._counted():
            try:
                return await loop.run_in_executor(self._threads, self._execute, program, line)
            except asyncio.CancelledError:
                line.cut()
                raise

    def start_now(self, limits: Limits | None = None) -> None:
        """Have a trivial program run, to find what is wrong here before there is work.

        Raises:
            ConfigError: This machine cannot run the sandbox; the message says why.
        """
        program = Program(code="print(1)", limits=limits or Limits())
        try:
            try:
                self.execute_now(program)
            except SandboxFault:
                self.execute_now(program)
        except SandboxFault as error:
            raise ConfigError(
                f"this machine cannot run the sandbox: {error}; `darebench sandbox check` says "
                "what it needs"
            ) from None

    def execute_now(self, program: Program) -> Outcome:
        """Run `program` in this thread; otherwise as `execute`."""
        with self._counted():
            return self._execute(program, Line())

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
        """Check whether no other call runs or waits beside the one that asks."""
        return self._n_calls <= 1

    def _execute(self, program: Program, line: Line) -> Outcome:
        refused = refusal(program)
        if refused is not None:
            return refused
        try:
            with self._places:
                return run_call(self._ready(), program, line, self._is_last)
        except (OSError, EOFError) as error:
            raise SandboxFault(f"the sandbox failed: {error}") from None

    def open_sessions(self, load: Mapping[str, Path], limits: Limits) -> Family:
        """Start a process for a session and its forks, whose steps take places of this executor.

        Raises:
            SandboxFault: The sandbox failed.
            ConfigError: This machine lacks something that a session needs, or a file may not go in.
        """
        pool = self._ready()
        if "namespaces" in pool.missing:
            raise ConfigError(f"sessions need namespaces: {pool.missing['namespaces']}")
        return Family(pool.make_session(), self._places, load, limits)

    def missing(self) -> dict[str, str]:
        """Return the isolation that this machine lacks, with what to do; start if need be.

        Raises:
            SandboxFault: The sandbox failed.
            ConfigError: This machine lacks something that no program should run without.
        """
        return dict(self._ready().missing)

    def warmed(self) -> tuple[WarmModule, ...]:
        """Return what was imported ahead of programs, and what that took; start if need be.

        Raises:
            SandboxFault: The sandbox failed.
            ConfigError: This machine lacks something that no program should run without.
        """
        return self._ready().warmed

    async def close(self) -> None:
        """Stop the sandbox's processes and all that runs in them."""
        self.close_now()

    def close_now(self) -> None:
        """Stop the sandbox's processes, from code that is not async."""
        with self._lock:
            self._closed = True
            if self._pool is not None:
                self._pool.stop()
                self._pool = None
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _ready(self) -> Pool:
        with self._lock:
            if self._closed:
                raise SandboxFault("the sandbox is closed")
            if self._pool is None or not self._pool.alive():
                if self._pool is not None:
                    self._pool.stop()
                    self._pool = None
                self._pool = Pool(self.slots, self.warm, allow_unsafe=self.allow_unsafe)
            return self._pool


def checked_modules(names: Sequence[str]) -> tuple[str, ...]:
    """Return names of modules, each once.

    Raises:
        ConfigError: One is not the name of a module of this environment.
    """
    for name in names:
        if not all(part.isidentifier() for part in name.split(".")):
            raise ConfigError(f"warm: {name!r} is not the name of a module, such as pandas")
        if importlib.util.find_spec(name.partition(".")[0]) is None:
            raise ConfigError(f"warm: this environment has no module {name!r}; install it first")
    return tuple(dict.fromkeys(names))


def told(warmed: Sequence[WarmModule]) -> str:
    """Return in a line what imports have taken."""
    parts = (f"{m.name} {m.seconds:.2f} s {m.megabytes:.0f} MB" for m in warmed)
    return f"warm: {', '.join(parts) or 'nothing'}"


_living: weakref.WeakSet[LocalExecutor] = weakref.WeakSet()


def _after_fork() -> None:
    for executor in list(_living):
        executor._begin()


os.register_at_fork(after_in_child=_after_fork)
