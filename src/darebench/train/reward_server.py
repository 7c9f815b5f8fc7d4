"""Rewards over HTTP: a batch of predictions in, a batch of rewards out.

`POST /reward` takes `{"items": [{"task": id, "prediction": csv text or null}, ...]}` and returns
`{"rewards": [{"reward", "score", "reason"}, ...]}` in the same order; a reward is null where we
failed, never where the prediction did. `GET /health` says what is served.

Covered: the size of a body and of a batch, a bounded number of batches at a time (503 beyond it),
a token for every address but loopback. Not covered: TLS and several users; put a proxy before it.
"""

from __future__ import annotations

import asyncio
import hmac
import importlib.util
import ipaddress
import json
from collections.abc import Callable, Sequence
from typing import Any

from darebench.errors import ConfigError
from darebench.installing import install_command
from darebench.train.grading import Grader, open_grader
from darebench.train.reward import reward_of_score

MAX_BODY = 64 * 2**20
MAX_ITEMS = 1_024
BATCHES_AT_ONCE = 8
READ_S = 30.0
"""Seconds in which a body must arrive: it already takes one of the places."""


def serve(
    store: str | None,
    patterns: Sequence[str],
    *,
    host: str,
    port: int,
    token: str | None,
    ready: Callable[[str, int], None],
) -> None:
    """Serve until interrupted.

    Args:
        store: The tasks' store: a folder, an archive or `hf://owner/name`; else the starter store.
        patterns: Task ids, dataset names or globs; all tasks without one.
        host: Name or address to listen on.
        port: 0 takes a free port.
        token: What clients must send.
        ready: Called with the URL and the number of tasks, when requests are taken.

    Raises:
        ConfigError: A library is missing, the address cannot be used, or it is open to other
            machines without a token.
    """
    check_access(host, token)
    missing = [
        n
        for n in ("prometheus_client", "starlette", "uvicorn")
        if importlib.util.find_spec(n) is None
    ]
    if missing:
        raise ConfigError(f"the server needs {missing[0]}: {install_command(extra='server')}")
    import uvicorn

    from darebench.sandbox.http.listen import listen_on, url_of

    with listen_on(host, port) as listening:
        grader = open_grader(store, patterns)
        app = make_app(grader, token=token)
        ready(url_of(listening), len(grader.truths))
        uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listening])


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


def make_app(grader: Grader, *, token: str | None = None, at_once: int = BATCHES_AT_ONCE) -> Any:
    """Build the ASGI application."""
    from starlette.applications import Starlette
    from starlette.requests import ClientDisconnect, Request
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    busy = 0

    def refused(status: int, message: str) -> JSONResponse:
        return JSONResponse({"error": message}, status_code=status)

    async def reward(request: Request) -> JSONResponse:
        nonlocal busy
        given = request.headers.get("authorization", "")
        if token and not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
            return refused(401, "send the header Authorization: Bearer <token>")
        if busy >= at_once:
            return refused(503, f"{at_once} batches are being graded; send it again later")
        busy += 1
        try:
            async with asyncio.timeout(READ_S):
                body = await _body(request.stream())
            items = read_items(body, grader)
            return JSONResponse({"rewards": await asyncio.to_thread(_grade, grader, items)})
        except TimeoutError:
            return refused(408, f"the body did not come in {READ_S:g} s")
        except ClientDisconnect:
            return refused(400, "the client has gone")  # nobody reads this answer
        except OverflowError as error:
            return refused(413, str(error))
        except ValueError as error:
            return refused(400, str(error))
        finally:
            busy -= 1

    async def health(request: Request) -> JSONResponse:
        return JSONResponse({"status": "ok", "tasks": len(grader.truths)})

    return Starlette(routes=[Route("/reward", reward, methods=["POST"]), Route("/health", health)])


async def _body(stream: Any) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in stream:
        size += len(part)
        if size > MAX_BODY:
            raise OverflowError(f"a body of over {MAX_BODY} bytes; send smaller batches")
        parts.append(part)
    return b"".join(parts)


def read_items(body: bytes, grader: Grader) -> list[tuple[str, str | None]]:
    """Read a batch.

    Raises:
        ValueError: The batch is not of the documented form, or names a task that is not served.
        OverflowError: The batch is too large.
    """
    try:
        items = json.loads(body)["items"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ValueError('a JSON object {"items": [...]} is needed') from None
    if not isinstance(items, list):
        raise ValueError("items: a list is needed")
    if len(items) > MAX_ITEMS:
        raise OverflowError(f"{len(items)} items; send at most {MAX_ITEMS}")
    found: list[tuple[str, str | None]] = []
    for number, item in enumerate(items):
        task = item.get("task") if isinstance(item, dict) else None
        if not isinstance(task, str) or task not in grader.truths:
            raise ValueError(f"item {number}: task {task!r} is not served")
        prediction = item.get("prediction")
        if not (prediction is None or isinstance(prediction, str)):
            raise ValueError(f"item {number}: prediction must be csv text or null")
        found.append((task, prediction))
    return found


def _grade(grader: Grader, items: Sequence[tuple[str, str | None]]) -> list[dict[str, Any]]:
    graded: list[dict[str, Any]] = []
    for task, prediction in items:
        score = grader.score_if_possible(task, prediction)
        if score is None:
            graded.append({"reward": None, "score": None, "reason": "fault"})
            continue
        reason = str(score.reason.code) if score.reason else None
        value = reward_of_score(score, grader.scale)
        graded.append({"reward": value, "score": score.score, "reason": reason})
    return graded
