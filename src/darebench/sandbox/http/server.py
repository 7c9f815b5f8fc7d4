"""The HTTP server's application: SandboxFusion's `POST /run_code` over any executor, and sessions.

A call waits in a bounded queue, runs, and leaves nothing behind; a client that goes away ends its
call. It needs the extra `server`. It does not encrypt: put a proxy or a tunnel before it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from prometheus_client import generate_latest
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from darebench.errors import DareError
from darebench.sandbox.executor import Executor, execute_retrying
from darebench.sandbox.http import fusion
from darebench.sandbox.http.bodies import (
    Bodies,
    ClientGone,
    RequestRejected,
    busy,
    reject,
    unless_gone,
)
from darebench.sandbox.http.drain import Drain
from darebench.sandbox.http.gate import OPEN, Metrics, guarded
from darebench.sandbox.http.sessions import SessionService
from darebench.sandbox.local import LocalExecutor
from darebench.sandbox.owned_folder import owned_folder
from darebench.sandbox.program import Limits, Outcome, Program

INLINE_BYTES = 1 << 17
"""Larger requests and files are handled in a thread, so that other calls go on."""
MAX_COMMAS = 1_000_000
"""Commas in a body of over `INLINE_BYTES`: many make a parser slow, and base64 has none."""
FOLDER = "darebench-serve-"
"""Beginning of the name of a server's folder for files on their way."""
METRICS_PATH = "/metrics"
MIN_MEMORY_MB = 64
_log = logging.getLogger("darebench.sandbox.server")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """What a server grants."""

    slots: int
    """Number of programs that run at the same time."""
    queue: int = 64
    """Number of calls that may wait for a place; the next one is sent away."""
    token: str | None = None
    """The token of all who may call; None lets everyone in."""
    seconds: float = 3600.0
    """The longest `run_timeout` that is accepted."""
    body_mb: int = 300
    """The largest request that is accepted."""
    limits: Limits = field(default_factory=Limits)
    """Limits of each program; the time is the request's, the memory too if it asks for less."""
    pod_name: str | None = None
    """The answers' `executor_pod_name`."""
    sessions: int = 64
    """Number of sessions that may be open, forks included; none if it is 0."""
    idle_s: float = 600.0
    """Seconds without a request after which a session is closed."""
    replica: str = ""
    """Its name among servers behind one address, which sessions' names begin with."""
    warm: tuple[str, ...] | None = None
    """Modules that programs find imported; the usual ones without it."""


def build_app(executor: Executor, settings: ServerSettings, drain: Drain | None = None) -> ASGIApp:
    """Build the ASGI application; it closes the executor when it ends.

    Args:
        executor: Runs the programs.
        settings: What the server grants.
        drain: Sends new calls away once it has begun.
    """
    service = _Service(executor, settings)
    routes = [
        Route(fusion.PATH, service.run_code, methods=["POST"]),
        Route(fusion.PING_PATH, service.ping),
        Route("/healthz", service.health),
        Route(METRICS_PATH, service.show_metrics),
        *service.session_routes(),
    ]
    app = Starlette(
        routes=routes,
        lifespan=service.lifespan,
        exception_handlers={RequestRejected: reject, Exception: _failed},
    )
    paths = (fusion.PATH, METRICS_PATH, *OPEN)
    drained = (drain or Drain()).guard(app)
    return guarded(drained, settings.token, service.metrics, paths)


async def _failed(request: Request, error: Exception) -> Response:
    return JSONResponse({"detail": "the server failed; its log says why"}, 500)


