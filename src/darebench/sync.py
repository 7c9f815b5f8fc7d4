"""Synchronous calls of asynchronous code, even where a loop is running, as in a notebook."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

CREATED = inspect.CORO_CREATED
_T = TypeVar("_T")


def run_sync(coroutine: Coroutine[Any, Any, _T]) -> _T:
    """Run a coroutine to its end and return its result.

    Without a running loop this is `asyncio.run`. Under one, a thread of its own runs a second loop,
    and the caller's loop waits: what the coroutine uses must not belong to the caller's loop. An
    interruption cancels the coroutine and waits until it has ended.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(coroutine)
    loops: list[asyncio.AbstractEventLoop] = []

    def run() -> _T:
        with asyncio.Runner() as runner:
            loops.append(runner.get_loop())
            return runner.run(coroutine)

    with ThreadPoolExecutor(1, "darebench-sync") as pool:
        work = pool.submit(contextvars.copy_context().run, run)
        try:
            return work.result()
        except KeyboardInterrupt:
            for loop in loops:
                loop.call_soon_threadsafe(cancel_all, loop)
            raise


def cancel_all(loop: asyncio.AbstractEventLoop) -> None:
    """Cancel every task of a loop; must be called in that loop.

    A task that is cancelled before its first step never comes to its `finally`, on which others may
    wait without end. It gets that step first.
    """
    fresh = []
    for task in asyncio.all_tasks(loop):
        coroutine = task.get_coro()
        if (
            inspect.iscoroutine(coroutine)
            and inspect.getcoroutinestate(coroutine) == inspect.CORO_CREATED
        ):
            fresh.append(task)
        else:
            task.cancel()
    for task in fresh:
        loop.call_soon(task.cancel)
