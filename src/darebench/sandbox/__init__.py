"""Hostile Python, run in a sandbox: a program and its limits in, an outcome out."""

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
    warm: Sequence[str] | None = None,
    allow_unsafe: bool = False,
) -> Outcome:
    """Run one program in a sandbox of its own; for many programs, share a `LocalExecutor`.

    Args:
        code: Source text, run as `python main.py` would.
        load: Name inside the sandbox -> file on the host, copied in before the run.
        save: Names of the files to copy back after the run.
        save_to: Folder on the host for the saved files; needed when `save` is not empty.
        limits: What the program may use.
        warm: Modules that the program finds imported; those of most programs on tables without it.
        allow_unsafe: Run even where nothing can hide the host's files and network.

    Raises:
        SandboxFault: The sandbox failed, not the program.
        ConfigError: This machine lacks something that the sandbox needs.
    """
    executor = LocalExecutor(1, warm=warm, allow_unsafe=allow_unsafe)
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
