"""Predictions of tasks of one store -> rewards: what every adapter and the server call."""

from __future__ import annotations

import base64
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from darebench.errors import ConfigError, SandboxFault, TaskFormatError
from darebench.evals.batch import read_truths
from darebench.scoring import score_prediction
from darebench.store.read import Store, open_store, select
from darebench.train.reward import PAPER, RewardScale, reward_of_score
from darebench.types import Score, Task, TaskProblem, Truth

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grader:
    """Scores predictions of some tasks. Safe to share between threads, and picklable."""

    tasks: Mapping[str, Task]
    truths: Mapping[str, Truth]
    scale: RewardScale = field(default_factory=lambda: PAPER)
    problems: tuple[TaskProblem, ...] = ()
    """Datasets of the store that could not be used."""

    def score(self, task_id: str, prediction: str | bytes | Path | None) -> Score:
        """Score what an attempt left: the csv's text or bytes, its file, or None.

        Raises:
            ConfigError: The task is not graded here.
            TaskFormatError: The task's answer cannot be used.
        """
        if task_id not in self.truths:
            raise ConfigError(f"task {task_id!r} is not graded here; check the store and the id")
        content = _bytes(prediction) if isinstance(prediction, str) else prediction
        return score_prediction(content, self.truths[task_id])

    def reward(self, task_id: str, prediction: str | bytes | Path | None) -> float | None:
        """Return the reward of what an attempt left; None if the task's answer cannot be used.

        Raises:
            ConfigError: The task is not graded here.
        """
        score = self.score_if_possible(task_id, prediction)
        return None if score is None else reward_of_score(score, self.scale)

    def rewards(
        self, tasks: Sequence[str], predictions: Sequence[str | bytes | None]
    ) -> list[float | None]:
        """Return the reward of each prediction, as `reward` does.

        Raises:
            ConfigError: A task is not graded here.
        """
        return [self.reward(t, p) for t, p in zip(tasks, predictions, strict=True)]

    def score_if_possible(
        self, task_id: str, prediction: str | bytes | Path | None
    ) -> Score | None:
        """Score as `score` does; return None, and log why, if the task's answer cannot be used.

        Raises:
            ConfigError: The task is not graded here.
        """
        try:
            return self.score(task_id, prediction)
        except TaskFormatError as error:
            log.error("%s has no reward: %s", task_id, error)
            return None


def open_grader(
    store: str | None = None, patterns: Sequence[str] = (), *, scale: RewardScale = PAPER
) -> Grader:
    """Read the answers of a store's tasks, computing references where they are not cached.

    Raises:
        StoreError: The store cannot be opened.
        TaskFormatError: A task has no usable answer.
    """
    opened = open_store(store)
    tasks = select(opened.tasks, patterns)
    truths, problems = read_truths(tasks)
    if problems:
        name, message = next(iter(problems.items()))
        raise TaskFormatError(f"{len(problems)} tasks have no answer, the first {name}: {message}")
    return Grader(
        tasks={t.id: t for t in tasks}, truths=truths, scale=scale, problems=opened.problems
    )


@lru_cache(maxsize=4096)
def grader_of(store: str | None, task_id: str) -> Grader:
    """Open the grader of one task; each process reads a store once.

    Raises:
        StoreError: The store cannot be opened.
        ConfigError: The store has no such task.
        TaskFormatError: The task has no usable answer.
    """
    task = _opened(store).task(task_id)
    truths, problems = read_truths([task])
    if problems:
        raise TaskFormatError(f"{task_id} has no answer: {problems[task_id]}")
    return Grader(tasks={task_id: task}, truths=truths)


def reward_of(store: str | None, task_id: str, prediction: str | None) -> float:
    """Return the reward of what another trainer's tool has kept: the file's bytes in base64.

    Raises:
        SandboxFault: The task's answer cannot be used; the rollout has no reward.
        StoreError, ConfigError, TaskFormatError: As `grader_of` raises them.
    """
    content = None if prediction is None else base64.b64decode(prediction)
    value = grader_of(store, task_id).reward(task_id, content)
    if value is None:
        raise SandboxFault(f"{task_id} could not be graded")
    return value


@lru_cache(maxsize=8)
def _opened(store: str | None) -> Store:
    return open_store(store)


def _bytes(text: str) -> bytes:
    """Encode whatever came in: half a surrogate pair makes an unreadable file, not an error."""
    return text.encode("utf-8", "surrogatepass")
