"""Reads the question of any store's IF task back, as an agent that has seen the files would."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Any

from darebench.agents.baseline.policy import BaselineModel, next_step
from darebench.agents.prompt import USER
from darebench.audit.findings import Finding, Severity, TaskTables
from darebench.instructions.facts import file_facts
from darebench.instructions.ranges import plain
from darebench.instructions.reader import read_workflow
from darebench.sandbox.executor import Executor, execute_retrying
from darebench.sandbox.program import Program, Status
from darebench.store.truth import Settings, read_settings
from darebench.types import Message, Role, Task

SEEDLESS = frozenset({"GaussianNB", "LinearRegression"})
"""Models whose random_state a text need not state."""
NUMBER = r"-?\d[\d,]*(?:\.\d+)?(?:[eE][+-]?\d+)?"


def settings_lost(task: Task, tables: TaskTables, executor: Executor) -> list[Finding]:
    """Find settings of a workflow that do not come back from its question.

    It is read by the scripted agent, which also weighs what the files hold, and by the text alone.
    Both can be wrong where a person would not: a warning, where neither gives the settings.
    """
    settings = read_settings(task)
    readings = [_differences(settings, r) for r in asyncio.run(_readings(task, tables, executor))]
    lost = min(readings, key=len, default=["the text is not read as a workflow"])
    lost = lost + _ranges_lost(settings, task.question)
    if not lost:
        return []
    message = f"{len(lost)} settings do not come back from the question: {'; '.join(lost)}"
    return [
        Finding(
            check="settings_lost",
            severity=Severity.WARNING,
            figure=float(len(lost)),
            message=message[:400],
        )
    ]


async def _readings(task: Task, tables: TaskTables, executor: Executor) -> list[Mapping[str, Any]]:
    files = ", ".join(f"`{name}`" for name in task.files)
    asked = Message(role=Role.USER, content=USER.format(question=task.question, files=files))
    look = await BaselineModel().reply([asked], [])
    arguments = look.message.tool_calls[0].arguments
    load = {name: task.source / name for name in task.files}
    outcome = await execute_retrying(executor, Program(code=arguments["code"], load=load))
    if outcome.status is not Status.OK:
        return []
    step = next_step([asked, look.message, Message(role=Role.TOOL, content=outcome.stdout)])
    if step is None or step.program != "literal":
        return []
    names = str(step.settings["train"]), str(step.settings["val"])
    facts = file_facts(tables.train, tables.val, names, tables.metadata)
    alone = read_workflow(task.question, facts, *names)
    return [step.settings, alone] if alone else [step.settings]


def _differences(settings: Settings, read: Mapping[str, Any]) -> list[str]:
    wanted = {
        "features": list(settings.features),
        "numerical": [name for name in settings.features if name in settings.numerical],
        "categorical": [name for name in settings.features if name in settings.categorical],
        "imputer": settings.imputer,
        "model": settings.model,
    }
    if settings.model not in SEEDLESS:
        wanted["random_state"] = settings.random_state
    lost = [
        f"{key} {value!r} as {read[key]!r}" for key, value in wanted.items() if read[key] != value
    ]
    if set(read["targets"]) != set(settings.targets):
        lost.append(f"targets {list(settings.targets)!r} as {read['targets']!r}")
    return lost


def _ranges_lost(settings: Settings, question: str) -> list[str]:
    stated = {float(n.replace(",", "")) for n in re.findall(NUMBER, plain(question))}
    lost = []
    for name, bounds in settings.expected_ranges.items():
        if settings.column_types.get(name) != "numerical" or len(bounds) != 2:
            continue
        low, high = (float(str(bound)) for bound in bounds)
        if not {low, high} <= stated:
            lost.append(f"the range of {name!r}, {low:g} to {high:g}")
    return lost
