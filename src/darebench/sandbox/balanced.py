"""Several servers as one executor: each call goes to the least busy one, and elsewhere if it fails.

A server that fails is left alone for some seconds. Only when none of them answers is it a fault.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from darebench.errors import ConfigError, SandboxFault
from darebench.sandbox.client import BUSY_S, BusyFault, RemoteExecutor
from darebench.sandbox.executor import LastingFault
from darebench.sandbox.patience import GONE_S
from darebench.sandbox.program import Limits, Outcome, Program
from darebench.sandbox.remote_session import RemoteFamily
from darebench.sync import run_sync

ONE_GONE_S = 2.0
"""How long one server that fails is waited for, before the call goes elsewhere."""
ONE_BUSY_S = 5.0
"""How long one server without room is waited for."""
LEFT_ALONE_S = 10.0
"""How long a server that has failed gets no calls, if another one can take them."""
PAUSE_S = 0.5
"""Between two rounds over all servers."""


class _Member:
    """A server, and what is known of it."""

    def __init__(self, server: RemoteExecutor) -> None:
        self.server = server
        self.n_calls = 0
        self.n_sessions = 0
        self.left_alone_until = 0.0


class BalancedExecutor:
    """Runs programs and sessions on several servers. Safe to share, as each of them is.

    A session stays on the server that it was opened on, with its forks.
    """

    def __init__(
        self,
        urls: Sequence[str],
        *,
        token: str | None = None,
        busy_s: float = BUSY_S,
        gone_s: float = GONE_S,
    ) -> None:
        """Take the servers.

        Args:
            urls: Their addresses.
            token: The token that all of them ask for.
            busy_s: How long to wait where all are full.
            gone_s: How long to wait where none answers.

        Raises:
            ConfigError: An address is none, or is given twice.
        """
        plain = [url.rstrip("/") for url in urls]
        twice = next((url for url in plain if plain.count(url) > 1), None)
        if twice is not None:
            raise ConfigError(f"the sandbox {twice} is given twice")
        self.url = ",".join(plain)
        self._busy_s, self._gone_s = busy_s, gone_s
        self._say: Callable[[str], None] = lambda text: None
        self._lock = threading.Lock()
        self._all: list[_Member] = []
        try:
            for url in plain:
                server = RemoteExecutor(url, token=token, busy_s=ONE_BUSY_S, gone_s=ONE_GONE_S)
                self._all.append(_Member(server))
        except ConfigError:
            self.close_now()
            raise

    @property
    def members(self) -> tuple[RemoteExecutor, ...]:
        """The servers, each as an executor."""
        return tuple(member.server for member in self._all)

    def on_wait(self, say: Callable[[str], None]) -> None:
        """Have a function told, in any thread, when a server has failed and calls go elsewhere."""
        self._say = say

    def start_now(self, limits: Limits | None = None) -> None:
        """Have a trivial program run on each, so that what is wrong shows before there is work.

        Raises:
            ConfigError: None of them can run programs; one that cannot is only told of.
        """

        def start(member: _Member) -> ConfigError | None:
            try:
                member.server.start_now(limits)
            except ConfigError as error:
                self._leave_alone(member, str(error))
                return error
            return None

        with ThreadPoolExecutor(len(self._all)) as threads:
            problems = [error for error in threads.map(start, self._all) if error is not None]
        if len(problems) == len(self._all):
            raise problems[0]

    async def execute(self, program: Program) -> Outcome:
        """Run `program` on one of them; cancelling the call ends it.

        Raises:
            SandboxFault: None of them answers, or all are full, for too long.
            ConfigError: One asks for a token or does not grant the limits.
        """
        began = time.monotonic()
        while True:
            faults: list[SandboxFault] = []
            tried: list[_Member] = []
            while len(tried) < len(self._all):
                member = self._best([m for m in self._all if m not in tried])
                tried.append(member)
                try:
                    with self._counted(member):
                        return await member.server.execute(program)
                except SandboxFault as error:
                    faults.append(error)
                    if not isinstance(error, BusyFault):
                        self._leave_alone(member, str(error))
            is_busy = any(isinstance(fault, BusyFault) for fault in faults)
            waited_s = time.monotonic() - began
            if waited_s > (self._busy_s if is_busy else self._gone_s):
                raise LastingFault(f"none of {len(self._all)} sandboxes answers: {faults[-1]}")
            await asyncio.sleep(PAUSE_S)

    def execute_now(self, program: Program) -> Outcome:
        """Run `program` from code that is not async; otherwise as `execute`."""
        return run_sync(self.execute(program))

    def open_sessions(self, load: Mapping[str, Path], limits: Limits) -> RemoteFamily:
        """Open a session on the server that has the fewest of ours, or on another if that fails.

        Raises:
            ConfigError: A server has no sessions, or does not grant what is asked for.
            SandboxFault: All of them fail, or have no room.
        """
        tried: list[_Member] = []
        while True:
            member = self._best([m for m in self._all if m not in tried], sessions=True)
            tried.append(member)
            try:
                family = member.server.open_sessions(load, limits)
            except SandboxFault as error:
                self._leave_alone(member, str(error))
                if len(tried) == len(self._all):
                    raise
                continue
            with self._lock:
                member.n_sessions += 1
            family.on_end(functools.partial(self._ended, member))
            return family

    async def close(self) -> None:
        """Drop all connections; the servers end what runs there."""
        await asyncio.gather(*(member.server.close() for member in self._all))

    def close_now(self) -> None:
        """Drop all connections, from code that is not async."""
        for member in self._all:
            member.server.close_now()

    def _best(self, among: Sequence[_Member], *, sessions: bool = False) -> _Member:
        """Return the least busy one; those that have failed lately come last."""
        now = time.monotonic()

        def load(member: _Member) -> tuple[float, int]:
            n_open = member.n_sessions if sessions else member.n_calls
            return max(0.0, member.left_alone_until - now), n_open

        with self._lock:
            return min(among, key=load)

    @contextlib.contextmanager
    def _counted(self, member: _Member) -> Iterator[None]:
        with self._lock:
            member.n_calls += 1
        try:
            yield
        finally:
            with self._lock:
                member.n_calls -= 1

    def _ended(self, member: _Member) -> None:
        with self._lock:
            member.n_sessions -= 1

    def _leave_alone(self, member: _Member, why: str) -> None:
        with self._lock:
            is_new = member.left_alone_until < time.monotonic()
            member.left_alone_until = time.monotonic() + LEFT_ALONE_S
        if is_new:
            self._say(f"the sandbox at {member.server.url} is left alone: {why}")
