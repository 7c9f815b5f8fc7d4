"""The Executor protocol: run one program, get one outcome."""

from __future__ import annotations

from typing import Protocol

from darebench.sandbox.program import Outcome, Program


class Executor(Protocol):
    """Something that runs hostile Python. Safe to share between concurrent tasks."""

    async def execute(self, program: Program) -> Outcome:
        """Run `program` to its end or limit.

        Raises:
            SandboxFault: the sandbox failed, not the program; a retry may help.
        """
        ...

    async def close(self) -> None:
        """Stop everything that runs and release all resources; can be called twice."""
        ...
