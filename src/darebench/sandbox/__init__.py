"""Runs hostile Python: a program and its limits in, an outcome out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from darebench.sandbox.executor import Executor
from darebench.sandbox.local import LocalExecutor
from darebench.sandbox.program import Limits, Outcome, Program, Refused, Saved, Status

__all__ = [
    "Executor",
    "Limits",
    "LocalExecutor",
    "Outcome",
    "Program",
    "Refused",
    "Saved",
    "Status",
    "run_python",
]


def run_python(
    code: str,
    *,
    load: Mapping[str, Path] | None = None,
    save: Sequence[str] = (),
    save_to: Path | None = None,
    limits: Limits | None = None,
    allow_unsafe: bool = False,
) -> Outcome:
    """Run one program in a sandbox of its own.

    Raises:
        SandboxFault: the sandbox failed, not the program.
        ConfigError: this machine lacks what the sandbox is made of.
    """
    executor = LocalExecutor(1, allow_unsafe=allow_unsafe)
    try:
        return executor.execute_now(
            Program(
                code=code,
                load=load or {},
                save=tuple(save),
                save_to=save_to,
                limits=limits or Limits(),
            )
        )
    finally:
        executor.close_now()
