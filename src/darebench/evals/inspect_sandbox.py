"""`sandbox="darebench"`: Inspect's agents and tools, run in our sandbox.

Every command is a program of its own, in a cell of its own. A sample's files, its working folder
and /tmp, are one archive on the host that no one but the cell ever opens; they come in before a
command and go out after it. Processes do not survive their command.

Not covered: other users, services, terminals, a network.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, overload

from inspect_ai.util import (
    ExecResult,
    OutputLimitExceededError,
    SandboxEnvironment,
    SandboxEnvironmentConfigType,
    SandboxEnvironmentLimits,
    SandboxUserUnsupportedError,
    sandboxenv,
)

from darebench.errors import SandboxFault
from darebench.evals.inspect_task import shared
from darebench.sandbox import Executor, Limits, LocalExecutor, Outcome, Program, Saved, Status
from darebench.sandbox.executor import execute_retrying

COMMAND_S = 3600.0
"""Wall-clock limit of a command that was given none."""
STAGING_S = 60.0
"""What the files' coming and going may take on top."""
MEMORY_MB = 8192
"""Of a command, the files included."""
STATE_MB = 1024
"""All files of a sample together."""
USERS = (None, "agent", "1000")
_STATE, _REQUEST, _CONTENT, _RESULT = (
    f".darebench-{name}" for name in ("state", "request", "content", "result")
)
_ERRORS = {
    error.__name__: error for error in (FileNotFoundError, IsADirectoryError, PermissionError)
}


