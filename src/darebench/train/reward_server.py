"""Rewards over HTTP: a batch of predictions in, a batch of rewards out.

`POST /reward` takes `{"items": [{"task": id, "prediction": csv text or null}, ...]}` and returns
`{"rewards": [{"reward", "score", "reason"}, ...]}` in the same order. A reward is null where we
failed, never where the prediction did, and where an item is not one of ours; such an item carries
an `error` in words, and the others are graded. `GET /health` says what is served.

Covered: the size of a body, of a batch and of all of them together, a bounded queue with a
deadline (503 with Retry-After beyond either), clients that go away, an end that answers all that
was admitted, a token for every address but loopback. Not covered: TLS and several users; put a
proxy before it.
"""

from __future__ import annotations

import asyncio
import hmac
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from darebench.sandbox.http.bodies import (
    Bodies,
    ClientGone,
    RequestRejected,
    busy,
    unless_gone,
)
from darebench.train.grading import Grader
from darebench.train.reward_batch import BatchRejected, grade_batch

BODY_MB = 64
"""Largest body of a batch; all bodies together may be `darebench.sandbox.http.bodies.HELD` times
that."""
QUEUE = 256
"""Batches that may wait for a place; the next one is sent away."""
BATCHES_AT_ONCE = 8
WAIT_S = 300.0
"""Seconds that a batch may wait for a place; then it is sent away."""


class RewardService:
    """The state of one server: its grader, its places and its queue."""

    def __init__(
        self,
        grader: Grader,
        *,
        token: str | None = None,
        at_once: int = BATCHES_AT_ONCE,
        queue: int = QUEUE,
        wait_s: float = WAIT_S,
    ) -> None:
        self._grader = grader
        self._wanted = f"Bearer {token}".encode() if token else None
        self._room = at_once + queue
        self._wait_s = wait_s
        self._places = asyncio.Semaphore(at_once)
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="darebench-reward")
        self._bodies = Bodies(BODY_MB)
        self.admitted = 0
        """Batches that are read, wait or are graded."""
        self.draining = False
        """Whether the server is about to end, and takes no more batches."""

    def begin(self) -> None:
        """Take no more batches from now on."""
        self.draining = True

    def is_over(self) -> bool:
        """Check whether all batches that were admitted are answered."""
        return self.draining and not self.admitted

    async def reward(self, request: Request) -> Response:
        """Grade one batch."""
        given = request.headers.get("authorization", "").encode()
        if self._wanted is not None and not hmac.compare_digest(given, self._wanted):
            raise RequestRejected(401, "send the header Authorization: Bearer <token>")
        if self.draining:
            raise RequestRejected(
                503,
                "the server is about to end and takes no more batches; send it to the next one",
                {"Retry-After": "5", "Connection": "close"},
            )
        if self.admitted >= self._room:
            raise busy(f"{self.admitted} batches are being graded or wait")
        self.admitted += 1
        try:
            async with self._bodies.read(request) as body:
                rewards = await unless_gone(request, self._graded(body))
        except ClientGone:
            return Response(status_code=499)  # nobody reads it
        except BatchRejected as error:
            raise RequestRejected(error.status, str(error)) from None
        finally:
            self.admitted -= 1
        return JSONResponse({"rewards": rewards})

    async def health(self, request: Request) -> Response:
        """Answer with what is served, and how busy the server is."""
        status = "draining" if self.draining else "ok"
        content = {"status": status, "tasks": len(self._grader.truths), "admitted": self.admitted}
        return JSONResponse(content, 503 if self.draining else 200)

    async def _graded(self, body: bytearray) -> list[dict[str, Any]]:
        """Grade a batch when there is a place; the work ends early if nobody waits for it.

        Raises:
            RequestRejected: There was no place in time.
            BatchRejected: The batch is not of the documented form.
        """
        try:
            async with asyncio.timeout(self._wait_s):
                await self._places.acquire()
        except TimeoutError:
            raise busy(f"the batch has waited for {self._wait_s:g} s") from None
        stopped = threading.Event()
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(self._threads, grade_batch, body, self._grader, stopped)
        try:
            return await asyncio.shield(work)
        finally:
            stopped.set()
            work.add_done_callback(self._left)

    def _left(self, work: asyncio.Future[Any]) -> None:
        """Free the place of a batch, once its thread has left it."""
        self._places.release()
        if not work.cancelled():
            work.exception()  # it was raised where somebody still waited


def make_app(service: RewardService) -> Any:
    """Build the ASGI application of a service."""
    return Starlette(
        routes=[
            Route("/reward", service.reward, methods=["POST"]),
            Route("/health", service.health),
        ],
        exception_handlers={RequestRejected: _rejected, Exception: _failed},
    )


async def _rejected(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestRejected)
    return JSONResponse({"error": str(error)}, error.status, error.headers)


async def _failed(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": "the server failed; its log says why"}, 500)
