"""The processes that an executor keeps ready ahead of calls.

A spare is a warden with a program's process that is closed in and waits. A light spare is a fork of
the small zygote, for programs that import no library but numpy. The others have the libraries, and
while nothing runs they are prefaulted: their share of the libraries' memory is copied ahead of the
call, which programs would otherwise copy page by page.
"""

from __future__ import annotations

import contextlib
import re
import select
import socket
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from darebench.sandbox.channel import send
from darebench.sandbox.host.keeper_process import KeeperProcess
from darebench.sandbox.messages import MakeCell, NextProgram, Prefault

PATIENCE_S = 0.05
"""How long to wait for a spare whose last program may be slow to end, before one is made."""
_IMPORTED = re.compile(r"\bfrom[ \t]+([\w.]+)[ \t]+import\b|\bimport[ \t]+([^\n;#]+)")
_INDIRECT = re.compile(r"\b(?:__import__|importlib|runpy|pickle|exec|eval)\b")
"""What may need libraries that a program's imports do not name."""
_LIGHT = sys.stdlib_module_names | {"numpy"}


def is_light(code: str) -> bool:
    """Check whether a program needs only numpy and the standard library, by its imports.

    A program that is wrongly taken for light imports its libraries itself, which takes longer.
    """
    if _INDIRECT.search(code):
        return False
    parts = (part for one, many in _IMPORTED.findall(code) for part in (one or many).split(","))
    names = {part.split()[0].partition(".")[0] for part in parts if part.strip()}
    return names <= _LIGHT


@dataclass(slots=True, kw_only=True, eq=False)
class Spare:
    """The socket to a warden that waits for its call."""

    reply: socket.socket
    light: bool
    prefaulted: bool = False


class Pool(KeeperProcess):
    """A keeper and the spares that it has made."""

    def __init__(self, slots: int, warm: Sequence[str] | None, *, allow_unsafe: bool) -> None:
        self._lock = threading.Lock()
        self._slots = slots
        self._spares: list[Spare] = []
        super().__init__(slots, warm, allow_unsafe=allow_unsafe)

    def take(self, *, light: bool) -> Spare:
        """Take the best spare for a program, or have one made; `give_back` must follow."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            with self._lock:
                fitting = [spare for spare in self._spares if spare.light == light]
                poll = select.poll()
                for spare in fitting:
                    poll.register(spare.reply, select.POLLIN)
                # A warden speaks when its program waits, or by its end.
                spoken = {descriptor for descriptor, _ in poll.poll(0)}
                ready = [spare for spare in fitting if spare.reply.fileno() in spoken]
                if ready:
                    best = max(ready, key=lambda spare: spare.prefaulted)
                    self._spares.remove(best)
                    return best
                if not fitting or time.monotonic() > deadline:
                    return self._make(light=light)
            poll.poll(1 + 1000 * max(0.0, deadline - time.monotonic()))

    def renew(self, spare: Spare) -> None:
        """Have a new warden made for a spare whose warden has turned out to be dead."""
        spare.reply.close()
        with self._lock:
            spare.reply, spare.prefaulted = self._make(light=spare.light).reply, False

    def give_back(self, spare: Spare, *, again: bool, idle: bool) -> None:
        """End a call, and use the time after it to make spares.

        Args:
            spare: The spare that `take` returned.
            again: Its warden offers to take another call.
            idle: No other call runs or waits, so that spares can be prefaulted as well.
        """
        with self._lock, contextlib.suppress(OSError):  # the next call finds out what is wrong
            alike = [other for other in self._spares if other.light == spare.light]
            # As many as may run are more than are made: else one would be closed and made in turn.
            if again and len(alike) < 3 * self._slots and _ask_again(spare, idle=idle):
                alike.append(spare)
                self._spares.append(spare)
            else:
                spare.reply.close()
            while len(alike) < 2 * self._slots:
                alike.append(self._make(light=spare.light, idle=idle))
                self._spares.append(alike[-1])
            if idle and not spare.light:
                plain = [other for other in alike if not other.prefaulted]
                for other in plain[: self._slots - (len(alike) - len(plain))]:
                    send(other.reply, Prefault())
                    other.prefaulted = True

    def make_session(self) -> socket.socket:
        """Have a cell for sessions made, and return the socket to its warden."""
        with self._lock:
            return self._ask(MakeCell(idle=False, light=False, session=True))

    def _make(self, *, light: bool, idle: bool = False) -> Spare:
        return Spare(reply=self._ask(MakeCell(idle=idle, light=light)), light=light)

    def _ask(self, wanted: MakeCell) -> socket.socket:
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                send(self._control, wanted, [theirs.fileno()])
            except OSError:
                ours.close()
                raise
        return ours

    def forget(self) -> None:
        """Drop a keeper that belongs to the process that this one was forked from."""
        super().forget()
        self._drop_spares()

    def stop(self) -> None:
        """End the keeper with all that runs below it, and remove what it has left on the host."""
        self._drop_spares()
        super().stop()

    def _drop_spares(self) -> None:
        for spare in self._spares:
            spare.reply.close()
        self._spares.clear()


def _ask_again(spare: Spare, *, idle: bool) -> bool:
    """Ask a warden for another program; return False if it has ended."""
    spare.prefaulted = False
    try:
        send(spare.reply, NextProgram(idle=idle))
    except OSError:
        return False
    return True
