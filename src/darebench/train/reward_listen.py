"""The reward server's process: its socket, its signals and its end.

At SIGTERM or SIGINT it answers all that it has admitted, tells everybody else that it is about to
end, and exits; a second signal does not wait.
"""

from __future__ import annotations

import asyncio
import ipaddress
import signal
import socket
from collections.abc import Callable, Sequence
from types import FrameType

import uvicorn

from darebench.errors import ConfigError
from darebench.sandbox.http.listen import listen_on, url_of
from darebench.train.grading import Grader, open_grader
from darebench.train.reward_server import RewardService, make_app


def serve(
    store: str | None,
    patterns: Sequence[str],
    *,
    host: str,
    port: int,
    token: str | None,
    ready: Callable[[str, Grader], None],
) -> None:
    """Serve until interrupted.

    Args:
        store: The tasks' store: a folder, an archive or `hf://owner/name`; else the starter store.
        patterns: Task ids, dataset names or globs; all tasks without one.
        host: Name or address to listen on.
        port: 0 takes a free port.
        token: What clients must send.
        ready: Called with the URL and what is served, when requests are taken.

    Raises:
        ConfigError: The address cannot be used, or it is open to other machines without a token.
        StoreError: The store cannot be opened.
        TaskFormatError: A task has no usable answer.
    """
    check_access(host, token)
    with listen_on(host, port) as listening:
        grader = open_grader(store, patterns)
        # uvicorn raises the signal that ended it once more; by then there is nothing left to do.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: None)
        asyncio.run(_serve(grader, token, listening, ready))


async def _serve(
    grader: Grader,
    token: str | None,
    listening: socket.socket,
    ready: Callable[[str, Grader], None],
) -> None:
    service = RewardService(grader, token=token)
    config = uvicorn.Config(
        make_app(service), log_level="warning", ws="none", timeout_graceful_shutdown=60
    )
    ready(url_of(listening), grader)
    await _Server(config, service).serve(sockets=[listening])


class _Server(uvicorn.Server):
    """A server that goes on answering, with refusals, until what it has admitted is done."""

    def __init__(self, config: uvicorn.Config, service: RewardService) -> None:
        super().__init__(config)
        self._service = service

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to end; a second signal then has its usual effect, at once."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        self._service.draining = True

    async def on_tick(self, counter: int) -> bool:
        """Look after connections, and check whether the time to end has come."""
        if self._service.draining and not self._service.admitted:
            self.should_exit = True
        return await super().on_tick(counter)


def check_access(host: str, token: str | None) -> None:
    """Refuse to be open to other machines without a token.

    Raises:
        ConfigError: The address is not loopback, and no token is given.
    """
    if token:
        return
    try:
        is_own = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_own = False
    if not is_own:
        raise ConfigError(f"{host} is open to other machines: give --token, or --host 127.0.0.1")
