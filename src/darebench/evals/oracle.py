"""The oracle: an agent that knows the answers, to prove that the path from task to score is whole.

For an IF task it runs the literal workflow on the files that every agent gets, which also proves
that the task can be solved as written; for the others it writes the truth down.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from darebench.agents.protocol import Reply
from darebench.agents.scripted import calls, says
from darebench.errors import ConfigError
from darebench.reference.spec import literal_spec
from darebench.store.layout import PREDICTION
from darebench.store.truth import read_settings, read_truth
from darebench.types import Message, Role, Task, Variant


class OracleModel:
    """Writes the right answer to one task in one call."""

    def __init__(self, task: Task | None) -> None:
        """Take the task.

        Raises:
            ConfigError: The task is not known, as under another benchmark's task.
        """
        if task is None:
            raise ConfigError("the oracle only works inside `darebench eval`")
        self._task = task

    async def reply(self, messages: Sequence[Message], tools: Sequence[dict[str, Any]]) -> Reply:
        """Return the call that writes the answer, then the end of the attempt.

        Raises:
            TaskFormatError: The task's settings or its answer cannot be used.
        """
        if any(m.role == Role.TOOL for m in messages):
            return says("The answer is saved.")
        task = self._task
        load = task.files if task.variant is Variant.IF else ()
        return calls(_program(task), load=load, save=[PREDICTION])


def _program(task: Task) -> str:
    if task.variant is Variant.IF:
        return literal_spec(task, read_settings(task)).render()
    answer = base64.b64encode(read_truth(task).csv).decode()
    return f"import base64\nopen({PREDICTION!r}, 'wb').write(base64.b64decode({answer!r}))\n"
