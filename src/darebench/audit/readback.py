"""Read the question of an IF task back into settings, as an agent that has seen the files would."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from darebench.agents.baseline.policy import BaselineModel, next_step
from darebench.agents.prompt import USER
from darebench.audit.task_tables import TaskTables
from darebench.instructions.facts import file_facts
from darebench.instructions.ranges import plain
from darebench.instructions.reader import read_workflow
from darebench.reference.spec import SEEDLESS
from darebench.sandbox.executor import Executor, execute_retrying
from darebench.sandbox.program import Program, Status
from darebench.store.truth import Settings, read_settings
from darebench.sync import run_sync
from darebench.types import Message, Role, Task

NUMBER = r"-?\d[\d,]*(?:\.\d+)?(?:[eE][+-]?\d+)?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """What two readers of a question got wrong of the workflow's settings."""

    differences: tuple[list[str], ...]
    """Lost settings by reader: the scripted agent, and the text alone; those that failed are not
    there."""
    lost_ranges: tuple[str, ...]
    """Ranges that the text does not state, in phrases."""


def read_back(task: Task, tables: TaskTables, executor: Executor) -> Readings:
    """Read an IF task's question with the scripted agent, and by the text alone.

    Raises:
        TaskFormatError: A setting of the workflow is missing.
        SandboxFault: The sandbox failed, repeatedly.
    """
    settings = read_settings(task)
    found = run_sync(_readings(task, tables, executor))
    return Readings(
        differences=tuple(_differences(settings, reading) for reading in found),
        lost_ranges=tuple(_ranges_lost(settings, task.question)),
    )


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
        "model": settings.model,
    }
    if settings.numerical:
        wanted["imputer"] = settings.imputer
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
