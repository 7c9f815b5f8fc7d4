"""One attempt of the notebook agent, with branches where they are asked for."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from darebench.agents.loop import Attempt
from darebench.agents.meter import Meter, OutOfTime
from darebench.agents.notebook import texts
from darebench.agents.notebook.cells import Cells
from darebench.agents.notebook.notebook import Notebook
from darebench.agents.notebook.schemas import schemas
from darebench.agents.notebook.stages import MESSAGES_A_CELL, Play, Stages
from darebench.agents.protocol import Budget, ChatModel
from darebench.sandbox.program import Limits
from darebench.sandbox.session import AsyncSession, SessionHost
from darebench.store.layout import PREDICTION
from darebench.types import StopReason, Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What one attempt is made with."""

    task: Task
    host: SessionHost
    """Where the session lives."""
    folder: Path
    """Where the prediction is handed in."""
    budget: Budget
    """Its turns are the cells."""
    limits: Limits
    branches: int = 1
    """How many approaches the cells are shared among."""


class _Branch(NamedTuple):
    """An approach that has ended."""

    plan: str
    validation: float | None
    prediction: bytes | None
    stop_reason: StopReason


async def run(
    attempt: Attempt,
    open_chat: Callable[[], ChatModel],
    desk: Desk,
    *,
    clock: Callable[[], float],
) -> None:
    """Make `attempt`, in place, until the model is done or the budget is used up.

    Args:
        attempt: The attempt, without messages.
        open_chat: Returns a chat model for a conversation; one is begun whenever cells leave the
            notebook.
        desk: The task, its session and its budget.
        clock: Seconds of the model's work; it may stand still while the model waits.

    Raises:
        SandboxFault: The sandbox failed.
        ProviderFault: The model's provider failed.
        ConfigError: The sandbox has no sessions.
    """
    task, budget = desk.task, desk.budget
    n_messages = MESSAGES_A_CELL * budget.turns
    attempt.messages[:] = texts.opening(task, budget, messages=n_messages, branches=desk.branches)
    meter = Meter(budget.seconds, clock)
    play = Play(
        attempt=attempt,
        open_chat=open_chat,
        tools=schemas(budget, desk.limits),
        meter=meter,
        messages_left=n_messages,
    )
    load = {name: task.source / name for name in task.files}
    limits = replace(desk.limits, wall_s=budget.seconds_per_call)
    session = AsyncSession(load, limits, executor=desk.host)
    notebook = Notebook(Cells(await session.open(), task, desk.folder, limits), attempt.messages)
    try:
        await _explore(play, desk, notebook)
    finally:
        await notebook.close()
        meter.note(attempt)


async def _explore(play: Play, desk: Desk, notebook: Notebook) -> None:
    """Play the first step, then each branch from there, and hand in the best one's prediction."""
    ended: list[_Branch] = []
    stages = Stages(play, notebook, desk.budget.turns)
    try:
        async with play.meter.within_limit():
            stop = await stages.run(steps=1 if desk.branches > 1 else None)
            play.attempt.stop_reason = stop or StopReason.TURNS
            cells_left = stages.cells_left if stop is None else 0
            count = min(desk.branches, cells_left)
            for number in range(1, count + 1):
                share = cells_left // (count - number + 1)
                others = [(branch.plan, branch.validation) for branch in ended]
                opening = texts.branch(number, count, share, others)
                cells_left -= share
                cells_left += await _branch(play, desk, notebook, opening, share, ended)
    except OutOfTime:
        play.attempt.stop_reason = StopReason.TIME
    finally:
        _hand_in_best(ended, desk.folder, play.attempt)


async def _branch(
    play: Play, desk: Desk, base: Notebook, opening: str, share: int, ended: list[_Branch]
) -> int:
    """Play an approach, add it to those that have ended, and return how many cells it left."""
    notebook = await base.fork()
    stages, stop = Stages(play, notebook, share), StopReason.TIME
    try:
        await notebook.cells.hand_in()
        stop = await stages.run(opening=opening) or stop
    finally:
        path = desk.folder / PREDICTION
        prediction = path.read_bytes() if path.is_file() else None
        ended.append(_Branch(stages.plan, notebook.cells.validation, prediction, stop))
        await notebook.close()
    return stages.cells_left


def _hand_in_best(ended: list[_Branch], folder: Path, attempt: Attempt) -> None:
    """Hand in the prediction of the approach with the best score of its own; of equals the first.

    One without a score comes after all that have one, and one without a prediction after those.
    """
    if not ended:
        return
    best = max(ended, key=_worth)
    if attempt.stop_reason is not StopReason.TIME:
        attempt.stop_reason = best.stop_reason
    path = folder / PREDICTION
    path.unlink(missing_ok=True)
    if best.prediction is not None:
        path.write_bytes(best.prediction)


def _worth(branch: _Branch) -> tuple[bool, float]:
    score = -math.inf if branch.validation is None else branch.validation
    return branch.prediction is not None, score