@sandboxenv(name="darebench")
class DarebenchSandbox(SandboxEnvironment):
    """The files of one sample, and the commands on them, one at a time."""

    _executor: LocalExecutor | None = None
    _tasks = 0

    def __init__(self, executor: Executor) -> None:
        super().__init__()
        self._sandbox = executor
        self._folder = Path(tempfile.mkdtemp(prefix="darebench-sample-"))
        self._turn = asyncio.Lock()

    @classmethod
    async def task_init(cls, task_name: str, config: SandboxEnvironmentConfigType | None) -> None:
        """Share one sandbox among the tasks that run at the same time."""
        DarebenchSandbox._tasks += 1

    @classmethod
    async def task_cleanup(
        cls, task_name: str, config: SandboxEnvironmentConfigType | None, cleanup: bool
    ) -> None:
        """Close the sandbox after the last task."""
        DarebenchSandbox._tasks -= 1
        if DarebenchSandbox._tasks == 0 and DarebenchSandbox._executor is not None:
            await DarebenchSandbox._executor.close()
            DarebenchSandbox._executor = None

    @classmethod
    async def sample_init(
        cls, task_name: str, config: SandboxEnvironmentConfigType | None, metadata: dict[str, str]
    ) -> dict[str, SandboxEnvironment]:
        """Give a sample an empty folder."""
        executor = shared.get()
        if executor is None:
            if DarebenchSandbox._executor is None:
                DarebenchSandbox._executor = LocalExecutor()
            executor = DarebenchSandbox._executor
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
        """Remove the files; nothing can be run any more."""
        shutil.rmtree(self._folder, ignore_errors=True)

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
            TimeoutError: it did not end in time; what it wrote into files is kept.
            PermissionError: it cannot be executed.
            OutputLimitExceededError: it printed more than Inspect's limit.
            SandboxUserUnsupportedError: another user was asked for.
            SandboxFault: the sandbox failed, repeatedly; never the command's fault.
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
        is_script = (
            code is not None and cmd[-1] != code
        )  # then it came by stdin, which is at its end
        outcome, result = await self._do(asked, b"" if is_script else given)
        for text in (outcome.stdout, outcome.stderr):
            if len(text.encode()) > SandboxEnvironmentLimits.MAX_EXEC_OUTPUT_SIZE:
                limit = SandboxEnvironmentLimits.MAX_EXEC_OUTPUT_SIZE_STR
                raise OutputLimitExceededError(limit, text)
        if result.get("code", 0) is None or outcome.status is Status.TIMEOUT:
            raise TimeoutError(f"the command ran for over {timeout or COMMAND_S:g} s")
        _raise_for(result)
        # Without a result, the command took down all that ran, or was killed for its memory.
        notes = [outcome.detail, result.get("lost") and f"its files are not kept: {result['lost']}"]
        stderr = outcome.stderr + "".join(f"{note}\n" for note in notes if note)
        returncode = result.get("code", 137)
        return ExecResult(returncode == 0, returncode, outcome.stdout, stderr)

    async def write_file(self, file: str, contents: str | bytes) -> None:
        """Write a file, relative to the working folder.

        Raises:
            IsADirectoryError: there is a folder of that name.
            PermissionError: it may not be written, or there is no room.
            SandboxFault: the sandbox failed, repeatedly.
        """
        data = contents.encode() if isinstance(contents, str) else contents
        _, result = await self._do({"do": "write", "path": file}, data)
        _raise_for(result)
        if result.get("lost"):
            raise PermissionError(f"{file}: {result['lost']}")

    @overload
    async def read_file(self, file: str, text: Literal[True] = True) -> str: ...

    @overload
    async def read_file(self, file: str, text: Literal[False]) -> bytes: ...

    async def read_file(self, file: str, text: bool = True) -> str | bytes:
        """Read a file, relative to the working folder.

        Raises:
            FileNotFoundError: there is none.
            IsADirectoryError: it is a folder.
            PermissionError: it may not be read.
            UnicodeDecodeError: it is not UTF-8, and text was asked for.
            OutputLimitExceededError: it is larger than Inspect's limit.
            SandboxFault: the sandbox failed, repeatedly.
        """
        asked = {"do": "read", "path": file, "limit": SandboxEnvironmentLimits.MAX_READ_FILE_SIZE}
        async with self._turn:
            outcome, result = await self._run(asked)
            _raise_for(result)
            content = outcome.files.get(_CONTENT)
            if not isinstance(content, Saved):
                raise SandboxFault(f"a file could not be read: {outcome.detail or outcome.stderr}")
            data = content.path.read_bytes()
            content.path.unlink()
        return data.decode() if text else data

    async def _do(self, asked: dict[str, Any], content: bytes) -> tuple[Outcome, dict[str, Any]]:
        async with self._turn:
            return await self._run(asked, content)

    async def _run(
        self, asked: dict[str, Any], content: bytes | None = None
    ) -> tuple[Outcome, dict[str, Any]]:
        """Run the program that does what is asked; the caller has the turn."""
        load = {_REQUEST: self._folder / "request"}
        load[_REQUEST].write_text(json.dumps({**asked, "state_mb": STATE_MB}))
        if content is not None:
            load[_CONTENT] = self._folder / "content"
            load[_CONTENT].write_bytes(content)
        if (self._folder / _STATE).exists():
            load[_STATE] = self._folder / _STATE
        kept = _CONTENT if asked["do"] == "read" else _STATE
        program = Program(
            code=files("darebench.evals").joinpath("programs", "command.py").read_text("utf-8"),
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
        saved = outcome.files.get(_RESULT)
        return outcome, json.loads(saved.path.read_text()) if isinstance(saved, Saved) else {}


def _python(cmd: list[str], given: bytes) -> str | None:
    """Give the code of a command that only runs some in Python, as Inspect's tools write it."""
    match cmd:
        case ["python3" | "python", "-c", code]:
            return code
        case ["bash", "--login", "-c", "python3 -"]:
            return given.decode("utf-8", errors="surrogateescape")
        case _:
            return None


def _raise_for(result: dict[str, Any]) -> None:
    name = result.get("error")
    if name == "OutputLimitExceededError":
        raise OutputLimitExceededError(SandboxEnvironmentLimits.MAX_READ_FILE_SIZE_STR, None)
    if name is not None:
        raise _ERRORS[name](result["message"])
