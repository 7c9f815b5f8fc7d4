"""`python_executor`: the one tool of an attempt, over any Executor (paper section 4).

The working folder lives on the host and holds the task's files and what calls have saved. Each call
gets copies of the files that it names, and nothing else.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from darebench.agents.answers import answer_text
from darebench.agents.protocol import Budget, ToolResult
from darebench.agents.streams import shorten, without_repeats
from darebench.sandbox.executor import Executor, execute_retrying
from darebench.sandbox.program import Limits, Program
from darebench.types import CallRecord, CallStatus, Task

NAME = "python_executor"
OUTPUT_LIMIT = 20_000
"""Characters of stdout, and again of stderr, that the model is shown: the head and the tail."""
NAME_BYTES = 255
"""Longest name of a file that Linux takes."""


def schema(budget: Budget, limits: Limits) -> dict[str, Any]:
    """Return the JSON schema that describes the tool and its limits, in the OpenAI format.

    Keys stand in the order in which Inspect sends them, so that a model is shown one text
    everywhere.
    """
    description = (
        "Run Python code in a new process and return what it prints. Limits: "
        f"{budget.seconds_per_call:g} s of wall-clock time, {limits.memory_mb} MB of memory, "
        f"{limits.file_mb} MB for each file, the first and last {OUTPUT_LIMIT // 2} characters "
        "of stdout and of stderr. No network."
    )
    parameters = {
        "type": "object",
        "properties": {
            "code": {"type": "string", "description": "Python source code."},
            "files_to_load": _names_of(
                "Names of all files that the code opens; copied in before the run."
            ),
            "files_to_save": _names_of(
                "Names of files that the code writes and that are to be kept."
            ),
        },
        "required": ["code", "files_to_load", "files_to_save"],
        "additionalProperties": False,
    }
    return {
        "type": "function",
        "function": {"name": NAME, "description": description, "parameters": parameters},
    }


def _names_of(description: str) -> dict[str, Any]:
    return {"type": "array", "description": description, "items": {"type": "string"}}


class PythonTool:
    """The tool of one attempt: one task, one working folder, one budget."""

    def __init__(
        self,
        task: Task,
        executor: Executor,
        folder: Path,
        budget: Budget,
        limits: Limits,
        *,
        output_limit: int = OUTPUT_LIMIT,
    ) -> None:
        self._given = {name: task.source / name for name in task.files}
        self._executor = executor
        self._folder = folder
        self._limits = replace(limits, wall_s=budget.seconds_per_call)
        self._output_limit = output_limit

    @property
    def folder(self) -> Path:
        """Where the saved files are."""
        return self._folder

    async def call(
        self, arguments: Mapping[str, Any], *, seconds: float | None = None
    ) -> ToolResult:
        """Run one call; wrong arguments are answered, not raised.

        Args:
            arguments: What a model gave.
            seconds: What is left for the program, if that is less than the limit of a call.

        Raises:
            SandboxFault: The sandbox failed, repeatedly.
        """
        problem = _argument_problem(arguments)
        if problem is None:
            missing = [n for n in arguments["files_to_load"] if self._host_file(n) is None]
            if missing:
                there = ", ".join(self.names()) or "none"
                problem = f"files_to_load: no file {missing[0]!r}; there are: {there}"
        if problem is not None:
            return self.refuse(arguments, problem)
        limits = self._limits
        if seconds is not None and seconds < limits.wall_s:
            limits = replace(limits, wall_s=seconds)
        return await self._run(arguments, limits)

    async def _run(self, arguments: Mapping[str, Any], limits: Limits) -> ToolResult:
        load = {name: self._host_file(name) for name in arguments["files_to_load"]}
        program = Program(
            code=arguments["code"],
            load={name: path for name, path in load.items() if path is not None},
            save=tuple(dict.fromkeys(arguments["files_to_save"])),
            save_to=self._folder,
            limits=limits,
        )
        available = self.names()
        outcome = await execute_retrying(self._executor, program)
        record = CallRecord(
            code=arguments["code"],
            files_to_load=tuple(arguments["files_to_load"]),
            files_to_save=tuple(arguments["files_to_save"]),
            stdout=shorten(outcome.stdout, self._output_limit),
            stderr=shorten(without_repeats(outcome.stderr), self._output_limit),
            status=CallStatus(outcome.status),
            seconds=round(outcome.seconds, 3),
        )
        text = await asyncio.to_thread(answer_text, record, outcome, limits, available)
        return ToolResult(record=record, text=text)

    def refuse(self, arguments: Mapping[str, Any], problem: str) -> ToolResult:
        """Answer a call without running it; it counts as a tool-argument error."""
        record = not_run(arguments, problem, CallStatus.ARGUMENTS)
        return ToolResult(record=record, text=f"The code was not run. {problem}")

    def too_late(self, arguments: Mapping[str, Any]) -> ToolResult:
        """Answer a call for which the attempt has no time left."""
        problem = "The attempt's time is used up."
        record = not_run(arguments, problem, CallStatus.TIMEOUT)
        return ToolResult(record=record, text=f"The code was not run. {problem}")

    def names(self) -> list[str]:
        """Return the names of all files that a call may load."""
        saved = {path.name for path in self._folder.iterdir() if path.is_file()}
        return sorted(saved | set(self._given))

    def _host_file(self, name: str) -> Path | None:
        if Path(name).name != name:
            return None
        saved = self._folder / name
        return saved if saved.is_file() else self._given.get(name)


def unknown_tool(name: str, arguments: Mapping[str, Any]) -> ToolResult:
    """Answer a call of a tool that does not exist."""
    problem = f"There is no tool {name[:80]!r}; the only one is {NAME!r}."
    record = replace(not_run(arguments, problem, CallStatus.ARGUMENTS), tool=name)
    return ToolResult(record=record, text=problem)


def _argument_problem(arguments: Mapping[str, Any]) -> str | None:
    unknown = set(arguments) - {"code", "files_to_load", "files_to_save"}
    if unknown:
        return f"unknown argument {min(unknown)[:80]!r}; give code, files_to_load, files_to_save"
    code = arguments.get("code")
    if not isinstance(code, str) or not code.strip():
        return "code: a non-empty string of Python source is needed"
    for key in ("files_to_load", "files_to_save"):
        value = arguments.get(key)
        if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
            return f"{key}: a list of file names is needed, for example []"
        bad = [name for name in value if not _is_plain(name)]
        if bad:
            return f"{key}: {bad[0][:80]!r} is no plain file name; leave folders out"
    return None


def _is_plain(name: str) -> bool:
    is_one = Path(name).name == name and name not in ("", ".", "..") and name.isprintable()
    return is_one and len(name.encode()) <= NAME_BYTES


def not_run(arguments: Mapping[str, Any], problem: str, status: CallStatus) -> CallRecord:
    """Record a call as it was given; its arguments may be anything."""
    return CallRecord(
        code=str(arguments.get("code", "")),
        files_to_load=_names(arguments.get("files_to_load")),
        files_to_save=_names(arguments.get("files_to_save")),
        stdout="",
        stderr=problem,
        status=status,
        seconds=0.0,
        arguments=json.loads(json.dumps(dict(arguments), default=str, skipkeys=True)),
    )


def _names(value: object) -> tuple[str, ...]:
    """Return the names of a list as far as they can be told; what was given is kept beside them."""
    if isinstance(value, str):
        return (value,)
    return tuple(map(str, value)) if isinstance(value, list | tuple) else ()
