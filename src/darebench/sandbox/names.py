"""Which file names may go in and out: plain ones, that no reader can misread."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from darebench.sandbox.program import Limits, Outcome, Program, Status

MAX_BYTES = 255
UNWRITTEN = "the program did not write it"
"""Why a file to save is not there."""


def problem_with(name: str) -> str | None:
    """Return why a file name is refused, or None if it is a good one."""
    if not name or name in (".", ".."):
        return "the name is empty or a folder"
    if "/" in name or "\\" in name:
        return "the name has a folder in it; use a plain file name"
    if not name.isprintable():
        return "the name has a character that cannot be printed"
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        return "the name is not valid text"
    return f"the name has {size} bytes, the limit is {MAX_BYTES}" if size > MAX_BYTES else None


def refusal(program: Program) -> Outcome | None:
    """Return the outcome of a program whose files may not go in, or None if they may.

    Raises:
        ValueError: The program has files to save, and no folder to save them to.
    """
    if program.save and program.save_to is None:
        raise ValueError("a program with files to save needs save_to")
    problem = problem_with_files(program.load, program.limits)
    return None if problem is None else refused(problem)


def problem_with_files(load: Mapping[str, Path], limits: Limits) -> str | None:
    """Return why files may not go in, or None if they may."""
    for name, path in load.items():
        problem = problem_with(name)
        if problem is None and not path.is_file():
            problem = "it does not exist or is not a regular file"
        elif problem is None and path.stat().st_size > limits.file_mb << 20:
            problem = f"it is over the limit of {limits.file_mb} MB"
        if problem is not None:
            return f"file to load {name[:80]!r}: {problem}"
    return None


def refused(why: str) -> Outcome:
    """Build the outcome of a program that is not run."""
    return Outcome(
        status=Status.REFUSED, exit_code=None, stdout="", stderr="", seconds=0.0, detail=why
    )
