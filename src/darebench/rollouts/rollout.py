"""One rollout without Inspect: the agent loop, the sandbox, the scorer, and a `Trajectory`.

A trainer makes hundreds of attempts a step, where what Inspect costs for each sample would be felt.
The texts, the limits, the tool and the scorer are those of an evaluation. Retries of a whole
attempt, logs and resuming are not here; `darebench rollouts` has them.
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
from darebench.evals.trajectory import trajectory_of
from darebench.sandbox.executor import Executor
from darebench.sandbox.program import Limits
from darebench.scoring import score_prediction
from darebench.store.layout import PREDICTION
from darebench.types import Message, Task, Trajectory, Truth

Opening = Callable[[Task, Budget], Sequence[Message]]


def standard_opening(task: Task, budget: Budget) -> Sequence[Message]:
    """Return the messages that open an attempt of an evaluation."""
    return opening(task, budget, tool=NAME, prediction=PREDICTION)


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutSettings:
    """What rollouts share: the sandbox, the truths, the budget and the first messages."""

    executor: Executor
    truths: Mapping[str, Truth]
    """Task id -> its truth."""
    budget: Budget = field(default_factory=Budget)
    limits: Limits = field(default_factory=Limits)
    opening: Opening = standard_opening
    output_limit: int = OUTPUT_LIMIT
    """Characters of stdout, and again of stderr, that the model is shown."""


async def roll_out(
    task: Task, model: ChatModel, settings: RolloutSettings, *, epoch: int = 1, name: str = "model"
) -> Trajectory:
    """Make one attempt and score it; a fault of ours ends in a trajectory without a score.

    Raises:
        KeyError: The settings have no truth for the task.
    """
    truth = settings.truths[task.id]
    attempt = Attempt(messages=list(settings.opening(task, settings.budget)))
    score, fault = None, None
    with tempfile.TemporaryDirectory(prefix="darebench-rollout-") as folder:
        tool = PythonTool(
            task,
            settings.executor,
            Path(folder),
            settings.budget,
            settings.limits,
            output_limit=settings.output_limit,
        )
        try:
            await run(attempt, model, tool, settings.budget, settings.limits)
            score = await asyncio.to_thread(score_prediction, Path(folder) / PREDICTION, truth)
        except (SandboxFault, ProviderFault, TaskFormatError) as error:  # the last: of the truth
            fault = str(error)
    return trajectory_of(task, attempt, score, epoch=epoch, model=name, fault=fault)
