"""Task -> the messages that open an attempt."""

from __future__ import annotations

import re

from darebench.agents.protocol import Budget
from darebench.types import Message, Role, Task

SYSTEM = """\
You are a data scientist. You solve the task by running Python through the tool `{tool}`, and you \
finish when the file `{prediction}` that the task asks for has been saved.

How the tool works:
- Each call is a new process. Variables, imports and files of earlier calls are gone, except for \
files that you saved.
- A call sees only the files named in `files_to_load`. Name every file that the code opens: the \
task's files, or files saved by earlier calls.
- Files that the code writes are kept only if they are named in `files_to_save`. Use plain file \
names, without folders.
- There is no network, and no package can be installed. numpy, pandas, pyarrow, scipy, \
scikit-learn, skrub and statsmodels are there.
- Print what you want to see.

You have {turns} turns, with at most {seconds:g} seconds for each call. When `{prediction}` is \
saved, answer without calling the tool."""

FILES = "\n\nFiles: "
USER = "{question}" + FILES + "{files}."


def opening(task: Task, budget: Budget, *, tool: str, prediction: str) -> tuple[Message, ...]:
    """Build the system and user messages for a task."""
    system = SYSTEM.format(
        tool=tool, prediction=prediction, turns=budget.turns, seconds=budget.seconds_per_call
    )
    user = USER.format(question=task.question, files=", ".join(f"`{name}`" for name in task.files))
    return (Message(role=Role.SYSTEM, content=system), Message(role=Role.USER, content=user))


def files_named_in(text: str) -> list[str]:
    """Read the task's file names back from the opening user message."""
    return re.findall(r"`([^`]+)`", text.rpartition(FILES)[2])
