"""Task -> the messages that open an attempt."""

from __future__ import annotations

import contextlib
import platform
import re
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from darebench.agents.protocol import Budget
from darebench.cores import usable_cores
from darebench.types import Message, Role, Task

LIBRARIES = ("numpy", "pandas", "pyarrow", "scipy", "scikit-learn", "skrub", "statsmodels")
"""What a model is told that it can import."""
SYSTEM = """\
You are a data scientist. You solve the task by running Python through the tool `{tool}`. What \
counts is the file `{prediction}` that the task asks for, as you saved it last.

How the tool works:
- Each call is a new process. Variables, imports and files of earlier calls are gone, except for \
files that you saved.
- A call sees only the files named in `files_to_load`, in its working folder. Name every file that \
the code opens: the task's files, or files saved by earlier calls.
- Files that the code writes are kept only if they are named in `files_to_save`. Use plain file \
names, without folders.
- There is no network, and no package can be installed. There are {libraries}, and {processors}.
- Print what you want to see.

You have {turns}, with at most {limits}. A turn is one message of yours; it may hold several \
calls, which run one after the other. A message without a call ends the attempt, so do not write \
one before `{prediction}` is saved. It counts as a turn and is not needed: every turn may be a \
call."""

FILES = "\n\nFiles: "
USER = "{question}" + FILES + "{files}."


def opening(task: Task, budget: Budget, *, tool: str, prediction: str) -> tuple[Message, ...]:
    """Build the system and user messages for a task."""
    limits = f"{budget.seconds_per_call:g} seconds for each call"
    if budget.seconds is not None:
        limits += f" and {budget.seconds:g} seconds in all"
    system = SYSTEM.format(
        tool=tool,
        prediction=prediction,
        libraries=libraries(),
        processors=processors(),
        turns=f"{budget.turns} turn{'s' if budget.turns > 1 else ''}",
        limits=limits,
    )
    user = USER.format(question=task.question, files=", ".join(f"`{name}`" for name in task.files))
    return (Message(role=Role.SYSTEM, content=system), Message(role=Role.USER, content=user))


def processors() -> str:
    """Return how many processors programs have, in words."""
    n_cores = usable_cores()
    return f"{n_cores} processor{'s' if n_cores > 1 else ''}"


@cache
def libraries() -> str:
    """List what programs can import, with versions; a sandbox runs this environment too."""
    found = [f"Python {platform.python_version()}"]
    for name in LIBRARIES:
        with contextlib.suppress(PackageNotFoundError):
            found.append(f"{name} {version(name)}")
    return ", ".join(found)


def files_named_in(text: str) -> list[str]:
    """Read the task's file names back from the opening user message."""
    return re.findall(r"`([^`]+)`", text.rpartition(FILES)[2])
