"""The process of the page: its socket on the loopback address, and its end at Ctrl-C."""

from __future__ import annotations

import socket
from collections.abc import Callable

import uvicorn
from starlette.applications import Starlette

from darebench.sandbox.http.listen import listen_on, url_of
from darebench.view.app import build_app
from darebench.view.shelf import Shelf

HOST = "127.0.0.1"


def serve(shelf: Shelf, port: int, *, ready: Callable[[str], None]) -> None:
    """Serve until a signal ends it.

    Args:
        shelf: What is shown; looked at once before.
        port: Port to listen on; 0 takes a free one.
        ready: Called with the page's URL when it can be opened.

    Raises:
        ConfigError: The port cannot be used.
    """
    with listen_on(HOST, port) as listening:
        ready(url_of(listening))
        PageServer(build_app(shelf)).run(sockets=[listening])


class PageServer(uvicorn.Server):
    """A server that ends the streams of events, which would go on without end, before itself."""

    def __init__(self, app: Starlette) -> None:
        """Make the server of a page."""
        self._app = app
        super().__init__(
            uvicorn.Config(
                app,
                ws="none",
                lifespan="on",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=2,
            )
        )

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams, then everything else."""
        self._app.state.end()
        await super().shutdown(sockets)
