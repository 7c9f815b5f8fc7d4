"""The HTTP server's process: its socket, its patience with clients, its signals and its end.

At SIGTERM or SIGINT it answers all that it has admitted, sends new calls away, and exits.
"""

from __future__ import annotations

import asyncio
import ipaddress
import resource
import socket
from collections.abc import Callable

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from darebench.errors import ConfigError
from darebench.sandbox.http.drain import Drain, DrainingServer, outlive_signals
from darebench.sandbox.http.server import METRICS_PATH, ServerSettings, build_app
from darebench.sandbox.local import LocalExecutor, told

HEAD_S = 10.0
"""How long a connection may take until the head of a request is complete."""
CONNECTIONS = 1000
"""Connections at one time; more are closed at once."""
UNREAD_MS = 60_000
"""How long an answer may wait in the kernel for a client that does not read."""


def serve(
    host: str,
    port: int,
    settings: ServerSettings,
    *,
    ready: Callable[[str], None],
    say: Callable[[str], None] = lambda text: None,
) -> None:
    """Serve until a signal ends it.

    Args:
        host: Name or address to listen on.
        port: Port to listen on; 0 takes a free one.
        settings: What the server grants.
        ready: Called with the server's URL when it takes calls.
        say: Told what a person should know of the start.

    Raises:
        ConfigError: The address cannot be used, or only with a token, or the sandbox cannot be run.
    """
    with listen_on(host, port) as listening:
        require_token(listening, host, settings)
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        asyncio.run(_serve(listening, settings, ready, say))


def require_token(listening: socket.socket, host: str, settings: ServerSettings) -> None:
    """Refuse to listen where other machines can call, and no token is asked for.

    Raises:
        ConfigError: It is so.
    """
    address = ipaddress.ip_address(listening.getsockname()[0])
    if settings.token is None and not address.is_loopback:
        raise ConfigError(
            f"{host} is reachable from other machines: give a token with --token-file or in "
            "DAREBENCH_SANDBOX_TOKEN, or use --host 127.0.0.1"
        )


async def _serve(
    listening: socket.socket,
    settings: ServerSettings,
    ready: Callable[[str], None],
    say: Callable[[str], None],
) -> None:
    executor = LocalExecutor(settings.slots, warm=settings.warm)
    drain = Drain(still_open=(METRICS_PATH,))
    try:
        await asyncio.to_thread(executor.start_now)
        if settings.warm is not None:
            say(told(executor.warmed()))
        config = uvicorn.Config(
            build_app(executor, settings, drain),
            http=_Connection,
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=int(settings.seconds) + 60,
        )
        outlive_signals()
        ready(url_of(listening))
        await DrainingServer(config, drain).serve(sockets=[listening])
    finally:
        await executor.close()


class _Connection(H11Protocol):
    """A connection that is closed, with a word, if a request's head takes too long to come."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride] -- as uvicorn has it
        """Take a connection, or close it if there are too many."""
        super().connection_made(transport)
        self._seen = None
        self._check = self.loop.call_later(HEAD_S, self._close_if_stuck)
        if len(self.connections) > CONNECTIONS:
            self._close_saying(b"503 Service Unavailable", b"the server has too many connections")

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._check.cancel()
        super().connection_lost(exc)

    def _close_if_stuck(self) -> None:
        idle = self.cycle is None or self.cycle.response_complete
        if idle and self._seen is self.cycle:
            if self.conn.trailing_data[0]:
                self._close_saying(b"408 Request Timeout", b"the request's head took too long")
            else:
                self.transport.abort()
            return
        self._seen = self.cycle if idle else None
        self._check = self.loop.call_later(HEAD_S, self._close_if_stuck)

    def _close_saying(self, status: bytes, why: bytes) -> None:
        """Answer what is not a whole request, and close the connection."""
        body = b'{"detail":"' + why + b'"}'
        head = b"Content-Type: application/json\r\nRetry-After: 1\r\nConnection: close\r\n"
        length = b"Content-Length: %d\r\n\r\n" % len(body)
        self.transport.write(b"HTTP/1.1 " + status + b"\r\n" + head + length + body)
        self.transport.close()


def url_of(listening: socket.socket) -> str:
    """Return the URL of a server."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def listen_on(host: str, port: int) -> socket.socket:
    """Open the socket of a server.

    Raises:
        ConfigError: The address cannot be used.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.create_server(address[:2], family=family, backlog=2048)
    except OSError as error:
        raise ConfigError(f"cannot listen on {host}:{port}: {error.strerror or error}") from None
    # Inherited by every connection.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_MS)
    return listening
