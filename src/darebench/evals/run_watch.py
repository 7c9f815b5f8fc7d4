"""Follows a run while its attempts are made: how many there are, and that somebody interrupted it.

One object is handed to Inspect's task as an argument, so that nothing global tells runs apart.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import Counter
from collections.abc import Coroutine
from typing import Any, TypeVar

from darebench.errors import DareError
from darebench.sync import cancel_all
from darebench.types import Progress

_log = logging.getLogger(__name__)
RETRIES = 2
"""How often an attempt that a fault of ours ended is made again within a run."""
_T = TypeVar("_T")


class Watch:
    """Counts the attempts that a call makes, and carries an interruption into its loops."""

    def __init__(self, progress: Progress | None = None) -> None:
        self._progress = progress
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_interrupted = False
        self._n_faults: Counter[tuple[str, int]] = Counter()
        self._ended: set[tuple[str, int]] = set()
        self.problem: DareError | None = None
        """Why the run ends early."""
        self.kept = 0
        """Attempts that earlier calls have left."""
        self.expected = 0
        """Attempts that were asked for."""

    @property
    def new_attempts(self) -> int:
        """Attempts that have ended since, scored or not."""
        return len(self._ended)

    def began(self) -> None:
        """Note that an attempt begins, in the loop that runs it."""
        self._enter()

    def ended(self, task_id: str, epoch: int) -> None:
        """Note that an attempt has its score, or that its score cannot be had."""
        self._ended.add((task_id, epoch))
        self.step("attempts", self.kept + len(self._ended), self.expected)

    def failed(self, task_id: str, epoch: int) -> None:
        """Note a fault of ours; after the last retry the attempt has ended."""
        self._n_faults[task_id, epoch] += 1
        if self._n_faults[task_id, epoch] > RETRIES:
            self.ended(task_id, epoch)

    def finish(self) -> None:
        """Note that nothing is left: Inspect may know more of a killed run than its log."""
        if self.kept + len(self._ended) < self.expected:
            self.step("attempts", self.expected, self.expected)

    def say(self, text: str) -> None:
        """Tell the person who waits something that is no step."""
        say = getattr(self._progress, "say", None)
        if say is None:
            _log.warning(text)
        else:
            say(text)

    def give_up(self, problem: DareError) -> None:
        """End the run, since no further attempt can be made."""
        if self.problem is None:
            self.problem = problem
            self.interrupt()

    def step(self, stage: str, done: int, total: int) -> None:
        """Report progress, if anybody asked for it."""
        if self._progress is not None:
            self._progress(stage, done, total)

    def run(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        """Run a coroutine to its end in a loop that an interruption reaches."""

        async def entered() -> _T:
            self._enter()
            return await coroutine

        return asyncio.run(entered())

    def interrupt(self) -> None:
        """Cancel what runs now or begins later; may be called from another thread."""
        with self._lock:
            self._is_interrupted = True
            loop = self._loop
        if loop is not None and loop.is_running():
            loop.call_soon_threadsafe(cancel_all, loop)

    def _enter(self) -> None:
        with self._lock:
            self._loop = asyncio.get_running_loop()
            if self._is_interrupted:
                self._loop.call_soon(cancel_all, self._loop)
