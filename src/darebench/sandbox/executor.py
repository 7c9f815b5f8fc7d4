"""The Executor protocol: run one program, get one outcome."""

from __future__ import annotations

import asyncio
from typing import Protocol

from darebench.errors import SandboxFault
from darebench.sandbox.program import Outcome, Program


class LastingFault(SandboxFault):
    """The sandbox failed, and another try would not help or has been made already."""


class Executor(Protocol):
    """Something that runs hostile Python. Safe to share between concurrent tasks."""

    async def execute(self, program: Program) -> Outcome:
        """Run `program` to its end or limit; cancelling the call ends it at once.

        Raises:
            SandboxFault: The sandbox failed, not the program; a retry may help.
        """
        ...

    async def close(self) -> None:
        """Stop everything that runs and release all resources; can be called twice."""
        ...


async def execute_retrying(executor: Executor, program: Program, attempts: int = 3) -> Outcome:
    """Run `program`, and run it again if the sandbox itself fails.

    Raises:
        SandboxFault: The sandbox failed `attempts` times, or in a way that lasts.
    """
    for attempt in range(1, attempts):
        try:
            return await executor.execute(program)
        except LastingFault:
            raise
        except SandboxFault:
            await asyncio.sleep(0.2 * attempt)
    return await executor.execute(program)
