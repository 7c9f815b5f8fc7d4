"""One step, run by the warden: a fork of a state, watched to its end or limit.

What a step may keep is its own process, if that comes to rest by itself; whatever else it has
started ends with it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import signal
import socket
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import NamedTuple

from darebench.sandbox.cell import linux, notices, process_tree
from darebench.sandbox.cell.isolation import Isolation
from darebench.sandbox.cell.rootfs import Places
from darebench.sandbox.cell.session import guard
from darebench.sandbox.cell.session.folder import Folder
from darebench.sandbox.cell.session.state import State, alive, problem_of
from darebench.sandbox.cell.session.words import NOT_FORKED, Answer, Word
from darebench.sandbox.cell.watch import BOUNDED_LOOK_S, FIRST_LOOK_S, LOOK_S
from darebench.sandbox.channel import receive
from darebench.sandbox.messages import StopStep
from darebench.sandbox.program import Limits, Status

SETTLE_S = 5.0
"""How long a process may take to give up what it shares."""
ENDING_S = 2.0
"""How long other processes of a step may outlive being killed."""
FIRST_TO_DIE = b"1000"
"""The kernel's rating of a step's process when memory is short, before any process at rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What all steps of one warden have in common."""

    isolation: Isolation
    places: Places
    group: str
    """Name of the control group."""
    listener: int
    reply: socket.socket
    inherited_kb: int
    limits: Limits
    cpu_s: float


class Rested(NamedTuple):
    """A step's process that has come to rest."""

    pid: int
    waiting: int
    """Its notification."""
    exit_code: int


class StepResult(NamedTuple):
    """How a step ended."""

    status: Status
    detail: str
    exit_code: int
    rested: Rested | None
    """Its process, which the caller keeps or kills; all others are dead."""


