"""The end of a server: it answers what it has admitted, and tells all others that it ends.

Until the last call is answered the server goes on listening. New requests get 503 with
`Retry-After` and `Connection: close`, so that no client has to guess what became of its request.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import Collection
from types import FrameType
from typing import Protocol

import uvicorn
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
RETRY_AFTER_S = 2
"""When a client may come back: to this server's successor, or to another one."""
LINGER_S = 1.0
"""How long new requests are answered after the last call, before the server stops listening."""
UNREAD_S = 5.0
"""How long the body of a request that is sent away is read, for its client to hear the answer."""


class Drain:
    """Whether a server drains, and how many requests it has not answered yet."""

    def __init__(self, still_open: Collection[str] = ()) -> None:
        self._still_open = still_open
        self._in_flight = 0
        self._quiet_since: float | None = None
        self.began = False
        """The server takes no new call."""

    def begin(self) -> None:
        """Take no new call from now on."""
        self.began = True
        self._quiet_since = time.monotonic()

    def is_over(self) -> bool:
        """Check whether all calls are answered, and clients have had time to hear it."""
        if self._quiet_since is None or self._in_flight:
            return False
        return time.monotonic() - self._quiet_since >= LINGER_S

    def guard(self, app: ASGIApp) -> ASGIApp:
        """Return an application that counts requests, and sends them away while draining."""

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or scope["path"] in self._still_open:
                await app(scope, receive, send)
            elif self.began:
                await _send_away(scope, receive, send)
            else:
                await self._counted(app, scope, receive, send)

        return answer

    async def _counted(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        self._in_flight += 1
        try:
            await app(scope, receive, send)
        finally:
            self._in_flight -= 1
            if self.began:
                self._quiet_since = time.monotonic()


async def _send_away(scope: Scope, receive: Receive, send: Send) -> None:
    # A connection that is closed with unread bytes is reset, and the answer may be lost with it.
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(UNREAD_S):
            while (await receive()).get("more_body", False):
                pass
    content = {"status": "draining", "detail": "the server is ending and takes no new calls"}
    headers = {"Retry-After": str(RETRY_AFTER_S), "Connection": "close"}
    await JSONResponse(content, 503, headers)(scope, receive, send)


class Drains(Protocol):
    """What a server asks about its end: a `Drain`, or a service that counts by itself."""

    def begin(self) -> None:
        """Take no new call from now on."""
        ...

    def is_over(self) -> bool:
        """Check whether there is nothing left to wait for."""
        ...


def outlive_signals() -> None:
    """Let the process live on when uvicorn raises the signal that has ended its server once more.

    By then there is nothing left to do but to return.
    """
    for number in _SIGNALS:
        signal.signal(number, lambda *_: None)


class DrainingServer(uvicorn.Server):
    """A server that drains at the first signal, and ends at once at the second."""

    def __init__(self, config: uvicorn.Config, drain: Drains) -> None:
        super().__init__(config)
        self._drain = drain

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to drain; have a second signal end the process."""
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        self._drain.begin()

    async def on_tick(self, counter: int) -> bool:
        """Look after connections, and check whether the time to end has come."""
        self.should_exit = self.should_exit or self._drain.is_over()
        return await super().on_tick(counter)
