"""What an attack is: a hostile program, and what has to be true of its outcome."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from darebench.sandbox.program import Limits, Outcome, Status

SMALL = Limits(wall_s=20.0, memory_mb=600, disk_mb=64, processes=32, file_mb=1, output_kb=64)
"""What an attack may use where it is not about a limit."""
PRELUDE = """
import ctypes, errno, os, signal, socket, struct, sys, threading, time
libc = ctypes.CDLL(None, use_errno=True)
def call(name, *arguments):
    result = getattr(libc, name)(*arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), name)
    return result
def system(number, *arguments):
    return call("syscall", number, *arguments)
def denied(action):
    try:
        result = action()
    except (OSError, ValueError):
        return
    sys.exit(f"ESCAPED with {result!r}")
"""
"""Runs before each attack; `denied` ends the program if what it is given works."""


class Kind(StrEnum):
    """What an attack is after."""

    SEE = "see what it must not"
    CHANGE = "change what it must not"
    LEAVE = "get out"
    CALLS = "reach the kernel by other doors"
    MEMORY = "use up memory"
    DISK = "use up disk"
    STAY = "never end, or flood"
    FORGE = "forge how it ended"
    FILES = "hand out what is not a plain file"
    POISON = "change the next program"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """A hostile program."""

    name: str
    kind: Kind
    code: str
    """Python source, to be run after `PRELUDE`."""
    holds: Callable[[Outcome], bool]
    """Check whether the sandbox held, from what came of the program."""
    limits: Limits = SMALL
    save: tuple[str, ...] = ()
    look: str = ""
    """Source whose outcome must be the same before the program and after it, if it is not empty."""
    machine: str = ""
    """The only kind of machine that it is for, if it is not empty."""


def says_held(outcome: Outcome) -> bool:
    """Check whether a program found each way closed, and came to its last line."""
    return outcome.stdout == "held\n" and outcome.status is Status.OK


def is_told_truly(outcome: Outcome) -> bool:
    """Check whether the status and the exit code say the same."""
    return (outcome.status is Status.OK) == (outcome.exit_code == 0)
