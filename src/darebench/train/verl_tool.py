"""`python_executor` as a tool of verl's agent loop: our tool, limits and texts, any sandbox.

Its configuration (`configs/verl-tool.yaml`) says where the sandbox is: a server that
`darebench sandbox serve` started, or this machine without a `url`. What an attempt saves lives
until the attempt is released; the prediction goes along in the extra fields of the rollout, where
`darebench.train.verl` grades it.
"""

# verl is installed in an environment of its own.
# pyright: reportMissingImports=false

from __future__ import annotations

import base64
import shutil
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import uuid4

from verl.tools.base_tool import BaseTool
from verl.tools.schemas import OpenAIFunctionToolSchema, ToolResponse

from darebench.agents.protocol import Budget
from darebench.agents.tools import PythonExecutor, schema
from darebench.errors import SandboxFault
from darebench.sandbox import LocalExecutor
from darebench.sandbox.executor import Executor
from darebench.sandbox.program import Limits
from darebench.store.layout import PREDICTION
from darebench.store.read import open_store


class PythonTool(BaseTool):
    """One object for a worker; an instance of it for each attempt."""

    def __init__(self, config: dict[str, Any], tool_schema: Any = None) -> None:
        self._budget = Budget(
            turns=config.get("turns", 5), seconds_per_call=config.get("seconds", 200.0)
        )
        described = schema(self._budget, Limits())
        super().__init__(config, OpenAIFunctionToolSchema.model_validate(described))
        self._store = config.get("store")
        self._executor = _executor(config.get("url"), config.get("token"))
        self._attempts: dict[str, PythonExecutor] = {}

    async def create(
        self, instance_id: str | None = None, task: str = "", **kwargs: Any
    ) -> tuple[str, ToolResponse]:
        """Open an attempt at a task."""
        name = instance_id or str(uuid4())
        task = task or kwargs.get("create_kwargs", {}).get("task", "")
        self._attempts[name] = PythonExecutor(
            open_store(self._store).task(task),
            self._executor,
            Path(tempfile.mkdtemp(prefix="darebench-verl-")),
            self._budget,
            Limits(),
        )
        return name, ToolResponse()

    async def execute(
        self, instance_id: str, parameters: dict[str, Any], **kwargs: Any
    ) -> tuple[ToolResponse, float, dict[str, Any]]:
        """Run one call; a fault of ours is noted for the reward, which then is none."""
        tool = self._attempts[instance_id]
        fields = getattr(kwargs.get("agent_data"), "extra_fields", {})
        try:
            result = await tool.call(parameters)
        except SandboxFault as fault:
            fields["fault"] = str(fault)
            return ToolResponse(text="The sandbox failed."), 0.0, {"faults": 1}
        saved = tool.folder / PREDICTION
        if saved.is_file():
            fields["prediction"] = base64.b64encode(saved.read_bytes()).decode()
        return ToolResponse(text=result.text), 0.0, {"seconds": result.record.seconds}

    async def release(self, instance_id: str, **kwargs: Any) -> None:
        """Drop an attempt's files."""
        tool = self._attempts.pop(instance_id, None)
        if tool is not None:
            shutil.rmtree(tool.folder, ignore_errors=True)


@lru_cache
def _executor(url: str | None, token: str | None) -> Executor:
    if url is None:
        return LocalExecutor()
    from darebench.sandbox.client import RemoteExecutor

    return RemoteExecutor(url, token=token)
