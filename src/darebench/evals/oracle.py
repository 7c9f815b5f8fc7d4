"""The oracle: an agent that knows the answers, to prove that the path from task to score is whole.

For an IF task it runs the literal workflow on the files that every agent gets, so that it also
proves the task can be solved as written; for the others it writes the truth down.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from contextvars import ContextVar
from typing import Any

from darebench.agents.protocol import Reply
from darebench.agents.tools import NAME
from darebench.errors import ConfigError
from darebench.reference.spec import literal_spec
from darebench.store.layout import PREDICTION
from darebench.store.truth import read_settings, read_truth
from darebench.types import Message, Task, ToolCall, Variant

playing: ContextVar[Task] = ContextVar("playing")
"""The task of the attempt that runs in this context; the solver sets it."""


class OracleModel:
    """Writes the right answer in one call."""

    async def reply(self, messages: Sequence[Message], tools: Sequence[dict[str, Any]]) -> Reply:
        """Give the call, then the end.

        Raises:
            ConfigError: it is used outside an evaluation.
        """
        if any(m.role == "tool" for m in messages):
            return Reply(message=Message(role="assistant", content="The answer is saved."))
        task = playing.get(None)
        if task is None:
            raise ConfigError("the oracle only works inside `darebench eval`")
        arguments = {
            "code": _program(task),
            "files_to_load": [n for n in task.files if task.variant is Variant.IF],
            "files_to_save": [PREDICTION],
        }
        call = ToolCall(id="call_1", name=NAME, arguments=arguments)
        message = Message(role="assistant", content="", tool_calls=(call,))
        return Reply(message=message, stop="tool_calls")


def _program(task: Task) -> str:
    if task.variant is Variant.IF:
        return literal_spec(task, read_settings(task)).render()
    answer = base64.b64encode(read_truth(task).csv).decode()
    return f"import base64\nopen({PREDICTION!r}, 'wb').write(base64.b64decode({answer!r}))\n"
