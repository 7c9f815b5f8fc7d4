"""The time of one attempt: where it went, and what is left of the limit.

Neither waiting for a place in the sandbox nor our own work counts. How long a call waited is known
when it has ended, so that the clock stands still during a call; the program gets what is left as
its own limit.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Protocol

from darebench.agents.protocol import ToolResult
from darebench.types import Timing

_LOOK_S = 0.02
"""Shortest time between two looks at the clock."""


class Timed(Protocol):
    """What keeps the time that it took."""

    seconds: float
    timing: Timing | None


class TimedTool(Protocol):
    """What calls are made of: a tool."""

    async def call(
        self, arguments: Mapping[str, Any], *, seconds: float | None = None
    ) -> ToolResult:
        """Make a call, which gets at most so many seconds."""
        ...

    def too_late(self, arguments: Mapping[str, Any]) -> ToolResult:
        """Answer a call for which no time is left."""
        ...


class OutOfTime(Exception):
    """The attempt's time is used up."""


class Meter:
    """Measures an attempt from now on.

    Args:
        limit: Seconds that the attempt may take, without the queue; None for no limit.
        clock: Seconds of the model's work so far; one that stands still while the model waits for a
            connection puts that wait into the queue.
    """

    def __init__(
        self, limit: float | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit = math.inf if limit is None else limit
        self._clock = clock
        self._start = clock()
        self._wall_start = time.monotonic()
        self._n_calls = 0
        """Calls under way: an own agent may make several at a time."""
        self._call_start = 0.0
        self._calls = 0.0
        """Time, by the clock, in which at least one call was under way."""
        self._tool = 0.0

    @property
    def left(self) -> float:
        """Seconds that are left; below 0 if more was used."""
        timing = self.timing()
        return self._limit - timing.model - timing.tool

    def timing(self) -> Timing:
        """Return where the time went so far."""
        now = self._clock()
        calls = self._calls + (now - self._call_start if self._n_calls else 0.0)
        model = max(0.0, now - self._start - calls)
        wall = time.monotonic() - self._wall_start
        return Timing(model=model, tool=self._tool, queue=max(0.0, wall - model - self._tool))

    def note(self, attempt: Timed) -> None:
        """Write into an attempt what it has taken."""
        attempt.timing = self.timing()
        attempt.seconds = attempt.timing.model + attempt.timing.tool

    async def call(self, tool: TimedTool, arguments: Mapping[str, Any]) -> ToolResult:
        """Make a call of the tool, which gets no more time than is left.

        Raises:
            SandboxFault: The sandbox failed, repeatedly.
        """
        left = self.left
        if left <= 0:
            return tool.too_late(arguments)
        if not self._n_calls:
            self._call_start = self._clock()
        self._n_calls += 1
        try:
            result = await tool.call(arguments, seconds=left)
        finally:
            self._n_calls -= 1
            if not self._n_calls:
                self._calls += self._clock() - self._call_start
        self._tool += result.record.seconds
        return result

    @contextlib.asynccontextmanager
    async def within_limit(self) -> AsyncIterator[None]:
        """End the block when the time is used up, in whatever it awaits but a call of the tool.

        Raises:
            OutOfTime: The time is used up.
        """
        if self._limit == math.inf:
            yield
            return
        loop = asyncio.get_running_loop()
        scope = asyncio.timeout(None)
        looks: list[asyncio.TimerHandle] = []

        def look() -> None:
            if self.left <= 0 and not self._n_calls:
                scope.reschedule(loop.time())
            else:
                looks[:] = [loop.call_later(max(self.left, _LOOK_S), look)]

        try:
            async with scope:
                look()
                try:
                    yield
                finally:
                    for handle in looks:
                        handle.cancel()
        except TimeoutError:
            if not scope.expired():
                raise
            raise OutOfTime from None
