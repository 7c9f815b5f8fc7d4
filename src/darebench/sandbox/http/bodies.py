"""Bodies of requests and answers in memory: limits on their size, their time, and their sum."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

BODY_S = 120.0
"""How long a request's body may take to arrive."""
HELD = 4
"""How many bodies of the largest size may be in memory at one time; of smaller ones, more."""
PIECE = 1 << 20
"""Bytes of an answer that go to the connection at a time."""
_T = TypeVar("_T")


class RequestRejected(Exception):
    """A request that is answered without running it."""

    def __init__(self, status: int, detail: object, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, headers


class ClientGone(Exception):
    """The client went away."""


def busy(why: str) -> RequestRejected:
    """Return the rejection that asks a client to come back in a second."""
    return RequestRejected(503, f"the server is busy: {why}; try again", {"Retry-After": "1"})


async def unless_gone(request: Request, work: Coroutine[Any, Any, _T]) -> _T:
    """Await `work`, and cancel it if the client goes away first.

    Raises:
        ClientGone: The client went away.
    """
    running = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(request.receive())
    try:
        await asyncio.wait({running, gone}, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            return running.result()
        raise ClientGone
    finally:
        gone.cancel()
        running.cancel()
        await asyncio.wait({running, gone})


async def reject(request: Request, error: Exception) -> Response:
    """Answer a rejected request, as FastAPI does."""
    assert isinstance(error, RequestRejected)
    return JSONResponse({"detail": error.detail}, error.status, error.headers)


class Bodies:
    """All bodies that one server holds."""

    def __init__(self, limit_mb: int) -> None:
        self._limit_mb = limit_mb
        self._held_bytes = 0

    @contextlib.asynccontextmanager
    async def read(self, request: Request) -> AsyncIterator[bytearray]:
        """Read a request's body, which is held, and counted, until the block ends.

        Raises:
            RequestRejected: The body is too large or too slow, or there are too many of them.
            ClientGone: The client went away.
        """
        limit = self._limit_mb << 20
        too_large = RequestRejected(413, f"the request is over the limit of {self._limit_mb} MB")
        length = request.headers.get("content-length", "0")
        if length.isdecimal() and int(length) > limit:
            raise too_large
        body = bytearray()
        try:
            try:
                async with asyncio.timeout(BODY_S):
                    async for chunk in request.stream():
                        body += chunk
                        self._held_bytes += len(chunk)
                        if len(body) > limit:
                            raise too_large
                        self._check("requests")
            except ClientDisconnect:
                raise ClientGone from None
            except TimeoutError:
                raise RequestRejected(
                    408, f"the request took over {BODY_S:g} s to arrive"
                ) from None
            yield body
        finally:
            self._held_bytes -= len(body)
            body.clear()

    def answer(self, content: bytes) -> Response:
        """Build an answer whose body is counted until the client has taken it or has gone away.

        Raises:
            RequestRejected: There are too many of them.
        """
        others = self._held_bytes > 0  # one answer alone always passes
        self._held_bytes += len(content)
        try:
            if others:
                self._check("answers")
        except RequestRejected:
            self.release(len(content))
            raise
        return _CountedResponse(content, self)

    def release(self, n_bytes: int) -> None:
        """Stop counting these bytes."""
        self._held_bytes -= n_bytes

    def _check(self, what: str) -> None:
        if self._held_bytes > HELD * (self._limit_mb << 20):
            raise busy(f"its {what} hold too much memory")


class _CountedResponse(Response):
    """JSON that is sent piece by piece, at the pace of the client."""

    media_type = "application/json"

    def __init__(self, content: bytes, bodies: Bodies) -> None:
        super().__init__(content)
        self._bodies = bodies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        size = len(self.body)
        try:
            head = {"status": self.status_code, "headers": self.raw_headers}
            await send({"type": "http.response.start", **head})
            for start in range(0, size, PIECE):
                piece = bytes(self.body[start : start + PIECE])
                more = start + PIECE < size
                await send({"type": "http.response.body", "body": piece, "more_body": more})
        finally:
            self._bodies.release(size)
