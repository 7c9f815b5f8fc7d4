"""`sandbox="darebench"`: Inspect's agents and tools, run in our sandbox.

Every command is a program of its own, in a cell of its own. The files of a sample, which are its
working folder and /tmp, are one archive on the host that only the cell opens; they are unpacked
before a command and packed after it. Processes end with their command.

Not covered: other users, services, terminals, a network.
"""

from __future__ import annotations

import asyncio
import json
from importlib.resources import files
from typing import Any, ClassVar, Literal, overload

from inspect_ai.util import (
    ExecResult,
    OutputLimitExceededError,
    SandboxEnvironment,
    SandboxEnvironmentConfigType,
    SandboxEnvironmentLimits,
    SandboxUserUnsupportedError,
    sandboxenv,
)
from pydantic import BaseModel, ConfigDict

from darebench.errors import SandboxFault
from darebench.evals.inspect.command_result import CommandResult, read_result
from darebench.evals.remote_sandbox import Remote, open_remote
from darebench.sandbox import (
    Executor,
    Limits,
    LocalExecutor,
    Outcome,
    Program,
    Refused,
    Saved,
    Status,
)
from darebench.sandbox.executor import execute_retrying
from darebench.sandbox.owned_folder import OwnedFolder

COMMAND_S = 3600.0
"""Wall-clock limit of a command that was given none."""
STAGING_S = 60.0
"""Time to unpack and pack the files, on top of the command's own."""
MEMORY_MB = 8192
"""Memory limit of a command, its files included."""
STATE_MB = 1024
"""Size limit of all files of a sample together."""
FOLDER = "darebench-sample-"
"""Beginning of the name of a sample's folder."""
USERS = (None, "agent", "1000")
_PROGRAM = files("darebench.evals").joinpath("programs", "sample_command.py")
_STATE, _REQUEST, _CONTENT, _RESULT = (
    f".darebench-{name}" for name in ("state", "request", "content", "result")
)


class SandboxSettings(BaseModel):
    """Where the commands of a task run; Inspect's logs keep it."""

    model_config = ConfigDict(frozen=True)

    url: str | None = None
    """Address of a SandboxFusion server; this machine without it."""
    slots: int | None = None
    """Programs that run at the same time here; as many as there are cores without it."""


