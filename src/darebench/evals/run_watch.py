"""Follows a run while its attempts are made: keeps each, counts them, and ends the run early.

One object is handed to Inspect's task as an argument, so that nothing global tells runs apart.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
import time
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from darebench.errors import DareError
from darebench.evals.attempts_file import AttemptsFile, Key
from darebench.evals.disk import cannot_write, problem_of
from darebench.sync import cancel_all
from darebench.types import Progress, Trajectory

_log = logging.getLogger(__name__)
RETRIES = 2
"""How often an attempt that a fault of ours ended is made again within a run."""
CLEAN_UP_S = 10.0
"""How long the clean-up after an interruption may take: no further one is heard before."""
_T = TypeVar("_T")


class Watch:
    """Keeps and counts the attempts that a call makes, and carries an end into its loops."""

    def __init__(self, progress: Progress | None = None) -> None:
        self._progress = progress
        self._lock = threading.RLock()  # a signal may come while it is held
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_interrupted = False
        self._attempts: AttemptsFile | None = None
        self._folders: Sequence[Path] = ()
        self._ended: set[Key] = set()
        self._kept = 0
        self._expected = 0
        self.problem: DareError | None = None
        """Why the run ends early, such as a full disk or a model that is gone."""

    @property
    def new_attempts(self) -> int:
        """Attempts that have ended since, scored or not."""
        return len(self._ended)

    def follow(self, attempts: AttemptsFile, folders: Sequence[Path], expected: int) -> None:
        """Keep what ends from now on.

        Args:
            attempts: The run's record of its attempts.
            folders: Where attempts write; a disk of theirs that is full ends the run.
            expected: Attempts that were asked for.
        """
        self._attempts = attempts
        self._folders = folders
        self._kept, self._expected = len(attempts.scored), expected

    def begin(self) -> None:
        """Report what earlier calls have left, before the first attempt of this one."""
        self.step("attempts", self._kept, self._expected)

    def began(self) -> None:
        """Note that an attempt begins, in the loop that runs it."""
        self._enter()

    async def ended(self, trajectory: Trajectory) -> None:
        """Keep an attempt that has its score, or whose score cannot be had."""
        if self._attempts is not None:
            try:
                await self._attempts.append(trajectory)
            except OSError as error:
                self.give_up(cannot_write(self._attempts.folder, error))
                raise
        self._ended.add(Key(trajectory.task, trajectory.epoch))
        self.step("attempts", self._kept + len(self._ended), self._expected)

    def failed(self) -> None:
        """Note a fault of ours; a disk that takes nothing more ends the run."""
        problem = problem_of(self._folders)
        if problem is not None:
            self.give_up(problem)

    def say(self, text: str) -> None:
        """Report something to the person who waits that is not a step."""
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
            loop.call_soon_threadsafe(_cancel, loop)

    @contextmanager
    def interrupted_once(self) -> Iterator[None]:
        """Let Ctrl-C cancel what runs, once, however often it is pressed.

        Python would raise the second one wherever the loop happens to be, also between the release
        of a lock of Inspect's and its end, and the clean-up would wait for that lock without end.
        Where Ctrl-C does not reach, in another thread or where it is ignored, nothing is changed.
        """
        is_main = threading.current_thread() is threading.main_thread()
        if not is_main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
            yield
            return
        first: float | None = None

        def handle(number: int, frame: object) -> None:
            nonlocal first
            if first is None:
                first = time.monotonic()
                self.interrupt()
            elif time.monotonic() - first > CLEAN_UP_S:
                raise KeyboardInterrupt

        signal.signal(signal.SIGINT, handle)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def _enter(self) -> None:
        with self._lock:
            self._loop = asyncio.get_running_loop()
            if self._is_interrupted:
                self._loop.call_soon(_cancel, self._loop)


def _cancel(loop: asyncio.AbstractEventLoop) -> None:
    """Cancel every task of a loop; and again, as long as a clean-up waits for what never comes."""
    cancel_all(loop)
    loop.call_later(CLEAN_UP_S, _cancel, loop)