class Step:
    """A step under way."""

    def __init__(
        self, around: Surroundings, folder: Folder, state: State, states: Collection[State]
    ) -> None:
        """Prepare a step of `state`; none of the `states` may be touched by it."""
        self._around = around
        self._folder = folder
        self._state = state
        self._states = states
        self._rest = guard.AtRest(
            frozenset(one.pid for one in states), frozenset(one.group for one in states)
        )
        self._pid = 0
        self._handle = -1
        self._rested: Rested | None = None
        self._settling = self._is_refused = False

    def run(self, descriptors: list[int], seconds: float, *, keep_failed: bool) -> StepResult:
        """Run the step to its end or limit; nothing of it runs afterwards.

        Args:
            descriptors: Its streams, and its order.
            seconds: Its wall-clock limit.
            keep_failed: Keep its process also where it has failed.

        Raises:
            EOFError: The executor is gone.
        """
        if not self._state.is_alive():
            return self._lost()
        kills = self._around.isolation.groups.oom_kills(self._around.group)
        try:
            result = self._started(descriptors) or self._wait(time.monotonic() + seconds, seconds)
            if result.rested is not None:
                if result.status is Status.OK or keep_failed:
                    result = self._settled(result)
                else:
                    result = result._replace(rested=None)
            self._end_others(result.rested.pid if result.rested else 0)
            is_replaced = result.rested is not None and self._state.holders == 1
            if not is_replaced and not self._is_fit(self._state):
                self._state.end()
                if result.rested is None:
                    return self._lost()
            return self._blamed(result, kills)
        finally:
            if self._handle >= 0:
                os.close(self._handle)

    def _blamed(self, result: StepResult, kills: int) -> StepResult:
        """Name the limit that has ended the step's process, if one has."""
        killed_now = self._around.isolation.groups.oom_kills(self._around.group) > kills
        if result.status is not Status.ERROR:
            return result
        if result.exit_code == -signal.SIGXCPU:
            detail = f"over the CPU limit of {self._around.cpu_s:g} s"
        elif killed_now:
            detail = f"over the memory limit of {self._around.limits.memory_mb} MB"
        else:
            return result
        return result._replace(status=Status.KILLED, detail=detail)

    def _started(self, descriptors: list[int]) -> StepResult | None:
        """Wake the state; return the end of the step if it is dead."""
        waiting, self._state.waiting = self._state.waiting, None
        try:
            if waiting is None:
                raise OSError(errno.ESRCH, "it does not wait")
            for target, descriptor in enumerate(descriptors):
                notices.hand_over(self._around.listener, waiting, descriptor, target)
            notices.answer(self._around.listener, waiting, Answer.FORK)
        except OSError:
            return self._lost()
        return None

    def _lost(self) -> StepResult:
        detail = "the session's process has been killed, and its state is lost"
        return StepResult(Status.KILLED, detail, -signal.SIGKILL, None)

    def _wait(self, deadline: float, seconds: float) -> StepResult:
        poll = select.poll()
        for descriptor in (self._around.listener, self._around.reply.fileno(), self._state.handle):
            poll.register(descriptor, select.POLLIN)
        killed = -signal.SIGKILL
        look = time.monotonic() + FIRST_LOOK_S
        while self._rested is None:
            now = time.monotonic()
            if now > deadline:
                detail = f"over the wall-clock limit of {seconds:g} s"
                return StepResult(Status.TIMEOUT, detail, killed, None)
            if now > look:
                if over := self._over_memory():
                    return StepResult(Status.KILLED, over, killed, None)
                bounded = bool(self._around.isolation.groups.descriptors)
                look = now + (BOUNDED_LOOK_S if bounded else LOOK_S)
            if self._is_refused:
                detail = f"over the limit of {self._around.limits.processes} processes"
                return StepResult(Status.KILLED, detail, killed, None)
            before = self._handle
            for descriptor, _ in poll.poll(max(0.0, min(deadline, look) - now) * 1000 + 1):
                if descriptor == self._around.listener:
                    self._take()
                elif descriptor == self._around.reply.fileno():
                    receive(self._around.reply, StopStep)
                    return StepResult(Status.KILLED, "stopped by the caller", killed, None)
                elif descriptor == self._state.handle:
                    return self._lost()
                elif descriptor == self._handle and self._rested is None:
                    code = process_tree.exit_code(self._pid)
                    detail = "the step has ended its process, and the state before it is kept"
                    return StepResult(Status.ERROR, detail, code, None)
            if self._handle != before:
                poll.register(self._handle, select.POLLIN)
        code = self._rested.exit_code
        return StepResult(Status.ERROR if code else Status.OK, "", code, self._rested)

    def _take(self) -> None:
        """Take a notification, and answer it unless a process rests with it."""
        call = notices.receive(self._around.listener)
        if call is None:
            return
        listener = self._around.listener
        if call.number != notices.SYS_acct:
            if guard.borrows_memory(call):
                denied = self._state.has_thread(call.pid)
            else:
                denied = guard.reaches(call, self._rest)
            if not denied:
                notices.let_go(listener, call.id)
                return
        elif self._hears(call):
            return
        with contextlib.suppress(OSError):  # it has been killed meanwhile
            notices.answer(listener, call.id, error=errno.EPERM)

    def _hears(self, call: notices.Notification) -> bool:
        """Hear what a process says; return False if it may not say so."""
        word, value = call.arguments[:2]
        if word == Word.BEGIN and not self._pid and call.pid != self._state.pid:
            with contextlib.suppress(OSError):
                self._handle = os.pidfd_open(call.pid)
                self._pid = call.pid
                linux.write(f"/proc/{call.pid}/oom_score_adj", FIRST_TO_DIE)
                notices.answer(self._around.listener, call.id)
            return True
        if word != Word.REST:
            return False
        if call.pid == self._state.pid:
            self._state.waiting = call.id
            self._is_refused = value == NOT_FORKED
            return True
        if self._rested is None and (call.pid == self._pid or self._settling):
            self._rested = Rested(call.pid, call.id, value & 0xFF)
            return True
        return False

    def _settled(self, result: StepResult) -> StepResult:
        """Have the process at rest give up what it shares; drop it if it does not."""
        assert result.rested is not None
        rested = result.rested
        self._end_others(rested.pid)
        problem = self._problem(rested.pid)
        if problem:
            self._settling, self._rested = True, None
            with contextlib.suppress(OSError):
                notices.answer(self._around.listener, rested.waiting, Answer.SETTLE)
            self._await(lambda: self._rested is not None)
            if self._rested is not None:
                rested = self._rested
                self._end_others(rested.pid)
                problem = self._problem(rested.pid)
        if problem:
            detail = f"the step left {problem}, which a session cannot keep"
            return StepResult(Status.KILLED, detail, -signal.SIGKILL, None)
        with contextlib.suppress(OSError):
            linux.write(f"/proc/{rested.pid}/oom_score_adj", b"0")
        return result._replace(rested=rested)

    def _problem(self, pid: int) -> str:
        """Return what keeps the step's process from being a state; empty if nothing does."""
        try:
            return problem_of(pid) or ("maps of its files" if self._folder.is_mapped() else "")
        except ValueError as error:
            return str(error)

    def _is_fit(self, state: State) -> bool:
        """Check whether the state before the step can be used again."""
        self._await(lambda: state.waiting is not None)
        if state.waiting is None or state.problem():
            return False
        try:
            return not self._folder.is_mapped()
        except ValueError:  # too deep to look through: what nobody can name, nobody can change
            self._folder.clear()
            return True

    def _await(self, happened: Callable[[], bool]) -> None:
        """Take notifications until something has happened, or it is too late."""
        deadline = time.monotonic() + SETTLE_S
        poll = select.poll()
        poll.register(self._around.listener, select.POLLIN)
        poll.register(self._state.handle, select.POLLIN)
        while not happened() and (left := deadline - time.monotonic()) > 0:
            ready = {descriptor for descriptor, _ in poll.poll(left * 1000)}
            if self._around.listener in ready:
                self._take()
            elif self._state.handle in ready:  # it has ended
                poll.unregister(self._state.handle)
                if self._state.waiting is None and not self._settling:
                    return

    def _end_others(self, kept: int = 0) -> None:
        """Kill what runs, but for one process and those at rest; if new ones always come, all."""
        spared = {one.pid for one in self._states if one.is_alive()} | {kept}
        deadline = time.monotonic() + ENDING_S
        groups, is_first = self._around.isolation.groups, True
        try:
            while running := [pid for pid in self._members() if pid not in spared and alive(pid)]:
                if is_first:
                    groups.bound_processes(self._around.group, 0)
                is_first = False
                for pid in running:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                if time.monotonic() > deadline:
                    process_tree.kill(own_namespace=True)
                time.sleep(0.0002)
        finally:
            if not is_first:
                groups.bound_processes(self._around.group, self._around.limits.processes)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass

    def _members(self) -> list[int]:
        return process_tree.members(own_namespace=True)

    def _over_memory(self) -> str:
        """Return what to report if the step holds too much memory, else an empty text."""
        around = self._around
        limit_mb = around.limits.memory_mb
        if around.isolation.groups.descriptors:
            return ""
        pids = [pid for pid in self._members() if pid not in self._rest.processes]
        files_mb = around.places.used_mb()
        if process_tree.memory_mb(pids, around.inherited_kb) + files_mb <= limit_mb:
            return ""
        used = process_tree.exact_memory_mb(pids) + files_mb
        return f"over the memory limit of {limit_mb} MB (used {used} MB)" if used > limit_mb else ""