class _Service:
    """The state of one server: its executor, places, folders and counts."""

    def __init__(self, executor: Executor, settings: ServerSettings) -> None:
        self.metrics = Metrics()
        self._executor = executor
        self._settings = settings
        self._slots = asyncio.Semaphore(settings.slots)
        self._admitted = 0
        self._bodies = Bodies(settings.body_mb)
        self._scratch = Path()
        self._sessions = None
        if isinstance(executor, LocalExecutor) and settings.sessions:
            self._sessions = SessionService(
                executor,
                self._bodies,
                self._place,
                self._slots,
                limits=replace(settings.limits, wall_s=settings.seconds),
                most=settings.sessions,
                idle_s=settings.idle_s,
                replica=settings.replica,
            )

    def session_routes(self) -> list[Route]:
        """Return the routes of sessions, where the executor has them."""
        return [] if self._sessions is None else self._sessions.routes(self._temporary)

    @contextlib.asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncIterator[None]:
        """Hold the folder for files on their way, and close the executor at the end."""
        with owned_folder(FOLDER) as self._scratch:
            try:
                async with contextlib.AsyncExitStack() as stack:
                    if self._sessions is not None:
                        await stack.enter_async_context(self._sessions.lifespan())
                    yield
            finally:
                await self._executor.close()

    async def ping(self, request: Request) -> Response:
        """RunCodeResponse as SandboxFusion does."""
        return JSONResponse("pong")

    async def health(self, request: Request) -> Response:
        """Answer that the server lives, and how busy it is."""
        running = min(self._admitted, self._settings.slots)
        waiting = self._admitted - running
        return JSONResponse({"status": "ok", "running": running, "waiting": waiting})

    async def show_metrics(self, request: Request) -> Response:
        """Answer with the metrics in Prometheus' text format."""
        content = generate_latest(self.metrics.registry)
        return Response(content, media_type="text/plain; version=0.0.4; charset=utf-8")

    async def run_code(self, request: Request) -> Response:
        """Run one program."""
        if "json" not in request.headers.get("content-type", ""):
            raise RequestRejected(415, "send JSON, with Content-Type: application/json")
        try:
            with self.metrics.latency.time():
                content = await self._call(request)
        except ClientGone:
            self.metrics.calls.labels("abandoned").inc()
            return Response(status_code=499)  # for the log: nobody reads it
        except (DareError, OSError) as error:
            self.metrics.calls.labels("fault").inc()
            _log.error("the sandbox failed: %s", error)
            content = fusion.fault(str(error), self._settings.pod_name)
        return self._bodies.answer(content)

    async def _call(self, request: Request) -> bytes:
        with contextlib.ExitStack() as stack:
            async with self._bodies.read(request) as body:
                ask = await _in_thread_if(len(body) > INLINE_BYTES, _parse, body)
                self._check(ask)
                if ask.language != "python":
                    why = f"{ask.language!r} is not run here; use 'python'"
                    return fusion.fault(why, self._settings.pod_name)
                stack.enter_context(self._place())
                folder = stack.enter_context(self._folder(ask))
                large = len(body) > INLINE_BYTES
                program = await _in_thread_if(large, _stage, ask, self._settings.limits, folder)
            outcome = await unless_gone(request, self._execute(program))
            large = any(getattr(f, "n_bytes", 0) > INLINE_BYTES for f in outcome.files.values())
            return await _in_thread_if(large, fusion.answer, outcome, self._settings.pod_name)

    def _check(self, ask: fusion.RunCodeRequest) -> None:
        if ask.run_timeout > (limit := self._settings.seconds):
            asked = f"{ask.run_timeout:g} s"
            raise RequestRejected(400, f"run_timeout: {asked}, the limit is {limit:g} s")
        if 0 < ask.memory_limit_MB < MIN_MEMORY_MB:
            asked = f"{ask.memory_limit_MB} MB"
            raise RequestRejected(400, f"memory_limit_MB: {asked}, Python needs {MIN_MEMORY_MB} MB")

    @contextlib.contextmanager
    def _place(self) -> Iterator[None]:
        """Take a place among the calls that run or wait."""
        if self._admitted >= self._settings.slots + self._settings.queue:
            raise busy(f"{self._settings.queue} calls are waiting already")
        self._admitted += 1
        try:
            yield
        finally:
            self._admitted -= 1

    @contextlib.contextmanager
    def _folder(self, ask: fusion.RunCodeRequest) -> Iterator[Path | None]:
        """Yield a folder for a call's files, or None if it has none."""
        if not ask.files and not ask.fetch_files:
            yield None
            return
        with self._temporary() as folder:
            yield folder

    @contextlib.contextmanager
    def _temporary(self) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(dir=self._scratch, ignore_cleanup_errors=True) as name:
            yield Path(name)

    async def _execute(self, program: Program) -> Outcome:
        with self.metrics.waiting.track_inprogress():
            await self._slots.acquire()
        try:
            with self.metrics.running.track_inprogress():
                outcome = await execute_retrying(self._executor, program)
        finally:
            self._slots.release()
        self.metrics.calls.labels(outcome.status).inc()
        self.metrics.seconds.observe(outcome.seconds)
        return outcome


def _parse(body: bytearray) -> fusion.RunCodeRequest:
    if len(body) > INLINE_BYTES and body.count(b",") > MAX_COMMAS:
        raise RequestRejected(413, f"the request has over {MAX_COMMAS} commas; send data as files")
    try:
        return fusion.RunCodeRequest.model_validate_json(body)
    except ValidationError as error:
        raise RequestRejected(422, fusion.problems(error)) from None


def _stage(ask: fusion.RunCodeRequest, limits: Limits, folder: Path | None) -> Program:
    """Move a request's files out of memory to a folder, and build its program."""
    load: dict[str, Path] = {}
    files = ask.files or {}
    while files:
        name, content = files.popitem()
        if content is not None and folder is not None:
            load[name] = folder / f"in-{len(load)}"
            load[name].write_bytes(content)
    save_to = None
    if ask.fetch_files and folder is not None:
        save_to = folder / "out"
        save_to.mkdir()
    memory_mb = limits.memory_mb
    if ask.memory_limit_MB > 0:
        memory_mb = min(memory_mb, ask.memory_limit_MB)
    return Program(
        code=ask.code,
        load=load,
        save=tuple(dict.fromkeys(ask.fetch_files or ())),
        save_to=save_to,
        stdin=(ask.stdin or "").encode(),
        limits=replace(limits, wall_s=ask.run_timeout, memory_mb=memory_mb),
    )


async def _in_thread_if(large: bool, work: Callable[..., _T], *arguments: Any) -> _T:
    return await asyncio.to_thread(work, *arguments) if large else work(*arguments)
