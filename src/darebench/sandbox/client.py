"""The remote executor: programs go to a server that speaks SandboxFusion's protocol.

A server that is busy or gone is waited for, `http/statuses.py` says at which answers. None of them
is ever an outcome of the program.

It works with `darebench sandbox serve` and with the original, which can do less: there an exceeded
memory limit is an ordinary exit code, and the limits on disk and processes are the server's.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx

from darebench.errors import ConfigError, SandboxFault
from darebench.sandbox.executor import LastingFault
from darebench.sandbox.http import fusion
from darebench.sandbox.http.post import Reply, ServerAddress, reason
from darebench.sandbox.http.statuses import Verdict, setting_problem, verdict_on
from darebench.sandbox.names import refusal, refused
from darebench.sandbox.patience import GONE_S, Pauses, Waiting, jittered
from darebench.sandbox.program import Limits, Outcome, Program, Status
from darebench.sandbox.remote_session import RemoteFamily

ANSWER_S = 600.0
"""How long past its wall-clock limit a program's answer may take; it may wait in a queue there."""
TEXT_MB = 64
"""Largest answer, beside the files."""
BUSY_S = 300.0
"""How long a full queue is waited for, before it is a fault."""
START_S = 5.0
"""How long a server that fails is waited for before there is work for it."""
FIRST_ANSWER_S = 20.0
"""How long its first answer may take, before it is asked whether it lives."""


class BusyFault(LastingFault):
    """The server was full for too long."""


