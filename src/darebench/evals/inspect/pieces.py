"""A run's attempts in pieces, so that no log and no list of Inspect's grows with the run.

Each piece is a task of Inspect's own, with a log of some hundred attempts. The next one begins when
the last attempt of the one before it has begun, so that as many attempts as before are under way.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from typing import Any

from inspect_ai import Task as InspectTask
from inspect_ai import TaskSource
from inspect_ai.dataset import Sample
from inspect_ai.log import EvalSample, EvalSpec
from inspect_ai.scorer import SampleScore
from inspect_ai.util import EarlyStop

from darebench.evals.attempts_file import Key
from darebench.evals.inspect.task import Bench

PIECE = 300
"""Attempts that a log of Inspect's holds at most, where a task's epochs do not need more."""
AT_ONCE = 4
"""Pieces that may be under way, most of which wait for their slowest attempts."""


class Pieces(TaskSource):
    """Hands Inspect the attempts that are still to be made, piece after piece."""

    def __init__(self, bench: Bench, missing: Collection[Key], epochs: int) -> None:
        """Plan the pieces.

        Args:
            bench: What makes and scores the attempts.
            missing: The attempts that are to be made.
            epochs: Attempts at each task, made earlier or not.
        """
        self._bench = bench
        self._missing = frozenset(missing)
        self._epochs = epochs
        self._at_a_time = bench.at_a_time or 1
        wanted = {key.task for key in missing}
        tasks = [t for t in bench.tasks if t.id in wanted]
        n_pieces = -(-len(tasks) * epochs // PIECE)
        # Every piece spreads over all tasks, so that what a run has by its middle stands for all.
        self._waiting = deque(tasks[first::n_pieces] for first in range(n_pieces))
        self._n_begun = 0
        self.n_open = len(self._missing)
        """Attempts that Inspect is not done with."""

    def initial_tasks(self) -> list[InspectTask]:
        """Return the first piece."""
        return self._next()

    async def next_tasks(self) -> list[InspectTask] | None:
        """Return the next piece where nothing else is under way; None at the end.

        A piece that has ended before its attempts is one that failed as a whole: others would, too.
        """
        return None if self._n_begun else self._next() or None

    async def sample_complete(
        self, sample: EvalSample, task: InspectTask
    ) -> list[InspectTask] | None:
        """Take note of an attempt that failed for good, and return the next piece if it is due."""
        await self._bench.completed(sample)
        self._n_begun -= 1
        self.n_open -= 1
        return self._next() if self._n_begun < self._at_a_time else None

    def _next(self) -> list[InspectTask]:
        if not self._waiting:
            return []
        tasks = self._waiting.popleft()
        keys = {Key(t.id, epoch) for t in tasks for epoch in range(1, self._epochs + 1)}
        kept = keys - self._missing
        self._n_begun += len(keys) - len(kept)
        skip = _Skip(kept) if kept else None
        return [self._bench.inspect_task(tasks, epochs=self._epochs, early_stopping=skip)]


class _Skip:
    """Passes over the attempts of a piece that an earlier call has made."""

    def __init__(self, kept: Collection[Key]) -> None:
        self._kept = frozenset(kept)

    async def start_task(self, task: EvalSpec, samples: list[Sample], epochs: int) -> str:
        return "darebench"

    async def schedule_sample(self, id: str | int, epoch: int) -> EarlyStop | None:
        if Key(str(id), epoch) not in self._kept:
            return None
        return EarlyStop(id=id, epoch=epoch, reason="an earlier call has made it")

    async def complete_sample(
        self, id: str | int, epoch: int, scores: dict[str, SampleScore]
    ) -> None:
        pass

    async def complete_task(self) -> dict[str, Any]:
        return {}
