"""What a server's status means for a call: who is at fault, and whether to try again.

No status costs an agent anything: what a program did stands in the body of an answer with 200, and
nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from darebench.retry_after import retry_after_s


class Verdict(StrEnum):
    """What follows from a status."""

    ANSWER = "answer"
    """The body says how the program ended."""
    BUSY = "busy"
    """The server has no room now: wait, and ask again."""
    GONE = "gone"
    """The server, or what stands before it, fails for now: wait, and ask again."""
    FAULT = "fault"
    """It will not run this request; a fault of ours."""
    SETTING = "setting"
    """Only a person can mend it: the address, the token, or what the server grants."""


TABLE: Mapping[int, Verdict] = {
    200: Verdict.ANSWER,
    408: Verdict.GONE,
    413: Verdict.FAULT,
    414: Verdict.FAULT,
    422: Verdict.FAULT,
    425: Verdict.GONE,
    429: Verdict.BUSY,
    431: Verdict.FAULT,
    501: Verdict.SETTING,
    505: Verdict.SETTING,
    511: Verdict.SETTING,
}
"""Statuses that differ from the others of their hundred."""
RETRY_AFTER = "Retry-After"
SHORTEST_S, LONGEST_S = 0.1, 60.0
"""Bounds of what `Retry-After` may ask for."""


def verdict_on(status: int, retry_s: float | None) -> Verdict:
    """Return what a status means.

    Args:
        status: The answer's HTTP status.
        retry_s: What `retry_after` found in its headers.
    """
    if status in TABLE:
        return TABLE[status]
    if status >= 500:
        return Verdict.BUSY if status == 503 and retry_s is not None else Verdict.GONE
    return Verdict.SETTING


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds after which to ask again, or None if the headers do not say."""
    seconds = retry_after_s(headers.get(RETRY_AFTER))
    return None if seconds is None else min(max(seconds, SHORTEST_S), LONGEST_S)


def setting_problem(url: str, status: int, said: str, location: str | None) -> str:
    """Return what a person has to change, in a sentence, for a status that means `SETTING`."""
    if status in (401, 403):
        return f"{url} asks for a token ({status}); put it into DAREBENCH_SANDBOX_TOKEN"
    if 300 <= status < 400:
        where = f"to {location}" if location else "elsewhere"
        return f"{url} redirects {where} ({status}); give the address that it leads to"
    if status == 400:
        return f"{url} does not grant what is asked for ({status}): {said}"
    return f"{url} answered {status} ({said}): it is not a sandbox; check the address"
