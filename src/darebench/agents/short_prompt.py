"""The short prompt: what a question says, as one line that is Python itself.

    train = 'train_v1.csv'; val = 'val_v1.csv';
    numeric = [2, 0, None, None, None, None, None, None, ]; text = [5, None, None, None, ];
    impute = 'mean'; seed = '48'; model = 'LinearSVC'; kind = 'if class'

It is an option for models that are too small to read prose or to hold a long prompt. It is made
from what every agent may see: the baseline's first call looks at the files in the sandbox, and the
baseline's rules read the question; where these misread it, so does the short prompt. Features are
named by their position, in lists of one length, and seeds have two digits, so that everything has
the same place in every prompt; the ranges that a workflow filters by are left out.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from darebench.agents.baseline.policy import call_of, look, plan, read_facts
from darebench.agents.protocol import Budget
from darebench.agents.tools import PythonTool
from darebench.sandbox.executor import Executor
from darebench.sandbox.program import Limits
from darebench.store.layout import ROW_ID
from darebench.types import Family, Task, Variant

SLOTS = {"numeric": 8, "text": 4}
"""Most features of each kind."""
COLUMNS = 12
"""Columns of a file that can be named."""
BETWEEN = "; "
"""Separates the statements, so that a program can begin with the prompt, word for word."""


async def short_prompt(task: Task, executor: Executor) -> str | None:
    """Return a table task's short prompt, or None where the question or the files do not allow one.

    Raises:
        SandboxFault: The sandbox failed, repeatedly.
    """
    if task.family is Family.TS:
        return None
    with tempfile.TemporaryDirectory(prefix="darebench-prompt-") as folder:
        tool = PythonTool(task, executor, Path(folder), Budget(), Limits())
        call = call_of(look(task.question, task.files), 0).tool_calls[0]
        result = await tool.call(call.arguments)
    facts = read_facts(result.text)
    if facts is None:
        return None
    settings: Mapping[str, Any] = plan(task.question, task.files, facts)[0].settings
    said = [f"{name} = {settings[name]!r}" for name in ("train", "val")]
    if task.variant is Variant.IF:
        stated = _workflow(settings, facts)
        if stated is None:
            return None
        said += stated
    said.append(f"kind = '{task.variant} {task.family}'")
    return BETWEEN.join(said) if len(settings["targets"]) == 1 else None


def _workflow(settings: Mapping[str, Any], facts: Mapping[str, Any]) -> list[str] | None:
    """Write a workflow down: features by their position in the file to predict."""
    if "random_state" not in settings:  # the plan is another program than a written workflow
        return None
    tables = facts["files"][settings["val"]]["tables"].values()
    names = [c["name"] for table in tables for c in table["columns"] if c["name"] != ROW_ID]
    said: list[str] = []
    for (said_as, slots), kind in zip(SLOTS.items(), ("numerical", "categorical"), strict=True):
        features = settings[kind]
        if len(features) > slots or not set(features) <= set(names[:COLUMNS]):
            return None
        said.append(f"{said_as} = {listed([names.index(f) for f in features], slots)}")
    return [
        *said,
        f"impute = {settings['imputer']!r}",
        f"seed = '{settings['random_state']:02}'",
        f"model = {settings['model']!r}",
    ]


def listed(columns: Sequence[int], slots: int) -> str:
    """Return positions as the text of a list of `slots` items, filled up with None."""
    filled = [*columns, *[None] * (slots - len(columns))]
    return f"[{''.join(f'{c}, ' for c in filled)}]"
