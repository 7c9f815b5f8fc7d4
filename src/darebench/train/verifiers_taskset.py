"""A taskset for verifiers 0.4: `vf-validate darebench-taskset`.

The tool is ours, with its limits and texts, over the local sandbox; the reward is
`darebench.train.reward`'s. verifiers needs another version of openai than our evaluation, so it
lives in an environment of its own, with darebench installed without its dependencies' openai.
"""

from __future__ import annotations

import asyncio
import base64
import shutil
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
    """What a rollout and the tool tell each other."""

    rollout: str = ""
    """The rollout's own name."""
    task: str = ""
    store: str | None = None
    folder: str | None = None
    """Where the tool keeps the rollout's files."""
    prediction: str | None = None
    """The file's bytes in base64."""
    fault: str | None = None


class PythonToolset(vf.Toolset[vf.ToolsetConfig, DarebenchState]):
    """`python_executor`, under its own name, for all rollouts of an environment.

    They share one sandbox, so that no more programs run at a time than there are cores for; it is
    closed when verifiers ends the server.
    """

    TOOL_PREFIX = None

    async def setup(self) -> None:
        """Open the sandbox, and a folder for the rollouts' files."""
        self._executor = LocalExecutor()
        self._exit_stack.push_async_callback(self._executor.close)
        folder = tempfile.TemporaryDirectory(prefix="darebench-vf-", ignore_cleanup_errors=True)
        self._folder = Path(self._exit_stack.enter_context(folder))
        self._tools: dict[str, PythonTool] = {}

    def _tool(self) -> PythonTool:
        """Return the tool of the rollout that calls."""
        state = self.state
        if state.rollout not in self._tools:
            ended = [name for name, tool in self._tools.items() if not tool.folder.is_dir()]
            for name in ended:
                del self._tools[name]
            folder = Path(tempfile.mkdtemp(dir=self._folder))
            state.folder = str(folder)
            task = open_store(state.store).task(state.task)
            tool = PythonTool(task, self._executor, folder, Budget(), Limits())
            self._tools[state.rollout] = tool
        return self._tools[state.rollout]

    @vf.tool
    async def python_executor(
        self, code: str, files_to_load: list[str], files_to_save: list[str]
    ) -> str:
        """Run Python code in a new process and return what it prints."""
        arguments = {
            "code": code, "files_to_load": files_to_load, "files_to_save": files_to_save
        }  # fmt: skip
        try:
            tool = self._tool()
            result = await tool.call(arguments)
        except DareError as fault:  # a sandbox that cannot start is our fault too
            self.state.fault = str(fault)
            return "The sandbox failed."
        saved = tool.folder / PREDICTION
        if saved.is_file():
            self.state.prediction = base64.b64encode(saved.read_bytes()).decode()
        return result.text


class DarebenchTask(vf.Task[DarebenchData, DarebenchState, vf.TaskConfig]):
    """One task."""

    async def setup(self, trace: Any, runtime: Any) -> None:
        """Write down for the tool which task it is."""
        state = trace.state
        state.rollout, state.task, state.store = trace.id, self.data.task, self.data.store

    async def finalize(self, trace: Any, runtime: Any) -> None:
        """Remove the rollout's files; the prediction is kept in its state."""
        if trace.state.folder:
            await asyncio.to_thread(shutil.rmtree, trace.state.folder, ignore_errors=True)

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

    tools: vf.ToolsetConfig = vf.ToolsetConfig()
    store: str | None = None
    """A folder, an archive or `hf://owner/name`; the starter store without it."""
    patterns: str = ""
    """Task ids, dataset names or globs, separated by commas; all tasks without one."""


class DarebenchTaskset(vf.Taskset[DarebenchTask, DarebenchConfig]):
    """The tasks of a store."""

    @classmethod
    def toolsets(cls, config: DarebenchConfig) -> list[Any]:
        """Return the tool that all rollouts share."""
        return [PythonToolset(config.tools)]

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
