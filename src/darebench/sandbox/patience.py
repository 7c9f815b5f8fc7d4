"""How long a sandbox server that fails is waited for: with growing pauses, and not for ever.

All calls of one executor share what they know. Once the server has been gone for the whole time
that is granted, further calls try once and fail, until one of them gets an answer.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable

GONE_S = 60.0
"""How long a server that cannot be reached, or fails, is waited for."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 5.0
SAY_AFTER_S = 2.0
"""Waits that are shorter are not worth a word."""
SAY_EVERY_S = 10.0
STALE_S = 30.0
"""After so long without a call, nothing is known of the server any more."""


class Waiting:
    """What an executor's calls know of their server; used in one event loop."""

    def __init__(self, url: str) -> None:
        self.say: Callable[[str], None] = lambda text: None
        """Told when the server is waited for, and when it is back."""
        self._url = url
        self._since: float | None = None
        self._last = 0.0
        self._said = 0.0

    def answered(self) -> None:
        """Note that the server has answered."""
        if self._since is not None and self._said:
            away_s = time.monotonic() - self._since
            self.say(f"the sandbox at {self._url} answers again after {away_s:.0f} s")
        self._since, self._said = None, 0.0

    def failed(self, why: str) -> None:
        """Note that the server has failed."""
        now = time.monotonic()
        if self._since is None or now - self._last > STALE_S:
            self._since = now
        self._last = now
        away_s = now - self._since
        if away_s >= SAY_AFTER_S and now - self._said >= SAY_EVERY_S:
            self._said = now
            self.say(f"waits for the sandbox at {self._url} since {away_s:.0f} s: {why}")

    def away_s(self) -> float:
        """Return for how many seconds no call has got an answer."""
        return 0.0 if self._since is None else time.monotonic() - self._since


class Pauses:
    """The pauses of one call: each about twice as long as the one before."""

    def __init__(self, waiting: Waiting, gone_s: float) -> None:
        self._waiting = waiting
        self._gone_s = gone_s
        self._began: float | None = None
        self._next_s = FIRST_PAUSE_S

    def next_s(self) -> float | None:
        """Return the seconds to wait before the next try, or None if there should be none."""
        if self._began is None:
            self._began = time.monotonic()
        waited_s = max(time.monotonic() - self._began, self._waiting.away_s())
        if waited_s >= self._gone_s:
            return None
        pause_s = jittered(self._next_s)
        self._next_s = min(2 * self._next_s, LONGEST_PAUSE_S)
        return min(pause_s, max(self._gone_s - waited_s, 0.0))


def jittered(seconds: float) -> float:
    """Return up to half as much again, so that clients do not all come back at once."""
    return seconds * _random.uniform(1.0, 1.5)


_random = random.Random()
"""Our own: programs of the caller may have seeded the shared one."""
