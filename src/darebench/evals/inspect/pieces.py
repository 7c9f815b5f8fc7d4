"""A run's attempts in pieces, so that no log and no list of Inspect's grows with the run.

Each piece is a task of Inspect's own, with a log of some hundred attempts. The next one begins when
the last attempt of the one before it has begun, so that as many attempts as before are under way.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

from inspect_ai import Task as InspectTask
from inspect_ai import TaskSource
from inspect_ai.dataset import Sample
from inspect_ai.log import EvalSample, EvalSpec
from inspect_ai.scorer import SampleScore
from inspect_ai.util import EarlyStop

from darebench.evals.attempts_file import Key
from darebench.evals.inspect.task import Bench
from darebench.types import Task

PIECE = 300
"""Attempts that a log of Inspect's holds at most."""
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
        self._at_a_time = bench.at_a_time or 1
        wanted = {key.task for key in missing}
        self._waiting = deque(_pieces([t for t in bench.tasks if t.id in wanted], epochs))
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
        piece = self._waiting.popleft()
        keys = {Key(t.id, epoch) for t in piece.tasks for epoch in piece.epochs}
        wanted = keys & self._missing
        if not wanted:
            return self._next()
        self._n_begun += len(wanted)
        n_epochs = max(piece.epochs)
        skip = _Skip(wanted) if len(wanted) < len(piece.tasks) * n_epochs else None
        return [self._bench.inspect_task(piece.tasks, epochs=n_epochs, early_stopping=skip)]


class _Piece(NamedTuple):
    tasks: Sequence[Task]
    epochs: range


def _pieces(tasks: Sequence[Task], epochs: int) -> Iterator[_Piece]:
    """Yield the pieces of a run; each spreads over all tasks, so that half a run stands for all."""
    for first in range(1, epochs + 1, PIECE):
        window = range(first, min(first + PIECE, epochs + 1))
        n_pieces = -(-len(tasks) * len(window) // PIECE)
        for number in range(n_pieces):
            yield _Piece(tasks[number::n_pieces], window)


class _Skip:
    """Passes over the attempts that are not the piece's: those that are there, or come later."""

    def __init__(self, wanted: Collection[Key]) -> None:
        self._wanted = frozenset(wanted)

    async def start_task(self, task: EvalSpec, samples: list[Sample], epochs: int) -> str:
        return "darebench"

    async def schedule_sample(self, id: str | int, epoch: int) -> EarlyStop | None:
        if Key(str(id), epoch) in self._wanted:
            return None
        return EarlyStop(id=id, epoch=epoch, reason="it is made elsewhere")

    async def complete_sample(
        self, id: str | int, epoch: int, scores: dict[str, SampleScore]
    ) -> None:
        pass

    async def complete_task(self) -> dict[str, Any]:
        return {}
