"""Synchronous calls work with and without a running loop."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar

import pytest

from darebench.sync import cancel_all, run_sync

known: ContextVar[int] = ContextVar("known", default=0)


async def add(a: int, b: int) -> int:
    await asyncio.sleep(0)
    if a < 0:
        raise ValueError("negative")
    return a + b + known.get()


def test_without_a_loop():
    assert run_sync(add(1, 2)) == 3


def test_under_a_running_loop_with_its_context():
    async def main() -> int:
        known.set(10)
        return run_sync(add(1, 2))

    assert asyncio.run(main()) == 13


def test_an_error_is_passed_on_from_under_a_loop():
    async def main() -> None:
        run_sync(add(-1, 2))

    with pytest.raises(ValueError, match="negative"):
        asyncio.run(main())


def test_a_task_that_has_not_begun_is_cancelled_behind_its_first_step():
    """What waits for its end in a clean-up would wait without end otherwise."""
    seen = []

    async def late(ended: asyncio.Event) -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    async def main() -> None:
        ended = asyncio.Event()
        task = asyncio.create_task(late(ended))
        cancel_all(asyncio.get_running_loop())
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            await asyncio.wait_for(ended.wait(), 10)
            seen.append(task.cancelled())

    asyncio.run(main())
    assert seen == [True]
