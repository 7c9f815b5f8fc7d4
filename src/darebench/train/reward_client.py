"""The client of `darebench reward serve`: predictions in, rewards out, whatever the load there.

It waits as long as a busy server asks for, and longer each time, and tells a server that is gone
from one that does not take what it is sent.
"""

from __future__ import annotations

import json
import logging
import random
import time
from collections.abc import Iterator, Sequence
from typing import Any, Self

import httpx

from darebench.errors import ConfigError, SandboxFault
from darebench.retry_after import retry_after_s
from darebench.sandbox.http.post import is_here

PATIENCE_S = 600.0
"""How long a server that is busy or gone is asked again, before it is a fault."""
ANSWER_S = 600.0
"""How long the answer for a batch may take; it may wait in a queue there."""
BATCH_ITEMS = 256
BATCH_BYTES = 16 * 2**20
LONGEST_PAUSE_S = 30.0
LONGEST_ASKED_S = 60.0
"""Longest pause that a server may ask for."""
_BUSY = (429, 502, 503, 504)
log = logging.getLogger(__name__)


class RewardClient:
    """Asks one server for rewards. Safe to share between threads."""

    def __init__(
        self, url: str, *, token: str | None = None, patience_s: float = PATIENCE_S
    ) -> None:
        try:
            parsed = httpx.URL(url)
        except httpx.InvalidURL:
            parsed = httpx.URL()
        if parsed.scheme not in ("http", "https") or not parsed.host:
            raise ConfigError(f"{url!r} is not the address of a server: use http://HOST:PORT")
        self.url = url.rstrip("/")
        self._patience_s = patience_s
        self._client = httpx.Client(
            headers={"Content-Type": "application/json"}
            | ({"Authorization": f"Bearer {token}"} if token else {}),
            timeout=httpx.Timeout(10.0, read=ANSWER_S, write=120.0, pool=None),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=64),
            trust_env=not is_here(url),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Drop all connections."""
        self._client.close()

    def rewards(
        self, tasks: Sequence[str], predictions: Sequence[str | bytes | None]
    ) -> list[float | None]:
        """Return the reward of each prediction, in their order.

        A reward is None where the server failed, and where it does not take the item: an unknown
        task, or a prediction that is too large. The log says which.

        Raises:
            SandboxFault: The server was busy or gone for too long, or failed.
            ConfigError: It asks for a token, or is not a reward server.
        """
        items = [_item(t, p) for t, p in zip(tasks, predictions, strict=True)]
        found: list[float | None] = []
        for batch in _batches(items):
            for answer in self._ask(batch):
                if answer.get("error"):
                    log.error("%s: item %d: %s", self.url, len(found), answer["error"])
                found.append(answer["reward"])
        return found

    def _ask(self, items: Sequence[bytes]) -> list[dict[str, Any]]:
        body = b'{"items": [' + b",".join(items) + b"]}"
        response = self._answered(body)
        if response.status_code == 413 and len(items) == 1:
            return [{"reward": None, "error": "the prediction is too large for the server"}]
        try:
            said: Any = response.json()
            if response.status_code == 200 and len(said["rewards"]) == len(items):
                return said["rewards"]
        except (ValueError, KeyError, TypeError):
            pass
        shown = response.text[:300]
        if response.status_code == 401:
            raise ConfigError(f"{self.url} asks for a token; give the one that it was started with")
        if response.status_code >= 500:
            raise SandboxFault(f"{self.url} answered {response.status_code}: {shown}")
        raise ConfigError(
            f"{self.url} answered {response.status_code} ({shown}): it is not a reward server"
        )

    def _answered(self, body: bytes) -> httpx.Response:
        """Send a batch until the server takes it."""
        end = time.monotonic() + self._patience_s
        pause = 0.5
        while True:
            asked = 0.0
            try:
                response = self._client.post(f"{self.url}/reward", content=body)
                if response.status_code not in _BUSY:
                    return response
                why = f"it answers {response.status_code}"
                asked = min(
                    retry_after_s(response.headers.get("Retry-After")) or 0.0, LONGEST_ASKED_S
                )
            except httpx.TransportError as error:
                why = str(error) or type(error).__name__
            # Not all at once: those who were sent away together would come back together.
            wait = max(asked, pause * random.uniform(0.5, 1.0))
            if time.monotonic() + wait > end:
                raise SandboxFault(
                    f"the reward server at {self.url} has taken no batch for "
                    f"{self._patience_s:g} s: {why}"
                )
            time.sleep(wait)
            pause = min(2 * pause, LONGEST_PAUSE_S)


def _item(task: str, prediction: str | bytes | None) -> bytes:
    """Write an item; bytes that are not UTF-8 stay unreadable, as they are where they lie."""
    text = (
        prediction.decode("utf-8", "surrogateescape")
        if isinstance(prediction, bytes)
        else (prediction)
    )
    value = json.dumps({"task": task, "prediction": text}, ensure_ascii=False)
    return value.encode("utf-8", "surrogatepass")


def _batches(items: Sequence[bytes]) -> Iterator[list[bytes]]:
    """Split items into batches that a server takes and that are graded in some seconds."""
    batch: list[bytes] = []
    size = 0
    for item in items:
        if batch and (len(batch) == BATCH_ITEMS or size + len(item) > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(item)
        size += len(item)
    if batch:
        yield batch
