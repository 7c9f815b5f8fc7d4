"""A task as an environment of TRL's trainers: `environment_factory=DareEnvironment`.

An instance is one rollout. The trainer samples, calls the tool, and asks for the reward at the end;
after a fault of the sandbox or of the answer there is None, which TRL leaves out of the group's
mean. TRL describes the tool from the method's own text, so a model is shown other words than an
evaluation shows it; the answers are the evaluation's.
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
import weakref
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from darebench.agents.prompt import opening
from darebench.agents.protocol import Budget
from darebench.agents.tools import NAME, PythonTool
from darebench.errors import ConfigError, TaskFormatError
from darebench.sandbox import LocalExecutor
from darebench.sandbox.executor import Executor
from darebench.sandbox.program import Limits
from darebench.store.layout import PREDICTION
from darebench.store.read import Store, open_store, select
from darebench.train.grading import grader_of

log = logging.getLogger(__name__)
OUTPUT_LIMIT = 5_000
"""Characters of stdout, and again of stderr, that the model is shown."""


def prompts(
    store: str | None = None, patterns: Sequence[str] = (), *, budget: Budget | None = None
) -> list[dict[str, Any]]:
    """Return rows for a trainer's data set: the `task`, and the `prompt` that opens an attempt.

    Args:
        store: A folder, an archive or `hf://owner/name`; the starter store without it.
        patterns: Task ids, dataset names or globs; all tasks without them.
        budget: The limits that the prompt names.

    Raises:
        StoreError: The store cannot be opened.
        ConfigError: A pattern matches no task.
    """
    limits = budget or Budget()
    return [
        {
            "task": task.id,
            "prompt": [
                {"role": str(m.role), "content": m.content}
                for m in opening(task, limits, tool=NAME, prediction=PREDICTION)
            ],
        }
        for task in select(_store(store).tasks, patterns)
    ]


class DareEnvironment:
    """One rollout of one task, for `GRPOTrainer(environment_factory=...)`.

    Args:
        store: The store of the rows' tasks; the starter store without it. Give another with
            `functools.partial(DareEnvironment, "my/store")`.
        budget: Limits of a call. The trainer counts turns: `max_tool_calling_iterations`.
        executor: Where code runs; a sandbox on this machine without it.
    """

    def __init__(
        self,
        store: str | None = None,
        *,
        budget: Budget | None = None,
        executor: Executor | None = None,
    ) -> None:
        self._ref = store
        self._budget = budget or Budget()
        self._executor = executor or _local()
        self._task: str | None = None
        self._tool: PythonTool | None = None
        self._fault: str | None = None
        self._turn = asyncio.Lock()

    def reset(self, **row: Any) -> str | None:
        """Begin an attempt at the task that a row names.

        Returns:
            The question, for a row without a prompt of its own; None otherwise.

        Raises:
            ConfigError: The row names no task, or the store has none of that name.
        """
        name = row.get("task")
        if not isinstance(name, str):
            raise ConfigError(
                "the row names no task; make the data set with darebench.train.environment.prompts"
            )
        task = _store(self._ref).task(name)
        folder = tempfile.TemporaryDirectory(prefix="darebench-trl-", ignore_cleanup_errors=True)
        self._task, self._fault, self._turn = name, None, asyncio.Lock()
        self._tool = PythonTool(
            task, self._executor, Path(folder.name), self._budget, Limits(),
            output_limit=OUTPUT_LIMIT,
        )  # fmt: skip
        weakref.finalize(self._tool, folder.cleanup)
        if row.get("prompt"):
            return None
        return opening(task, self._budget, tool=NAME, prediction=PREDICTION)[-1].content

    async def python_executor(
        self, code: str, files_to_load: list[str], files_to_save: list[str]
    ) -> str:
        """Run Python code in a new process and return what it prints. No network.

        Args:
            code: Python source code.
            files_to_load: Names of all files that the code opens; copied in before the run.
            files_to_save: Names of files that the code writes and that are to be kept.

        Returns:
            What the code printed, and how it ended.
        """
        if self._tool is None:
            raise ConfigError("reset the environment with a row before its tool is called")
        arguments = {"code": code, "files_to_load": files_to_load, "files_to_save": files_to_save}
        try:
            async with self._turn:  # TRL starts the calls of one turn together
                return (await self._tool.call(arguments)).text
        except Exception as fault:  # TRL makes an answer of it and goes on
            self._fault = f"{type(fault).__name__}: {fault}"
            raise

    def get_reward(self) -> float | None:
        """Return the reward of what the attempt has saved; None after a fault of ours."""
        if self._tool is None or self._task is None:
            raise ConfigError("reset the environment with a row before its reward is asked for")
        if self._fault is not None:
            log.error("%s has no reward: %s", self._task, self._fault)
            return None
        saved = self._tool.folder / PREDICTION
        try:
            grader = grader_of(self._ref, self._task)
        except TaskFormatError as error:
            log.error("%s has no reward: %s", self._task, error)
            return None
        return grader.reward(self._task, saved if saved.is_file() else None)


@cache
def _store(ref: str | None) -> Store:
    return open_store(ref)


@cache
def _local() -> Executor:
    return LocalExecutor()
