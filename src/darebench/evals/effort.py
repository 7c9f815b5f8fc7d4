"""What attempts took: calls and how they ended, tokens, and where the seconds went."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from darebench.types import CallStatus, Timing, Track, Trajectory


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """What some attempts took; means are over all of them, the unscored included."""

    attempts: int
    calls: float
    """Mean number of calls of the tool."""
    statuses: Mapping[CallStatus, float]
    """How calls ended -> share of all calls, in [0, 1]; of no calls, 0 each."""
    with_failed_call: int
    """Attempts in which a call ended otherwise than `ok`."""
    recovered: int
    """Those of them that left a prediction which could be compared with the truth all the same."""
    input_tokens: float
    output_tokens: float
    seconds: float
    """Mean wall-clock time, without the queue."""
    timing: Timing | None
    """Means of the parts of the time, over the `timed` attempts; None if there are none."""
    timed: int
    """Attempts whose time is split into parts."""


def effort(attempts: Sequence[Trajectory]) -> Effort:
    """Return what attempts took."""
    n = max(1, len(attempts))
    statuses = Counter(call.status for t in attempts for call in t.calls)
    n_calls = statuses.total()
    failed = [t for t in attempts if any(call.status != CallStatus.OK for call in t.calls)]
    timings = [t.timing for t in attempts if t.timing is not None]
    return Effort(
        attempts=len(attempts),
        calls=n_calls / n,
        statuses={status: statuses[status] / max(1, n_calls) for status in CallStatus},
        with_failed_call=len(failed),
        recovered=sum(t.answered for t in failed),
        input_tokens=sum(t.tokens.input for t in attempts) / n,
        output_tokens=sum(t.tokens.output for t in attempts) / n,
        seconds=sum(t.seconds for t in attempts) / n,
        timing=_mean(timings) if timings else None,
        timed=len(timings),
    )


def effort_by_track(attempts: Iterable[Trajectory]) -> dict[Track, Effort]:
    """Return what the attempts of each track took, in the order of `Track`."""
    made = list(attempts)
    by_track = {track: [t for t in made if t.track is track] for track in Track}
    return {track: effort(chosen) for track, chosen in by_track.items() if chosen}


def _mean(timings: Sequence[Timing]) -> Timing:
    n = len(timings)
    return Timing(
        model=sum(t.model for t in timings) / n,
        queue=sum(t.queue for t in timings) / n,
        tool=sum(t.tool for t in timings) / n,
    )