class RemoteExecutor:
    """Runs programs on a server. Safe to share between event loops, tasks and threads.

    Its requests live in an event loop of its own, so that connections outlast the caller's.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        busy_s: float = BUSY_S,
        gone_s: float = GONE_S,
    ) -> None:
        self.url = _checked(url)
        self._busy_s = busy_s
        self._gone_s = gone_s
        self._waiting = Waiting(self.url)
        self._token = token
        self._server = ServerAddress(self.url, token)
        self._closed = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="darebench-remote", daemon=True
        )
        self._thread.start()

    @property
    def members(self) -> tuple[RemoteExecutor, ...]:
        """The one server, as where there are several."""
        return (self,)

    def on_wait(self, say: Callable[[str], None]) -> None:
        """Have a function told, in another thread, when a server that is gone is waited for."""
        self._waiting.say = say

    def start_now(self, limits: Limits | None = None) -> None:
        """Have a trivial program run there, so that what is wrong shows before there is work.

        Args:
            limits: What later programs will ask for; the server may grant less.

        Raises:
            ConfigError: Nothing answers at the address, or what answers cannot run programs.
        """
        program = Program(code="print(1)", limits=limits or Limits())
        asyncio.run_coroutine_threadsafe(self._try_out(program), self._loop).result()

    async def execute(self, program: Program) -> Outcome:
        """Run `program` there to its end or limit; cancelling the call ends the program.

        Raises:
            SandboxFault: The server cannot be reached or is busy for too long, failed, does not
                take the request, or sent a malformed answer.
            ConfigError: The server asks for a token, does not grant the limits, or is not a
                sandbox.
        """
        return await asyncio.wrap_future(self._start(program))

    def execute_now(self, program: Program) -> Outcome:
        """Run `program` from code that is not async; otherwise as `execute`."""
        return self._start(program).result()

    def open_sessions(self, load: Mapping[str, Path], limits: Limits) -> RemoteFamily:
        """Open a session there.

        Raises:
            ConfigError: The server has no sessions, or does not grant what is asked for.
            SandboxFault: The server fails, or has no room.
        """
        return RemoteFamily(self.url, self._token, load, limits)

    async def close(self) -> None:
        """Drop all connections; the server ends what runs there."""
        await asyncio.to_thread(self.close_now)

    def close_now(self) -> None:
        """Drop all connections, from code that is not async."""
        if self._closed:
            return
        self._closed = True
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _start(self, program: Program) -> concurrent.futures.Future[Outcome]:
        if self._closed:
            raise SandboxFault("the sandbox is closed")
        return asyncio.run_coroutine_threadsafe(self._run(program), self._loop)

    async def _end(self) -> None:
        running = asyncio.all_tasks() - {asyncio.current_task()}
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await self._server.close()
        await self._loop.shutdown_asyncgens()  # of answers that were cut off

    async def _run(self, program: Program) -> Outcome:
        not_run = refusal(program)
        if not_run is not None:
            return not_run
        try:
            body = await asyncio.to_thread(fusion.request, program)
        except UnicodeError:
            return refused("stdin is not UTF-8 text, all that a remote sandbox takes")
        except OSError as error:
            raise SandboxFault(f"a file to load cannot be read: {error}") from None
        try:
            return await self._answered(body, program)
        except asyncio.CancelledError:
            if self._closed:
                raise SandboxFault("the sandbox was closed") from None
            raise

    async def _try_out(self, program: Program) -> None:
        body = fusion.request(program)
        pauses = Pauses(Waiting(self.url), START_S)
        while True:
            try:
                reply = await self._post(body, program, FIRST_ANSWER_S)
            except httpx.TransportError as error:
                why = reason(error)
            except SandboxFault as error:
                if await self._server.lives():  # its queue is long
                    return
                raise ConfigError(f"{error}; check the address") from None
            else:
                verdict = verdict_on(reply.code, reply.retry_s)
                if verdict is not Verdict.GONE:
                    await self._require_answer(verdict, reply, program)
                    return
                why = f"it answers {reply.code} {reply.said()}".strip()
            pause_s = pauses.next_s()
            if pause_s is None:
                raise ConfigError(
                    f"no sandbox can be reached at {self.url}: {why}; start one there with "
                    "`darebench sandbox serve`, or check the address"
                )
            await asyncio.sleep(pause_s)

    async def _require_answer(self, verdict: Verdict, reply: Reply, program: Program) -> None:
        if verdict is Verdict.BUSY:
            return
        try:
            outcome = await self._read(verdict, reply, program)
        except SandboxFault as error:
            raise ConfigError(f"{self.url} answers, but runs no programs: {error}") from None
        if outcome.status is not Status.OK:
            last = (outcome.stderr.strip() or outcome.detail).splitlines()[-1:]
            raise ConfigError(f"{self.url} cannot run `{program.code}`: {''.join(last)}")

    async def _answered(self, body: bytes, program: Program) -> Outcome:
        busy_until = time.monotonic() + self._busy_s
        busy, gone = (Pauses(self._waiting, s) for s in (self._busy_s, self._gone_s))
        while True:
            try:
                reply = await self._post(body, program, program.limits.wall_s + ANSWER_S)
            except httpx.TransportError as error:
                await self._wait_while_gone(gone, reason(error))
                continue
            verdict = verdict_on(reply.code, reply.retry_s)
            if verdict is Verdict.GONE:
                await self._wait_while_gone(gone, f"it answers {reply.code} {reply.said()}".strip())
                continue
            self._waiting.answered()
            if verdict is Verdict.BUSY:
                pause_s = busy.next_s() if reply.retry_s is None else jittered(reply.retry_s)
                if pause_s is None or time.monotonic() + pause_s > busy_until:
                    raise BusyFault(f"{self.url} was busy for {self._busy_s:g} s")
                await asyncio.sleep(pause_s)
                continue
            return await self._read(verdict, reply, program)

    async def _post(self, body: bytes, program: Program, answer_s: float) -> Reply:
        files_mb = len(program.save) * program.limits.file_mb * 4 // 3
        most_bytes = (TEXT_MB + files_mb) << 20
        return await self._server.post(body, answer_s=answer_s, most_bytes=most_bytes)

    async def _read(self, verdict: Verdict, reply: Reply, program: Program) -> Outcome:
        if verdict is Verdict.ANSWER:
            return await asyncio.to_thread(fusion.outcome, reply.body, program)
        if verdict is Verdict.FAULT:
            raise LastingFault(
                f"the sandbox server at {self.url} does not take the request "
                f"({reply.code} {reply.said()})"
            )
        raise ConfigError(setting_problem(self.url, reply.code, reply.said(), reply.location))

    async def _wait_while_gone(self, gone: Pauses, why: str) -> None:
        """Wait until it is time for another try.

        Raises:
            LastingFault: The server has been waited for long enough.
        """
        self._waiting.failed(why)
        pause_s = gone.next_s()
        if pause_s is None:
            away_s = self._waiting.away_s()
            raise LastingFault(f"the sandbox server at {self.url} failed for {away_s:.0f} s: {why}")
        await asyncio.sleep(pause_s)


def _checked(url: str) -> str:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        parsed = httpx.URL()
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise ConfigError(f"{url!r} is not the address of a sandbox: use http://HOST:PORT")
    return url.rstrip("/")
