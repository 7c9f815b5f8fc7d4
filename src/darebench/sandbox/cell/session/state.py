"""A process at rest, as its warden sees it: checked from outside, hidden, and ended with its use.

It waits in the kernel for the warden's answer. What could connect it with others is looked for
where it cannot lie: threads, descriptors and memory maps in /proc. Then an empty folder is mounted
over its own in /proc, so that no step can look into it.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
from dataclasses import dataclass

from darebench.sandbox.cell import linux, process_tree, rootfs
from darebench.sandbox.cell.session import maps
from darebench.sandbox.cell.session.folder import Tree


@dataclass(slots=True, eq=False, kw_only=True)
class State:
    """What a session is between its steps: a process, and the files that belong to it."""

    pid: int
    handle: int
    """Its pidfd."""
    folder: int
    """Descriptor of its folder in /proc."""
    group: int
    """Its process group."""
    tree: Tree
    waiting: int | None
    """The notification that it waits with; None while it forks."""
    release: int = -1
    """Of the first state, whose parent is the zygote: closed when it has ended."""
    holders: int = 0
    """Sessions that are in this state."""

    def problem(self) -> str:
        """Return what the process at rest shares with others; empty if it is all by itself."""
        return _problem(self.folder)

    def has_thread(self, thread: int) -> bool:
        """Check whether a thread is one of this process."""
        try:
            os.stat(f"task/{thread}", dir_fd=self.folder)
        except OSError:
            return False
        return True

    def is_alive(self) -> bool:
        """Check whether the process has not ended; if it has, its number may mean another one."""
        return self.handle >= 0 and not select.select([self.handle], [], [], 0)[0]

    def let_go(self) -> None:
        """Note that one session less is in this state, and end it after the last."""
        self.holders -= 1
        if self.holders <= 0:
            self.end()

    def end(self) -> None:
        """Kill the process; its memory is freed behind our back."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        for descriptor in (self.handle, self.folder, self.release):
            if descriptor >= 0:
                os.close(descriptor)
        self.handle = self.folder = self.release = -1


def look_at(pid: int, waiting: int, tree: Tree, release: int = -1) -> State:
    """Return a process at rest as a state, hidden from the steps to come.

    Raises:
        OSError: It has died.
    """
    handle = os.pidfd_open(pid)
    folder = os.open(f"/proc/{pid}", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    group = os.getpgid(pid)
    linux.mount(rootfs.CODE, f"/proc/{pid}", None, linux.MS_BIND)
    return State(
        pid=pid,
        handle=handle,
        folder=folder,
        group=group,
        tree=tree,
        waiting=waiting,
        release=release,
    )


def problem_of(pid: int) -> str:
    """Return what a process at rest shares with others; empty if it is all by itself."""
    folder = os.open(f"/proc/{pid}", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        return _problem(folder)
    finally:
        os.close(folder)


def _problem(folder: int) -> str:
    try:
        return _problem_of_living(folder)
    except OSError:
        return "a process that has ended"


def _problem_of_living(folder: int) -> str:
    if _count("task", folder) != 1:
        return "threads"
    if _count("fd", folder):
        return "open descriptors"
    return "shared memory" if maps.shares_memory(folder) else ""


def _count(name: str, folder: int) -> int:
    descriptor = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=folder)
    try:
        return len(os.listdir(descriptor))
    finally:
        os.close(descriptor)


def alive(pid: int) -> bool:
    """Check whether a process that is not hidden has code to run."""
    found = process_tree.read_thread(str(pid))
    return found is not None and not (found.ended and found.n_threads <= 1)
