"""The remote executor: programs go to a server that speaks SandboxFusion's protocol.

It works with `darebench sandbox serve` and with the original, which can do less: there an exceeded
memory limit is an ordinary exit code, and the limits on disk and processes are the server's.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import threading
import time
from typing import NamedTuple

import httpx

from darebench.errors import ConfigError, SandboxFault
from darebench.sandbox.http import fusion
from darebench.sandbox.names import refusal, refused
from darebench.sandbox.program import Outcome, Program

CONNECT_S = 10.0
ANSWER_S = 600.0
"""How long past its wall-clock limit a program's answer may take; it may wait in a queue there."""
BUSY_S = 300.0
"""How long a full queue is waited for, before it is a fault."""
TEXT_MB = 64
"""Largest answer, beside the files."""
_HERE = ("localhost", "127.0.0.1", "::1")


class RemoteExecutor:
    """Runs programs on a server. Safe to share between event loops, tasks and threads.

    Its requests live in an event loop of its own, so that connections outlast the caller's.
    """

    def __init__(self, url: str, *, token: str | None = None, busy_s: float = BUSY_S) -> None:
        self.url = _checked(url)
        self._busy_s = busy_s
        headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self._client = httpx.AsyncClient(
            headers=headers,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=64),
            trust_env=httpx.URL(self.url).host not in _HERE,  # no proxy to this machine itself
        )
        self._closed = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="darebench-remote", daemon=True
        )
        self._thread.start()

    async def execute(self, program: Program) -> Outcome:
        """Run `program` there to its end or limit; cancelling the call ends the program.

        Raises:
            SandboxFault: The server cannot be reached, is busy for too long, failed, or sent a
                malformed answer.
            ConfigError: The server asks for a token, or is not a sandbox.
        """
        return await asyncio.wrap_future(self._start(program))

    def execute_now(self, program: Program) -> Outcome:
        """Run `program` from code that is not async; otherwise as `execute`."""
        return self._start(program).result()

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
        await self._client.aclose()
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

    async def _answered(self, body: bytes, program: Program) -> Outcome:
        deadline = time.monotonic() + self._busy_s
        while True:
            reply = await self._post(body, program)
            if reply.retry_s is None:
                break
            if time.monotonic() + reply.retry_s > deadline:
                raise SandboxFault(f"{self.url} was busy for {self._busy_s:g} s")
            await asyncio.sleep(reply.retry_s)
        if reply.code == 200:
            return await asyncio.to_thread(fusion.outcome, reply.body, program)
        said = reply.body[:500].decode("utf-8", errors="replace")
        if reply.code in (413, 422):
            return refused(f"the server does not take it: {said}")
        if reply.code in (401, 403):
            raise ConfigError(f"{self.url} asks for a token; put it into DAREBENCH_SANDBOX_TOKEN")
        if reply.code >= 500:
            raise SandboxFault(f"{self.url} answered {reply.code}: {said}")
        raise ConfigError(
            f"{self.url} answered {reply.code} ({said}): it is not a sandbox, or grants less"
        )

    async def _post(self, body: bytes, program: Program) -> _Reply:
        times = httpx.Timeout(
            connect=CONNECT_S, read=program.limits.wall_s + ANSWER_S, write=60.0, pool=None
        )
        most = (TEXT_MB << 20) + len(program.save) * (program.limits.file_mb << 20) * 4 // 3
        content = bytearray()
        try:
            post = self._client.stream("POST", self.url + fusion.PATH, content=body, timeout=times)
            async with post as response:
                async for chunk in response.aiter_bytes():
                    content += chunk
                    if len(content) > most:
                        raise SandboxFault(f"{self.url} answers more than was asked for")
        except httpx.HTTPError as error:
            why = str(error) or type(error).__name__
            raise SandboxFault(f"the sandbox server at {self.url} failed: {why}") from None
        retry_s = None
        if response.status_code in (429, 503):
            with contextlib.suppress(KeyError, ValueError):  # without it, it is a fault
                retry_s = min(max(float(response.headers["Retry-After"]), 0.1), 60.0)
        return _Reply(response.status_code, bytes(content), retry_s)


class _Reply(NamedTuple):
    code: int
    body: bytes
    retry_s: float | None


def _checked(url: str) -> str:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        parsed = httpx.URL()
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise ConfigError(f"{url!r} is not the address of a sandbox: use http://HOST:PORT")
    return url.rstrip("/")
