"""A runtime of verifiers 0.4 over a session: commands run walled in, and files stay.

verifiers knows its own runtimes by name; this one is made by hand and lent to a run, as
`Agent.run(task, runtime=...)` does.
"""

from __future__ import annotations

import json
from typing import Any

# verifiers is installed in an environment of its own, where the type checker does not run.
from verifiers.v1.errors import SandboxError  # pyright: ignore[reportMissingImports]
from verifiers.v1.runtimes import (  # pyright: ignore[reportMissingImports]
    ProgramResult,
    Runtime,
    SubprocessConfig,
    SubprocessRuntimeInfo,
)

from darebench.errors import SandboxFault
from darebench.sandbox.program import StepOutcome
from darebench.sandbox.session import AsyncSession

WRITTEN_AT_A_TIME = 1 << 18
"""Bytes of a file that one step writes."""
_RUN = """
import json, os, subprocess, sys
argv, env = json.loads({!r})
try:
    code = subprocess.run(argv, env=os.environ | env, stdin=subprocess.DEVNULL).returncode
except OSError as error:
    print(f"{{error.filename}}: {{error.strerror}}", file=sys.stderr)
    code = 127
code
"""
_WRITE = """
import os
os.makedirs(os.path.dirname({path!r}) or ".", exist_ok=True)
with open({path!r}, {mode!r}) as stream:
    stream.write({data!r})
"""


class SessionRuntime(Runtime):
    """Runs each command in a step of a session, which takes the arguments of `AsyncSession`.

    A command that is stopped at a limit leaves no file behind, as any step does; no process lives
    on after its command.
    """

    def __init__(self, name: str | None = None, **session: Any) -> None:
        super().__init__(name)
        self.config, self.info = SubprocessConfig(), SubprocessRuntimeInfo()
        self._session = AsyncSession(**session)

    async def start(self) -> None:
        """Open the session.

        Raises:
            SandboxError: The sandbox failed.
        """
        try:
            await self._session.open()
        except SandboxFault as fault:
            raise SandboxError(str(fault)) from fault
        self.info.id = self.name

    async def teardown(self) -> None:
        """Close the session."""
        await self._session.close()

    async def run(self, argv: list[str], env: dict[str, str]) -> ProgramResult:
        """Run a command; one that is stopped at a limit has the exit code 124 or 137.

        Raises:
            SandboxError: The sandbox failed.
        """
        done = await self._step(_RUN.format(json.dumps([argv, self.process_env(env)])))
        if done.status != "ok":
            code = 124 if done.status == "timeout" else 137
            return ProgramResult(code, done.stdout, f"{done.stderr}{done.detail}")
        return ProgramResult(int(done.result or 0), done.stdout, done.stderr)

    async def write(self, path: str, data: bytes) -> None:
        """Write a file, with the folders that it needs.

        Raises:
            SandboxError: The file cannot be written, or the sandbox failed.
        """
        for start in range(0, max(1, len(data)), WRITTEN_AT_A_TIME):
            chunk = data[start : start + WRITTEN_AT_A_TIME]
            done = await self._step(
                _WRITE.format(path=path, mode="ab" if start else "wb", data=chunk)
            )
            if done.status != "ok":
                raise SandboxError(f"{path}: {(done.stderr or done.detail).splitlines()[-1]}")

    async def _read(self, path: str, max_bytes: int | None = None) -> bytes:
        if max_bytes is not None:
            return await super()._read(path, max_bytes)
        return await self._session.read(path)

    async def _step(self, code: str) -> StepOutcome:
        try:
            return await self._session.run(code)
        except SandboxFault as fault:
            raise SandboxError(str(fault)) from fault
