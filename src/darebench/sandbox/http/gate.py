"""What stands before the server's application: the token, the access log, the metrics.

The log holds the client, the method, the path if it is one of ours, the answer's code and the time;
never the code of a program.
"""

from __future__ import annotations

import hmac
import logging
import time
from collections.abc import Collection
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

OPEN = ("/v1/ping", "/healthz")
"""Paths that need no token."""
SESSIONS = "/sessions"
"""Paths below it are recorded as this one: the rest names a session."""
_log = logging.getLogger("darebench.sandbox.server")


class Metrics:
    """The figures for Prometheus, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        prefix = "darebench_sandbox_"
        own: dict[str, Any] = {"registry": self.registry}
        self.calls = Counter(prefix + "calls", "Calls by how they ended", ["status"], **own)
        self.requests = Counter(prefix + "requests", "HTTP answers", ["path", "code"], **own)
        self.running = Gauge(prefix + "running", "Programs that run now", **own)
        self.waiting = Gauge(prefix + "waiting", "Calls that wait for a place", **own)
        self.seconds = Histogram(prefix + "program_seconds", "Wall-clock time of programs", **own)
        self.latency = Histogram(prefix + "call_seconds", "From request to answer", **own)


def guarded(app: ASGIApp, token: str | None, metrics: Metrics, paths: Collection[str]) -> ASGIApp:
    """Return an application that asks for the token and records every answer.

    Args:
        app: The application that answers.
        token: The token of all who may enter; None lets everyone in.
        metrics: Counts the answers.
        paths: The paths that are recorded by name.
    """

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] in OPEN or token is None or _has(token, scope):
            await app(scope, receive, send)
            return
        detail = {"detail": "a token is needed: Authorization: Bearer TOKEN"}
        await JSONResponse(detail, 401, {"WWW-Authenticate": "Bearer"})(scope, receive, send)

    async def recorded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        start, code = time.monotonic(), "aborted"

        async def send_recorded(message: Message) -> None:
            nonlocal code
            if message["type"] == "http.response.start":
                code = str(message["status"])
            await send(message)

        try:
            await answer(scope, receive, send_recorded)
        finally:
            path = scope["path"] if scope["path"] in paths else "other"
            if scope["path"].startswith(SESSIONS):
                path = SESSIONS
            metrics.requests.labels(path, code).inc()
            client = (scope.get("client") or ("-",))[0]
            ms = 1000 * (time.monotonic() - start)
            _log.info("%s %s %s %s %.1f ms", client, scope["method"], path, code, ms)

    return recorded


def _has(token: str, scope: Scope) -> bool:
    given = dict(scope["headers"]).get(b"authorization", b"")
    return hmac.compare_digest(given, b"Bearer " + token.encode())