@sandboxenv(name="darebench")
class DarebenchSandbox(SandboxEnvironment):
    """The files of one sample, and the commands on them, one at a time."""

    _executors: ClassVar[dict[SandboxSettings, LocalExecutor | Remote]] = {}
    """Shared by the tasks that run at the same time: Inspect calls only class methods before a
    sample, and hands nothing of its caller to them."""
    _n_tasks: ClassVar[int] = 0

    def __init__(self, executor: Executor) -> None:
        super().__init__()
        self._sandbox = executor
        self._owned = OwnedFolder(FOLDER)
        self._folder = self._owned.path
        self._turn = asyncio.Lock()

    @classmethod
    async def task_init(cls, task_name: str, config: SandboxEnvironmentConfigType | None) -> None:
        """Count a task that shares the sandboxes."""
        DarebenchSandbox._n_tasks += 1

    @classmethod
    async def task_cleanup(
        cls, task_name: str, config: SandboxEnvironmentConfigType | None, cleanup: bool
    ) -> None:
        """Close the sandboxes after the last task."""
        DarebenchSandbox._n_tasks -= 1
        if DarebenchSandbox._n_tasks == 0:
            for executor in DarebenchSandbox._executors.values():
                await executor.close()
            DarebenchSandbox._executors.clear()

    @classmethod
    def config_deserialize(cls, config: dict[str, Any]) -> BaseModel:
        """Read the settings that a log keeps."""
        return SandboxSettings.model_validate(config)

    @classmethod
    async def sample_init(
        cls, task_name: str, config: SandboxEnvironmentConfigType | None, metadata: dict[str, str]
    ) -> dict[str, SandboxEnvironment]:
        """Make the empty folder of a sample."""
        settings = config if isinstance(config, SandboxSettings) else SandboxSettings()
        executors = DarebenchSandbox._executors
        if settings not in executors:
            executors[settings] = open_executor(settings)
        executor = executors[settings]
        await asyncio.to_thread(executor.start_now)  # before a model is asked anything
        return {"default": DarebenchSandbox(executor)}

    @classmethod
    async def sample_cleanup(
        cls,
        task_name: str,
        config: SandboxEnvironmentConfigType | None,
        environments: dict[str, SandboxEnvironment],
        interrupted: bool,
    ) -> None:
        """Remove the sample's files."""
        for environment in environments.values():
            environment.as_type(DarebenchSandbox).remove()

    def remove(self) -> None:
        """Remove the files; no command can run any more."""
        self._owned.remove()

    async def exec(
        self,
        cmd: list[str],
        input: str | bytes | None = None,
        cwd: str | None = None,
        env: dict[str, str] | None = None,
        user: str | None = None,
        timeout: int | None = None,
        timeout_retry: bool = True,
        concurrency: bool = True,
    ) -> ExecResult[str]:
        """Run a command; one that ran out of time is never run again.

        Raises:
            TimeoutError: The command did not end in time; what it wrote into files is kept.
            PermissionError: The command cannot be executed.
            OutputLimitExceededError: The command printed more than Inspect's limit.
            SandboxUserUnsupportedError: Another user was asked for.
            SandboxFault: The sandbox failed, repeatedly; never the command's fault.
        """
        if user not in USERS:
            raise SandboxUserUnsupportedError(f"there is no user {user!r} here, only 'agent'")
        given = input.encode() if isinstance(input, str) else input or b""
        code = _python(cmd, given)
        asked = {
            "do": "run",
            "cmd": cmd,
            "cwd": cwd or ".",
            "env": env or {},
            "seconds": timeout or COMMAND_S,
            "python": code,
        }
        if code is not None and cmd[-1] != code:  # the code came by stdin, and nothing follows it
            given = b""
        outcome, result = await self._do(asked, given)
        for text in (outcome.stdout, outcome.stderr):
            if len(text.encode()) > SandboxEnvironmentLimits.MAX_EXEC_OUTPUT_SIZE:
                limit = SandboxEnvironmentLimits.MAX_EXEC_OUTPUT_SIZE_STR
                raise OutputLimitExceededError(limit, text)
        if result.code is None or outcome.status is Status.TIMEOUT:
            raise TimeoutError(f"the command ran for over {timeout or COMMAND_S:g} s")
        result.raise_error()
        lost = f"its files are not kept: {result.lost}" if result.lost else ""
        notes = "".join(f"{note}\n" for note in (outcome.detail, lost) if note)
        return ExecResult(result.code == 0, result.code, outcome.stdout, outcome.stderr + notes)

    async def write_file(self, file: str, contents: str | bytes) -> None:
        """Write a file, relative to the working folder.

        Raises:
            IsADirectoryError: A folder has that name.
            PermissionError: The file may not be written, or does not fit.
            SandboxFault: The sandbox failed, repeatedly.
        """
        data = contents.encode() if isinstance(contents, str) else contents
        _, result = await self._do({"do": "write", "path": file}, data)
        result.raise_error()
        if result.lost:
            raise PermissionError(f"{file}: {result.lost}")

    @overload
    async def read_file(self, file: str, text: Literal[True] = True) -> str: ...

    @overload
    async def read_file(self, file: str, text: Literal[False]) -> bytes: ...

    async def read_file(self, file: str, text: bool = True) -> str | bytes:
        """Read a file, relative to the working folder.

        Raises:
            FileNotFoundError: The file does not exist.
            IsADirectoryError: The path is that of a folder.
            PermissionError: The file may not be read.
            UnicodeDecodeError: The file is not UTF-8, and text was asked for.
            OutputLimitExceededError: The file is larger than Inspect's limit.
            SandboxFault: The sandbox failed, repeatedly.
        """
        asked = {"do": "read", "path": file, "limit": SandboxEnvironmentLimits.MAX_READ_FILE_SIZE}
        async with self._turn:
            outcome, result = await self._run(asked)
            result.raise_error()
            content = outcome.files.get(_CONTENT)
            if not isinstance(content, Saved):  # what a command left makes files unreadable
                last = (outcome.stderr.strip() or outcome.detail).splitlines()[-1:]
                raise FileNotFoundError(f"{file}: {''.join(last)}")
            data = content.path.read_bytes()
            content.path.unlink()
        return data.decode() if text else data

    async def _do(self, asked: dict[str, Any], content: bytes) -> tuple[Outcome, CommandResult]:
        async with self._turn:
            return await self._run(asked, content)

    async def _run(
        self, asked: dict[str, Any], content: bytes | None = None
    ) -> tuple[Outcome, CommandResult]:
        """Run the program that does what is asked; the caller holds `_turn`."""
        load = {_REQUEST: self._folder / "request"}
        load[_REQUEST].write_text(json.dumps({**asked, "state_mb": STATE_MB}))
        if content is not None:
            load[_CONTENT] = self._folder / "content"
            load[_CONTENT].write_bytes(content)
        if (self._folder / _STATE).exists():
            load[_STATE] = self._folder / _STATE
        kept = _CONTENT if asked["do"] == "read" else _STATE
        program = Program(
            code=_PROGRAM.read_text("utf-8"),
            load=load,
            save=(_RESULT, kept),
            save_to=self._folder,
            limits=Limits(
                wall_s=asked.get("seconds", STAGING_S) + STAGING_S,
                memory_mb=MEMORY_MB,
                disk_mb=4 * STATE_MB,
                file_mb=STATE_MB + 64,
                output_kb=(SandboxEnvironmentLimits.MAX_EXEC_OUTPUT_SIZE >> 10) + 1,
            ),
        )
        outcome = await execute_retrying(self._sandbox, program)
        if outcome.status is Status.REFUSED:
            raise SandboxFault(f"a sample's files could not go in: {outcome.detail}")
        result = read_result(outcome.files.get(_RESULT))
        left = outcome.files.get(_STATE)
        if isinstance(left, Refused) and not result.lost:
            result.lost = left.why
        return outcome, result


def open_executor(settings: SandboxSettings) -> LocalExecutor | Remote:
    """Open the sandbox that settings name."""
    return open_remote(settings.url) if settings.url else LocalExecutor(settings.slots)


def _python(cmd: list[str], given: bytes) -> str | None:
    """Return the code of a command that only runs Python code, as Inspect's tools write it."""
    match cmd:
        case ["python3" | "python", "-c", code]:
            return code
        case ["bash", "--login", "-c", "python3 -"]:
            return given.decode("utf-8", errors="surrogateescape")
        case _:
            return None
