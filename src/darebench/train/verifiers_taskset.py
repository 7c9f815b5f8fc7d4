"""A taskset for verifiers 0.4: `vf-validate darebench-taskset`.

The tool is ours, with its limits and texts, over the local sandbox; the reward is
`darebench.train.reward`'s. verifiers needs another version of openai than our evaluation, so it
lives in an environment of its own, with darebench installed without its dependencies' openai.
"""

from __future__ import annotations

import asyncio
import base64
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

# verifiers is installed in an environment of its own, where the type checker does not run.
import verifiers.v1 as vf  # pyright: ignore[reportMissingImports]

from darebench.agents.prompt import opening
from darebench.agents.protocol import Budget
from darebench.agents.tools import NAME, PythonTool
from darebench.errors import DareError, SandboxFault
from darebench.sandbox import LocalExecutor
from darebench.sandbox.program import Limits
from darebench.store.layout import PREDICTION
from darebench.store.read import open_store, select
from darebench.train.grading import grader_of, reward_of

__all__ = ["DarebenchTaskset"]


class DarebenchData(vf.TaskData):
    """A row: which task, but not its answer."""

    task: str
    store: str | None = None


class DarebenchState(vf.State):
    """What the tool hands to the reward."""

    prediction: str | None = None
    """The file's bytes in base64."""
    fault: str | None = None


class PythonToolset(vf.Toolset[vf.ToolsetConfig, DarebenchState]):
    """`python_executor`, under its own name."""

    TOOL_PREFIX = None

    async def setup_task(self, task: Any) -> None:
        """Open an attempt's folder."""
        self._folder = tempfile.TemporaryDirectory(prefix="darebench-vf-")
        self._tool = PythonTool(
            open_store(task.store).task(task.task),
            LocalExecutor(1),
            Path(self._folder.name),
            Budget(),
            Limits(),
        )

    @vf.tool
    async def python_executor(
        self, code: str, files_to_load: list[str], files_to_save: list[str]
    ) -> str:
        """Run Python code in a new process and return what it prints."""
        arguments = {
            "code": code, "files_to_load": files_to_load, "files_to_save": files_to_save
        }  # fmt: skip
        try:
            result = await self._tool.call(arguments)
        except DareError as fault:  # a sandbox that cannot start is our fault too
            self.state.fault = str(fault)
            return "The sandbox failed."
        saved = self._tool.folder / PREDICTION
        if saved.is_file():
            self.state.prediction = base64.b64encode(saved.read_bytes()).decode()
        return result.text


class DarebenchTaskConfig(vf.TaskConfig):
    """What the command line may set for a task."""

    tools: vf.ToolsetConfig = vf.ToolsetConfig()


class DarebenchTask(vf.Task[DarebenchData, DarebenchState, DarebenchTaskConfig]):
    """One task."""

    @classmethod
    def toolsets(cls, config: DarebenchTaskConfig) -> list[Any]:
        """Return the tool of a rollout."""
        return [PythonToolset(config.tools)]

    async def validate(self, runtime: Any) -> bool:
        """Check that the right answer earns the most."""
        grader = await asyncio.to_thread(grader_of, self.data.store, self.data.task)
        earned = grader.reward(self.data.task, grader.truths[self.data.task].csv)
        return earned is not None and abs(earned - 1.1) < 1e-9

    @vf.reward
    async def darebench(self, trace: Any) -> float:
        """Grade what the tool saved last.

        Raises:
            SandboxFault: Our own fault ended the rollout; it has no reward.
        """
        if trace.state.fault:
            raise SandboxFault(trace.state.fault)
        return await asyncio.to_thread(
            reward_of, self.data.store, self.data.task, trace.state.prediction
        )


class DarebenchConfig(vf.TasksetConfig):
    """What the command line may set for all tasks."""

    task: DarebenchTaskConfig = DarebenchTaskConfig()
    store: str | None = None
    """A folder, an archive or `hf://owner/name`; the starter store without it."""
    patterns: str = ""
    """Task ids, dataset names or globs, separated by commas; all tasks without one."""


class DarebenchTaskset(vf.Taskset[DarebenchTask, DarebenchConfig]):
    """The tasks of a store."""

    def load(self) -> Iterable[DarebenchTask]:
        """Yield the tasks."""
        store = self.config.store
        patterns = [name for name in self.config.patterns.split(",") if name]
        for task in select(open_store(store).tasks, patterns):
            system, user = opening(task, Budget(), tool=NAME, prediction=PREDICTION)
            data = DarebenchData(
                id=task.id, name=task.id, task=task.id, store=store,
                system_prompt=system.content, prompt=user.content,
            )  # fmt: skip
            yield DarebenchTask(data, self.config.task)


if __name__ == "__main__":
    PythonToolset.run()
