"""The HTTP side of the remote executor: a request goes to a server, its whole answer comes back."""

from __future__ import annotations

import os
from typing import NamedTuple

import httpx

from darebench.errors import SandboxFault
from darebench.sandbox.http import fusion
from darebench.sandbox.http.statuses import retry_after

CONNECT_S = 10.0
_HERE = ("localhost", "127.0.0.1", "::1")


def is_here(url: str) -> bool:
    """Check whether an address is on this machine, which no proxy leads to."""
    return httpx.URL(url).host in _HERE


def reason(error: httpx.TransportError) -> str:
    """Return why a connection failed, as the system says it where it does."""
    cause: BaseException | None = error
    seen: list[BaseException] = []
    while cause is not None and cause not in seen:
        seen.append(cause)
        if isinstance(cause, OSError) and (cause.errno or 0) > 0:
            return os.strerror(cause.errno or 0)
        inner = cause.exceptions[0] if isinstance(cause, BaseExceptionGroup) else None
        cause = inner or cause.__cause__ or cause.__context__
    return str(error) or type(error).__name__


class Reply(NamedTuple):
    """What a server answered."""

    code: int
    body: bytes
    retry_s: float | None
    """Seconds after which to ask again, if it says so."""
    location: str | None
    """Where it redirects to, if it does."""

    def said(self) -> str:
        """Return the beginning of the body, on one line."""
        return " ".join(self.body[:500].decode("utf-8", errors="replace").split())


class ServerAddress:
    """A server, and the connections to it."""

    def __init__(self, url: str, token: str | None) -> None:
        self.url = url
        headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self._client = httpx.AsyncClient(
            headers=headers,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=64),
            trust_env=not is_here(url),
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def post(self, body: bytes, *, answer_s: float, most_bytes: int) -> Reply:
        """Send a program's request and read the whole answer.

        Args:
            body: The request.
            answer_s: How long the answer may take.
            most_bytes: Largest answer that is read.

        Raises:
            TransportError: The connection failed; another try may help.
            SandboxFault: The server answers too slowly, too much, or in another encoding.
        """
        times = httpx.Timeout(connect=CONNECT_S, read=answer_s, write=60.0, pool=None)
        content = bytearray()
        try:
            post = self._client.stream("POST", self.url + fusion.PATH, content=body, timeout=times)
            async with post as response:
                async for chunk in response.aiter_bytes():
                    content += chunk
                    if len(content) > most_bytes:
                        raise SandboxFault(f"{self.url} answers more than was asked for")
        except (httpx.ReadTimeout, httpx.WriteTimeout, httpx.DecodingError) as error:
            why = str(error) or type(error).__name__
            raise SandboxFault(f"the sandbox server at {self.url} failed: {why}") from None
        location = response.headers.get("Location")
        retry_s = retry_after(response.headers)
        return Reply(response.status_code, bytes(content), retry_s, location)

    async def lives(self) -> bool:
        """Check whether a sandbox server answers at all."""
        try:
            return (await self._client.get(self.url + fusion.PING_PATH, timeout=5.0)).is_success
        except httpx.HTTPError:
            return False
