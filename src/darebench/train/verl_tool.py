"""`python_executor` as a tool of verl's agent loop: our tool, limits and texts, any sandbox.

Its configuration (`configs/verl-tool.yaml`) says where the sandbox is: a server that
`darebench sandbox serve` started, or this machine without a `url`. verl makes and releases an
instance for each call, so what an attempt saves hangs on the data that verl keeps of a rollout, and
goes with it. The prediction goes along in the rollout's extra fields, where
`darebench.train.verl_adapter` grades it. verl ends an attempt itself: `max_assistant_turns`.
"""

from __future__ import annotations

import base64
import shutil
import tempfile
import weakref
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import uuid4

from pydantic import Field, model_serializer

# verl is installed in an environment of its own, where the type checker does not run.
from verl.tools.base_tool import BaseTool  # pyright: ignore[reportMissingImports]
from verl.tools.schemas import (  # pyright: ignore[reportMissingImports]
    OpenAIFunctionToolSchema,
    ToolResponse,
)

from darebench.agents.protocol import Budget
from darebench.agents.tools import PythonTool, schema
from darebench.errors import ConfigError
from darebench.sandbox import LocalExecutor
from darebench.sandbox.executor import Executor
from darebench.sandbox.program import Limits
from darebench.store.layout import PREDICTION
from darebench.store.read import Store, open_store


class _Described(OpenAIFunctionToolSchema):
    """Shows a model the evaluation's description: verl's own leaves out what lists hold."""

    whole: dict[str, Any] = Field(exclude=True)

    @model_serializer
    def _shown(self) -> dict[str, Any]:
        return self.whole


class VerlPythonTool(BaseTool):
    """One object for a worker; an attempt for each rollout, an instance for each call."""

    def __init__(self, config: dict[str, Any], tool_schema: Any = None) -> None:
        self._budget = Budget(seconds_per_call=config.get("seconds", 200.0))
        described = schema(self._budget, Limits())
        super().__init__(config, _Described.model_validate({**described, "whole": described}))
        self._store = config.get("store")
        self._executor = _executor(config.get("url"), config.get("token"))
        self._calls: dict[str, str | None] = {}
        self._attempts: weakref.WeakKeyDictionary[Any, PythonTool] = weakref.WeakKeyDictionary()

    async def create(
        self, instance_id: str | None = None, **kwargs: Any
    ) -> tuple[str, ToolResponse]:
        """Note the task of a call."""
        name = instance_id or str(uuid4())
        self._calls[name] = kwargs.get("create_kwargs", {}).get("task")
        return name, ToolResponse()

    async def execute(
        self, instance_id: str, parameters: Any, **kwargs: Any
    ) -> tuple[ToolResponse, float, dict[str, Any]]:
        """Run one call of a rollout.

        Raises:
            Exception: A fault of ours. verl makes an answer of it and goes on; it is noted, so that
                the rollout has no reward.
        """
        rollout = kwargs["agent_data"]
        try:
            tool = self._attempt(rollout, self._calls[instance_id])
            if isinstance(parameters, dict):
                result = await tool.call(parameters)
            else:  # verl hands on any JSON that the model wrote
                result = tool.refuse({}, "arguments: a JSON object is needed")
        except Exception as fault:
            rollout.extra_fields["fault"] = f"{type(fault).__name__}: {fault}"
            raise
        saved = tool.folder / PREDICTION
        if saved.is_file():
            rollout.extra_fields["prediction"] = base64.b64encode(saved.read_bytes()).decode()
        return ToolResponse(text=result.text), 0.0, {"seconds": result.record.seconds}

    async def release(self, instance_id: str, **kwargs: Any) -> None:
        """End a call; the attempt's files stay for the next one."""
        self._calls.pop(instance_id, None)

    def _attempt(self, rollout: Any, task: str | None) -> PythonTool:
        tool = self._attempts.get(rollout)
        if tool is None:
            if task is None:
                raise ConfigError(
                    "the row names no task; make rows with darebench.train.verl_adapter.rows"
                )
            given = _store(self._store).task(task)
            folder = Path(tempfile.mkdtemp(prefix="darebench-verl-"))
            weakref.finalize(rollout, shutil.rmtree, folder, ignore_errors=True)
            tool = PythonTool(given, self._executor, folder, self._budget, Limits())
            self._attempts[rollout] = tool
        return tool


@lru_cache
def _store(ref: str | None) -> Store:
    return open_store(ref)


@lru_cache
def _executor(url: str | None, token: str | None) -> Executor:
    if url is None:
        return LocalExecutor()
    from darebench.sandbox.client import RemoteExecutor

    return RemoteExecutor(url, token=token)
