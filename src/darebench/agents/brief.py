"""The short prompt: what a question says, as a few lines that are Python themselves.

An option for models that are too small to read prose or to hold a long prompt. It is made from what
every agent may see: the files are looked at by the baseline's first call, in the sandbox, and the
question is read by the baseline's rules. Where these misread a question, so does the short prompt.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from darebench.agents.baseline.policy import call_of, look, plan, read_facts
from darebench.agents.protocol import Budget
from darebench.agents.tools import PythonExecutor
from darebench.sandbox.executor import Executor
from darebench.sandbox.program import Limits
from darebench.types import Family, Task, Variant

MAX_RULES = 2
"""Ranges that are stated: a row that breaks one rule of a task breaks them all."""
MAX_FEATURES = 8
"""Of a task whose method is free; a written workflow's features are all listed."""
MAX_LEVELS = 15
_PLAIN = re.compile(r"[^'\"\\\n]+")


async def brief(task: Task, executor: Executor) -> str | None:
    """Write a table task's short prompt; None where the question or the files do not allow one.

    Raises:
        SandboxFault: the sandbox failed, repeatedly.
    """
    if task.family is Family.TS:
        return None
    with tempfile.TemporaryDirectory(prefix="darebench-brief-") as folder:
        tool = PythonExecutor(task, executor, Path(folder), Budget(), Limits())
        call = call_of(look(task.question, task.files), 0).tool_calls[0]
        result = await tool.call(call.arguments)
    facts = read_facts(result.text)
    if facts is None:
        return None
    settings = plan(task.question, task.files, facts)[0].settings
    lines = _workflow(settings) if task.variant is Variant.IF else _modelling(settings, facts)
    if lines is None:
        return None
    return "\n".join([f"kind = '{task.variant} {task.family}'", *lines])


def _workflow(settings: Mapping[str, Any]) -> list[str] | None:
    """Give the lines of a written workflow; None if it was not read whole."""
    if "ranges" not in settings:  # the plan is another program than a written workflow
        return None
    rules = [
        f"rule({name!r}, {low!r}, {high!r})"
        for name, pairs in settings["ranges"].items()
        if len(pairs) == 1
        for low, high in pairs
    ]
    lines = _common(settings, settings["numerical"], settings["categorical"])
    if lines is None or not rules:
        return None
    return [
        *lines,
        *rules[:MAX_RULES],
        f"impute = {settings['imputer']!r}",
        f"model = {settings['model']!r}",
        f"seed = {settings['random_state']!r}",
    ]


def _modelling(settings: Mapping[str, Any], facts: Mapping[str, Any]) -> list[str] | None:
    tables = facts["files"][settings["val"]]["tables"].values()
    columns = {c["name"]: c for table in tables for c in table["columns"]}
    columns.pop("row_id", None)
    numeric = [n for n, c in columns.items() if "min" in c]
    text = [n for n, c in columns.items() if "min" not in c and c["n_unique"] <= MAX_LEVELS]
    return _common(settings, numeric[:MAX_FEATURES], text[: MAX_FEATURES - len(numeric)])


def _common(
    settings: Mapping[str, Any], numeric: Sequence[str], text: Sequence[str]
) -> list[str] | None:
    targets = settings["targets"]
    names = [settings["train"], settings["val"], *targets, *numeric, *text]
    if len(targets) != 1 or not all(map(_PLAIN.fullmatch, names)) or not (numeric or text):
        return None
    return [
        f"train = {settings['train']!r}",
        f"val = {settings['val']!r}",
        f"target = {targets[0]!r}",
        f"numeric = {[*numeric]!r}",
        f"text = {[*text]!r}",
    ]
