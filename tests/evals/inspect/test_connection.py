"""What a run waits for, and for how long."""

from __future__ import annotations

import asyncio

import pytest

from darebench.errors import ProviderFault
from darebench.evals.inspect.completions import UnusableAnswer
from darebench.evals.inspect.connection import Connection


async def answered(connection):
    """Let the model answer somebody else all the time."""
    while True:
        await connection.request(lambda: asyncio.sleep(0.01, "ok"), None)


@pytest.mark.parametrize("status", [429, 502, None])
def test_a_request_that_alone_is_never_answered_is_given_up(status, monkeypatch):
    monkeypatch.setattr("darebench.evals.inspect.connection.PATIENCE_S", 0.5)
    monkeypatch.setattr("darebench.evals.inspect.connection.LONGEST_WAIT_S", 0.05)
    connection = Connection("m", "http://127.0.0.1/v1")

    async def refused():
        raise UnusableAnswer("tokens per minute: limit 6000", status)

    async def run():
        others = asyncio.create_task(answered(connection))
        try:
            async with asyncio.timeout(20):
                await connection.request(refused, None)
        finally:
            others.cancel()

    with pytest.raises(ProviderFault, match="limit 6000"):
        asyncio.run(run())
    assert connection.gone is None  # the others go on
