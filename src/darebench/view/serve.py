"""The process of the page: its socket on the loopback address, and its end at Ctrl-C."""

from __future__ import annotations

from collections.abc import Callable

import uvicorn

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
        config = uvicorn.Config(
            build_app(shelf),
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=1,
        )
        ready(url_of(listening))
        uvicorn.Server(config).run(sockets=[listening])
