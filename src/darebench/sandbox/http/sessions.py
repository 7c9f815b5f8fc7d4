"""Sessions over HTTP: open, run, fork, files, close; each with a token of its own.

A session that nobody uses for some time is closed, and there are only so many at one time.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hmac
import logging
import re
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from darebench.errors import ConfigError, SandboxFault
from darebench.sandbox.http import fusion
from darebench.sandbox.http import session_wire as wire
from darebench.sandbox.http.bodies import Bodies, ClientGone, RequestRejected, busy, unless_gone
from darebench.sandbox.local import LocalExecutor
from darebench.sandbox.program import Limits, StepOutcome
from darebench.sandbox.session import Session

LOOK_S = 1.0
"""How often idle sessions are looked for."""
_log = logging.getLogger("darebench.sandbox.server")
_R = TypeVar("_R", bound=BaseModel)


@dataclass(slots=True, eq=False)
class _Hosted:
    """A session of a client."""

    session: Session
    turn: asyncio.Lock
    """Shared with its forks: one step of theirs runs at a time."""
    token: str = field(default_factory=secrets.token_urlsafe)
    used: float = field(default_factory=time.monotonic)
    n_requests: int = 0
    """Requests that it serves now."""


class SessionService:
    """The sessions of one server."""

    def __init__(
        self,
        executor: LocalExecutor,
        bodies: Bodies,
        place: Callable[[], AbstractContextManager[None]],
        slots: asyncio.Semaphore,
        *,
        limits: Limits,
        most: int,
        idle_s: float,
        replica: str = "",
    ) -> None:
        """Prepare to host sessions.

        Args:
            executor: Where they live.
            bodies: Counts what requests and answers hold.
            place: Takes a place among the calls that run or wait.
            slots: One is held while a step runs.
            limits: The most that a session is granted.
            most: How many sessions there may be.
            idle_s: Seconds without a request after which one is closed.
            replica: What the names of sessions begin with, so that a router knows where they are.
        """
        self._executor = executor
        self._bodies = bodies
        self._place = place
        self._slots = slots
        self._limits = limits
        self._most = most
        self._idle_s = idle_s
        self._replica = replica
        self._hosted: dict[str, _Hosted] = {}
        self._n_opening = 0

    def routes(self, scratch: Callable[[], AbstractContextManager[Path]]) -> list[Route]:
        """Return the routes; `scratch` makes a folder for files on their way."""
        one = f"{wire.PATH}/{{session}}"
        return [
            Route(wire.PATH, partial(self._open, scratch=scratch), methods=["POST"]),
            Route(f"{one}/run", self._run, methods=["POST"]),
            Route(f"{one}/fork", self._fork, methods=["POST"]),
            Route(f"{one}/files", self._files),
            Route(f"{one}/files/{{name:path}}", self._file),
            Route(one, self._close, methods=["DELETE"]),
        ]

    @contextlib.asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Close idle sessions meanwhile, and all at the end."""
        watch = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            watch.cancel()
            for name in list(self._hosted):
                await self._end(name)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(min(LOOK_S, self._idle_s / 4))
            idle_since = time.monotonic() - self._idle_s
            for name, hosted in list(self._hosted.items()):
                if not hosted.n_requests and hosted.used < idle_since:
                    _log.info("a session was idle for %g s and is closed", self._idle_s)
                    await self._end(name)

    async def _end(self, name: str) -> None:
        hosted = self._hosted.pop(name, None)
        if hosted is not None:
            await asyncio.to_thread(hosted.session.close)

    @contextlib.asynccontextmanager
    async def _asked(self, request: Request) -> AsyncIterator[_Hosted]:
        """Find the session that a request is for, and keep it from being closed meanwhile."""
        name = request.path_params["session"]
        hosted = self._hosted.get(name)
        given = request.headers.get(wire.TOKEN_HEADER, "").encode()
        if hosted is None or not hmac.compare_digest(given, hosted.token.encode()):
            why = f"no such session, or another {wire.TOKEN_HEADER}; one that is idle for "
            raise RequestRejected(404, f"{why}{self._idle_s:g} s is closed")
        hosted.n_requests += 1
        try:
            yield hosted
        except SandboxFault as error:
            await self._end(name)
            raise RequestRejected(410, f"the session is lost: {error}") from None
        except ConfigError as error:
            raise RequestRejected(400, str(error)) from None
        except ClientGone:
            raise RequestRejected(499, "the client went away") from None  # nobody reads it
        finally:
            hosted.n_requests -= 1
            hosted.used = time.monotonic()

    async def _read(self, request: Request, kind: type[_R]) -> _R:
        try:
            async with self._bodies.read(request) as body:
                return await asyncio.to_thread(kind.model_validate_json, body or b"{}")
        except ValidationError as error:
            raise RequestRejected(422, fusion.problems(error)) from None
        except ClientGone:
            raise RequestRejected(499, "the client went away") from None

    async def _open(
        self, request: Request, *, scratch: Callable[[], AbstractContextManager[Path]]
    ) -> Response:
        ask = await self._read(request, wire.OpenRequest)
        limits = self._granted(ask)
        with self._room(), self._place(), scratch() as folder:
            load = {name: folder / f"in-{n}" for n, name in enumerate(ask.files)}
            for name, path in load.items():
                await asyncio.to_thread(path.write_bytes, ask.files[name])
            try:
                made = await asyncio.to_thread(Session, load, limits, executor=self._executor)
            except ConfigError as error:
                raise RequestRejected(400, str(error)) from None
            except SandboxFault as error:
                _log.error("the sandbox failed: %s", error)
                raise RequestRejected(500, f"the sandbox failed: {error}") from None
            return self._opened(_Hosted(made, asyncio.Lock()))

    def _granted(self, ask: wire.OpenRequest) -> Limits:
        most = self._limits
        seconds = most.wall_s if ask.seconds is None else ask.seconds
        if seconds > most.wall_s:
            why = f"seconds: {seconds:g} s, the limit is {most.wall_s:g} s"
            raise RequestRejected(400, why)
        memory_mb = min(ask.memory_MB or most.memory_mb, most.memory_mb)
        return replace(most, wall_s=seconds, memory_mb=memory_mb)

    @contextlib.contextmanager
    def _room(self):
        """Take room for one more session while it is opened."""
        if len(self._hosted) + self._n_opening >= self._most:
            raise busy(f"{self._most} sessions are open already")
        self._n_opening += 1
        try:
            yield
        finally:
            self._n_opening -= 1

    def _opened(self, hosted: _Hosted) -> Response:
        name = secrets.token_urlsafe(12)
        if self._replica:
            name = f"{self._replica}.{name}"
        self._hosted[name] = hosted
        seconds = hosted.session.limits.wall_s
        told = wire.Opened(session=name, token=hosted.token, seconds=seconds)
        return self._bodies.answer(told.model_dump_json().encode())

    async def _run(self, request: Request) -> Response:
        async with self._asked(request) as hosted:
            ask = await self._read(request, wire.RunRequest)
            with self._place():
                outcome = await unless_gone(request, self._step(hosted, ask))
        return self._bodies.answer(await asyncio.to_thread(wire.written, outcome))

    async def _step(self, hosted: _Hosted, ask: wire.RunRequest) -> StepOutcome:
        run = partial(
            hosted.session.run, ask.code, seconds=ask.seconds, keep_failed=ask.keep_failed
        )
        async with hosted.turn, self._slots:
            return await finished(asyncio.to_thread(run), hosted.session.stop)

    async def _fork(self, request: Request) -> Response:
        async with self._asked(request) as hosted:
            with self._room():
                async with hosted.turn:
                    other = await asyncio.to_thread(hosted.session.fork)
                return self._opened(_Hosted(other, hosted.turn))

    async def _files(self, request: Request) -> Response:
        async with self._asked(request) as hosted, hosted.turn:
            names = await asyncio.to_thread(hosted.session.files)
        return self._bodies.answer(wire.FilesAnswer(files=list(names)).model_dump_json().encode())

    async def _file(self, request: Request) -> Response:
        async with self._asked(request) as hosted, hosted.turn:
            try:
                read = partial(hosted.session.read, request.path_params["name"])
                content = await asyncio.to_thread(read)
            except FileNotFoundError as error:
                raise RequestRejected(404, str(error)) from None
        encoded = await asyncio.to_thread(base64.b64encode, content)
        return self._bodies.answer(b'{"content":"' + encoded + b'"}')

    async def _close(self, request: Request) -> Response:
        async with self._asked(request):
            await self._end(request.path_params["session"])
        return Response(status_code=204)


def replica_of(path: str) -> str:
    """Return the replica that a request's path names; empty for one that any can answer.

    >>> replica_of("/sessions/8f3a.Zx_1/run")
    '8f3a'
    >>> replica_of("/sessions")
    ''
    """
    found = re.match(rf"{wire.PATH}/(\w+)\.", path)
    return found[1] if found else ""


async def finished(work: Awaitable[StepOutcome], stop: Callable[[], None]) -> StepOutcome:
    """Await a step that runs in a thread; if this is cancelled, stop it and wait for its end."""
    running = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        stop()
        with contextlib.suppress(Exception):  # nobody is left to hear of it
            await running
        raise
