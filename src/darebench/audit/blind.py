"""Play the agents that need no language model, on a task as it is and with its training shuffled.

Every column of the training file is permuted on its own, so that what is left of the data are the
values of each column: an agent that still scores has not learned from rows. The validation file,
the question and the metadata stay as they are.
"""

from __future__ import annotations

import shutil
import tempfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from darebench.agents.anchors import TrivialModel
from darebench.agents.baseline import BaselineModel
from darebench.agents.loop import Attempt, run
from darebench.agents.prompt import opening
from darebench.agents.protocol import Budget, ChatModel
from darebench.agents.tools import NAME, PythonTool
from darebench.sandbox.executor import Executor
from darebench.sandbox.program import Limits
from darebench.scoring import score_prediction
from darebench.store.layout import PREDICTION, ROW_ID
from darebench.store.tables import read_table
from darebench.store.write import write_table
from darebench.sync import run_sync
from darebench.types import Task, Truth

SEED = 0
AGENTS: Mapping[str, type[TrivialModel] | type[BaselineModel]] = {
    "trivial": TrivialModel,
    "baseline": BaselineModel,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentScore:
    """What one agent scores on a task."""

    score: float
    """As it is."""
    blind: float
    """With every training column permuted on its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentScores:
    """What the agents without a language model score on a task."""

    trivial: AgentScore
    baseline: AgentScore
    seed: int
    """Random seed of the permutations, with which the task's id is mixed."""

    @property
    def difficulty(self) -> float:
        """What the scripted data scientist leaves to be won, in [0, 1]."""
        return 1.0 - self.baseline.score

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        shown = {
            name: {"score": round(one.score, 4), "blind": round(one.blind, 4)}
            for name, one in (("trivial", self.trivial), ("baseline", self.baseline))
        }
        return {**shown, "seed": self.seed, "difficulty": round(self.difficulty, 4)}


def play_agents(task: Task, truth: Truth, executor: Executor) -> AgentScores:
    """Play both agents twice.

    Raises:
        TaskFormatError: The training file cannot be read.
        SandboxFault: The sandbox failed, repeatedly.
    """
    with tempfile.TemporaryDirectory(prefix="darebench-blind-") as name:
        shuffled = shuffle_training(task, Path(name))
        scores = {
            agent: AgentScore(
                score=run_sync(_play(task, make(), truth, executor)),
                blind=run_sync(_play(shuffled, make(), truth, executor)),
            )
            for agent, make in AGENTS.items()
        }
    return AgentScores(trivial=scores["trivial"], baseline=scores["baseline"], seed=SEED)


def shuffle_training(task: Task, folder: Path, seed: int = SEED) -> Task:
    """Copy a task's files to a folder, every column of its training file permuted on its own.

    Raises:
        TaskFormatError: The training file cannot be read.
    """
    rng = np.random.default_rng([seed, zlib.crc32(task.id.encode())])
    for name in task.files:
        if name.startswith("train"):
            frame = read_table(task.source / name)
            write_table(_permuted(frame, rng), folder / name)
        else:
            shutil.copyfile(task.source / name, folder / name)
    return replace(task, source=folder)


def _permuted(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Permute the columns one by one; `row_id` stays, by which tables are joined."""
    columns = {
        name: frame[name] if name == ROW_ID else frame[name].iloc[rng.permutation(len(frame))].array
        for name in frame.columns
    }
    return pd.DataFrame(columns, index=frame.index)


async def _play(task: Task, model: ChatModel, truth: Truth, executor: Executor) -> float:
    budget, limits = Budget(), Limits()
    attempt = Attempt(messages=list(opening(task, budget, tool=NAME, prediction=PREDICTION)))
    with tempfile.TemporaryDirectory(prefix="darebench-attempt-") as name:
        tool = PythonTool(task, executor, Path(name), budget, limits)
        await run(attempt, model, tool, budget, limits)
        return score_prediction(Path(name) / PREDICTION, truth).score
