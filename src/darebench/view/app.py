"""The HTTP side of the page: two addresses that read, and one that tells what has changed.

Covered: requests under a name other than this machine's own are refused, so that a page from
elsewhere whose name is made to lead here reads nothing; documents are looked up by name among those
that there are, so that no path leads to a file; nothing but GET is answered; the policy lets only
the code of this package run, whatever an attempt wrote. Not covered: other users of this machine,
who can reach its loopback addresses.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from darebench.errors import DareError
from darebench.report.page.bundle import shell
from darebench.report.page.documents import as_text
from darebench.view.shelf import Shelf

HOSTS = ["127.0.0.1", "localhost"]
LOOK_S = 1.0
"""How long after a look at the folders comes the next one, and at least four times what it took."""
_ALIVE_S = 15.0


Listeners = set[asyncio.Queue[list[str] | None]]
"""A queue for each page that listens; None ends it."""


def build_app(shelf: Shelf, *, look_s: float = LOOK_S) -> Starlette:
    """Return the application that shows a shelf."""
    page = shell("darebench", served=True)
    headers = {
        "Content-Security-Policy": f"{page.policy}; frame-ancestors 'none'",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cache-Control": "no-store",
    }
    listeners: Listeners = set()

    async def show(request: Request) -> Response:
        return HTMLResponse(page.html, headers=headers)

    async def read(request: Request) -> Response:
        try:
            value = await run_in_threadpool(shelf.document, request.path_params["name"])
        except KeyError:
            return PlainTextResponse("there is no such document", 404, headers)
        except DareError as error:
            return PlainTextResponse(str(error), 409, headers)
        except asyncio.CancelledError:  # the server ends, and waits no longer
            return PlainTextResponse("the server has ended", 503, headers)
        return Response(as_text(value), 200, headers, "application/json")

    async def tell(request: Request) -> Response:
        return StreamingResponse(_events(listeners), 200, headers, "text/event-stream")

    @asynccontextmanager
    async def life(app: Starlette) -> AsyncIterator[None]:
        watching = asyncio.create_task(_watch(shelf, listeners, look_s))
        yield
        watching.cancel()

    routes = [Route("/", show), Route("/data/{name:path}", read), Route("/events", tell)]
    trusted = Middleware(TrustedHostMiddleware, allowed_hosts=HOSTS, www_redirect=False)
    app = Starlette(routes=routes, middleware=[trusted], lifespan=life)
    app.state.end = lambda: [listener.put_nowait(None) for listener in listeners]
    return app


async def _watch(shelf: Shelf, listeners: Listeners, look_s: float) -> None:
    """Look at the folders again and again, and tell all listeners what has changed."""
    loop = asyncio.get_running_loop()
    took = 0.0
    while True:
        await asyncio.sleep(max(look_s, 4 * took))
        if not listeners:
            continue
        start = loop.time()
        changed = await run_in_threadpool(shelf.look)
        took = loop.time() - start
        if changed:
            for listener in listeners:
                listener.put_nowait(changed)


async def _events(listeners: Listeners) -> AsyncIterator[str]:
    own: asyncio.Queue[list[str] | None] = asyncio.Queue()
    listeners.add(own)
    try:
        yield ": here\n\n"
        while True:
            try:
                changed = await asyncio.wait_for(own.get(), _ALIVE_S)
            except TimeoutError:
                yield ": alive\n\n"
                continue
            if changed is None:
                return
            yield f"data: {json.dumps(changed)}\n\n"
    finally:
        listeners.discard(own)
