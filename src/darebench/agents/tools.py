"""`python_executor`: the one tool of an attempt, over any Executor (paper section 4).

The working folder lives on the host and holds the task's files and what calls have saved. Each call
gets copies of the files that it names, and nothing else.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from darebench.agents.protocol import Budget, ToolResult
from darebench.sandbox.executor import Executor, execute_retrying
from darebench.sandbox.program import Limits, Outcome, Program, Refused, Status
from darebench.types import CallRecord, CallStatus, Task

NAME = "python_executor"
OUTPUT_LIMIT = 20_000
"""Characters of stdout, and again of stderr, that the model is shown: the head and the tail."""
NAME_BYTES = 255
"""Longest name of a file that Linux takes."""


def schema(budget: Budget, limits: Limits) -> dict[str, Any]:
    """Return the JSON schema that describes the tool and its limits, in the OpenAI format."""
    names = {"type": "array", "items": {"type": "string"}}
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
            "files_to_load": {
                **names,
                "description": "Names of all files that the code opens; copied in before the run.",
            },
            "files_to_save": {
                **names,
                "description": "Names of files that the code writes and that are to be kept.",
            },
        },
        "required": ["code", "files_to_load", "files_to_save"],
        "additionalProperties": False,
    }
    return {
        "type": "function",
        "function": {"name": NAME, "description": description, "parameters": parameters},
    }


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
        self.waited = 0.0
        """Seconds of all calls in which no program ran: waits for a slot, and our own work."""

    @property
    def folder(self) -> Path:
        """Where the saved files are."""
        return self._folder

    async def call(self, arguments: Mapping[str, Any]) -> ToolResult:
        """Run one call; wrong arguments are answered, not raised.

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
        load = {name: self._host_file(name) for name in arguments["files_to_load"]}
        program = Program(
            code=arguments["code"],
            load={name: path for name, path in load.items() if path is not None},
            save=tuple(dict.fromkeys(arguments["files_to_save"])),
            save_to=self._folder,
            limits=self._limits,
        )
        start = time.monotonic()
        outcome = await execute_retrying(self._executor, program)
        self.waited += time.monotonic() - start - outcome.seconds
        return _answered(arguments, outcome, self._limits, self._output_limit)

    def refuse(self, arguments: Mapping[str, Any], problem: str) -> ToolResult:
        """Answer a call without running it; it counts as a tool-argument error."""
        return _refused(arguments, problem)

    def names(self) -> list[str]:
        """Return the names of all files that a call may load."""
        saved = {path.name for path in self._folder.iterdir() if path.is_file()}
        return sorted(saved | set(self._given))

    def _host_file(self, name: str) -> Path | None:
        if Path(name).name != name:
            return None
        saved = self._folder / name
        return saved if saved.is_file() else self._given.get(name)


def _argument_problem(arguments: Mapping[str, Any]) -> str | None:
    unknown = set(arguments) - {"code", "files_to_load", "files_to_save"}
    if unknown:
        return f"unknown argument {sorted(unknown)[0]!r}; give code, files_to_load, files_to_save"
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


def _refused(arguments: Mapping[str, Any], problem: str) -> ToolResult:
    record = CallRecord(
        code=str(arguments.get("code", "")),
        files_to_load=_strings(arguments.get("files_to_load")),
        files_to_save=_strings(arguments.get("files_to_save")),
        stdout="",
        stderr=problem,
        status=CallStatus.ARGUMENTS,
        seconds=0.0,
    )
    return ToolResult(record=record, text=f"The code was not run. {problem}")


def _strings(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, Sequence) else ()


def _answered(
    arguments: Mapping[str, Any], outcome: Outcome, limits: Limits, output_limit: int
) -> ToolResult:
    record = CallRecord(
        code=arguments["code"],
        files_to_load=tuple(arguments["files_to_load"]),
        files_to_save=tuple(arguments["files_to_save"]),
        stdout=shorten(outcome.stdout, output_limit),
        stderr=shorten(outcome.stderr, output_limit),
        status=CallStatus(outcome.status),
        seconds=round(outcome.seconds, 3),
    )
    return ToolResult(record=record, text=_text(record, outcome, limits))


def _text(record: CallRecord, outcome: Outcome, limits: Limits) -> str:
    lines = [_headline(outcome, limits)]
    for name, content in (("stdout", record.stdout), ("stderr", record.stderr)):
        if content:
            lines += [f"--- {name} ---", content.rstrip("\n")]
    for name, file in outcome.files.items():
        if isinstance(file, Refused):
            lines.append(f"Not saved: {name!r}: {file.why}")
        else:
            lines.append(f"Saved: {name!r} ({file.n_bytes} bytes)")
    return "\n".join(lines)


def _headline(outcome: Outcome, limits: Limits) -> str:
    if outcome.status is Status.OK:
        return "The code ran without an error."
    if outcome.status is Status.TIMEOUT:
        return f"The code was stopped after {limits.wall_s:g} s. What it printed until then:"
    if outcome.status is Status.ERROR:
        return f"The code failed with exit code {outcome.exit_code}."
    return f"The code was {outcome.status}: {outcome.detail}."


def shorten(text: str, limit: int = OUTPUT_LIMIT) -> str:
    """Keep the head and the tail of a text over the limit, and say how much is left out."""
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}\n[... {len(text) - 2 * half} characters left out ...]\n{text[-half:]}"
