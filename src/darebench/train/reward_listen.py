"""The reward server's process: its socket, its signals and its end.

At SIGTERM or SIGINT it answers all that it has admitted, tells everybody else that it is about to
end, and exits; a second signal does not wait.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Callable, Sequence

import uvicorn

from darebench.errors import ConfigError
from darebench.sandbox.http.drain import DrainingServer, outlive_signals
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
        outlive_signals()
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
    await DrainingServer(config, service).serve(sockets=[listening])


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
