"""Which calls that name a process a step may make: none that reach a state at rest.

States and steps have one pid namespace and one user, so that the kernel alone would let a step end
the state that a fork of its session needs. States at rest do not change during a step: what is
allowed here cannot come to mean one of them before the kernel does it.
"""

from __future__ import annotations

import ctypes
import os
from typing import NamedTuple

from darebench.sandbox.cell import notices

_NUMBERS = {
    "x86_64": {
        "kill": 62, "tkill": 200, "tgkill": 234, "rt_sigqueueinfo": 129,
        "rt_tgsigqueueinfo": 297, "pidfd_open": 434, "clone": 56, "vfork": 58,
    },
    "aarch64": {
        "kill": 129, "tkill": 130, "tgkill": 131, "rt_sigqueueinfo": 138,
        "rt_tgsigqueueinfo": 240, "pidfd_open": 434, "clone": 220,
    },
}[os.uname().machine]  # fmt: skip
_NAMES = {number: name for name, number in _NUMBERS.items()}
_TARGETS = {"tgkill": 2, "rt_tgsigqueueinfo": 2}
"""How many of the first arguments name a process or a thread, where it is not one."""


class AtRest(NamedTuple):
    """Processes that no step may reach, and their process groups."""

    processes: frozenset[int]
    groups: frozenset[int]


def borrows_memory(call: notices.Notification) -> bool:
    """Check whether a call makes a fork that runs in its parent's memory."""
    return _NAMES.get(call.number) in ("clone", "vfork")


def reaches(call: notices.Notification, rest: AtRest) -> bool:
    """Check whether a call would reach a process at rest."""
    name = _NAMES.get(call.number, "")
    targets = [ctypes.c_int(value).value for value in call.arguments[: _TARGETS.get(name, 1)]]
    if name != "kill" or targets[0] > 0:
        return not rest.processes.isdisjoint(targets)
    if targets[0] == -1:
        return True
    try:
        return (os.getpgid(call.pid) if targets[0] == 0 else -targets[0]) in rest.groups
    except ProcessLookupError:  # the caller has ended
        return True
