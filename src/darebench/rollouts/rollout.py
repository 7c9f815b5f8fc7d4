"""One attempt without Inspect: the agent loop, the sandbox, the scorer, and a `Trajectory`.

A trainer plays hundreds of attempts a step, where Inspect's own cost a sample would be felt. The
texts, the limits, the tool and the scorer are those of an evaluation. What is not here: retries of
a whole attempt, logs, and resuming; `darebench rollouts` has them.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from darebench.agents.loop import Attempt, run
from darebench.agents.prompt import opening
from darebench.agents.protocol import Budget, ChatModel
from darebench.agents.tools import NAME, OUTPUT_LIMIT, PythonTool
from darebench.errors import ProviderFault, SandboxFault, TaskFormatError
from darebench.evals.failures import classify
from darebench.sandbox.executor import Executor
from darebench.sandbox.program import Limits
from darebench.scoring import score_prediction
from darebench.store.layout import PREDICTION
from darebench.types import Message, Score, StopReason, Task, Trajectory, Truth

Opening = Callable[[Task, Budget], Sequence[Message]]


def standard_opening(task: Task, budget: Budget) -> Sequence[Message]:
    """Open an attempt as an evaluation does."""
    return opening(task, budget, tool=NAME, prediction=PREDICTION)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arena:
    """What attempts share: the sandbox, the answers, the budget and the first messages."""

    executor: Executor
    truths: Mapping[str, Truth]
    budget: Budget = field(default_factory=Budget)
    limits: Limits = field(default_factory=Limits)
    opening: Opening = standard_opening
    output_limit: int = OUTPUT_LIMIT
    """Characters of stdout, and again of stderr, that the model is shown."""


async def play(
    task: Task, model: ChatModel, arena: Arena, *, epoch: int = 1, name: str = "model"
) -> Trajectory:
    """Play and score one attempt; a fault of ours gives one without a score.

    Raises:
        KeyError: the arena has no answer for the task.
    """
    truth = arena.truths[task.id]
    attempt = Attempt(messages=list(arena.opening(task, arena.budget)))
    with tempfile.TemporaryDirectory(prefix="darebench-play-") as folder:
        tool = PythonTool(
            task,
            arena.executor,
            Path(folder),
            arena.budget,
            arena.limits,
            output_limit=arena.output_limit,
        )
        try:
            await run(attempt, model, tool, arena.budget, arena.limits)
            score = await asyncio.to_thread(score_prediction, Path(folder) / PREDICTION, truth)
        except (SandboxFault, ProviderFault, TaskFormatError) as fault:  # the last: of the answer
            return _ended(task, attempt, None, epoch=epoch, name=name, fault=str(fault))
    return _ended(task, attempt, score, epoch=epoch, name=name)


def _ended(
    task: Task,
    attempt: Attempt,
    score: Score | None,
    *,
    epoch: int,
    name: str,
    fault: str | None = None,
) -> Trajectory:
    value = None if score is None else score.score
    reason = None if score is None else score.reason
    failure = classify(
        track=task.track,
        score=value,
        reason=reason,
        stop_reason=attempt.stop_reason,
        calls=attempt.calls,
        task_files=task.files,
    )
    return Trajectory(
        task=task.id,
        track=task.track,
        cluster=task.cluster,
        epoch=epoch,
        model=name,
        messages=tuple(attempt.messages),
        calls=tuple(attempt.calls),
        stop_reason=StopReason.FAULT if score is None else attempt.stop_reason,
        score=value,
        strict_score=None if score is None else score.strict_score,
        targets={} if score is None else {t.target: t.score for t in score.targets},
        provenance=None if score is None else score.provenance,
        reason=reason,
        failure=failure,
        fault=fault,
        seconds=round(attempt.seconds, 3),
        tokens=attempt.tokens,
    )
