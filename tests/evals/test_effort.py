"""What attempts took: failed calls and recoveries stay visible."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from darebench.evals.effort import effort, effort_by_track
from darebench.types import (
    CallRecord,
    CallStatus,
    Reason,
    ReasonCode,
    StopReason,
    Timing,
    Tokens,
    Track,
    Trajectory,
)

BAD = Reason(code=ReasonCode.NO_PREDICTION, message="none")
WORSE = Reason(code=ReasonCode.WORSE_THAN_MEAN, message="worse")


def attempt(statuses=(), *, score: float | None = 0.5, reason=None, track=Track.CLASS_MM, **more):
    calls = tuple(
        CallRecord(
            code="",
            files_to_load=(),
            files_to_save=(),
            stdout="",
            stderr="",
            status=CallStatus(status),
            seconds=1.0,
        )
        for status in statuses
    )
    fields = {"seconds": 3.0, "tokens": Tokens(input=100, output=10, total=110), **more}
    return Trajectory(
        task="a/mm",
        track=track,
        cluster="a",
        epoch=1,
        model="m",
        messages=(),
        calls=calls,
        stop_reason=StopReason.ANSWER,
        score=score,
        reason=reason,
        **fields,
    )


def test_failed_calls_and_recoveries_are_counted():
    made = effort(
        [
            attempt(["timeout", "ok"], timing=Timing(model=1.0, queue=4.0, tool=2.0)),
            attempt(["error", "error"], score=0.0, reason=BAD),
            attempt(["ok"], score=0.0, reason=WORSE, timing=Timing(model=2.0, tool=1.0)),
            attempt(["error", "ok"], score=0.0, reason=WORSE),
            attempt([], score=None),
        ]
    )
    assert made.attempts == 5
    assert made.calls == pytest.approx(7 / 5)
    assert made.statuses["timeout"] == pytest.approx(1 / 7)
    assert made.statuses["error"] == pytest.approx(3 / 7)
    assert made.statuses["ok"] == pytest.approx(3 / 7)
    assert (made.with_failed_call, made.recovered) == (3, 2)
    assert (made.input_tokens, made.output_tokens, made.seconds) == (100.0, 10.0, 3.0)
    assert made.timing == Timing(model=1.5, queue=2.0, tool=1.5)
    assert made.timed == 2


def test_nothing_was_attempted():
    made = effort([])
    assert (made.attempts, made.calls, made.timing) == (0, 0.0, None)
    assert effort_by_track([]) == {}


@given(
    runs=st.lists(
        st.tuples(
            st.lists(st.sampled_from(list(CallStatus)), max_size=4),
            st.sampled_from(list(Track)),
            st.sampled_from([(None, None), (0.0, BAD), (0.0, WORSE), (0.7, None)]),
        ),
        max_size=12,
    )
)
def test_tracks_add_up_to_the_whole(runs):
    attempts = [attempt(s, track=t, score=x, reason=r) for s, t, (x, r) in runs]
    whole, parts = effort(attempts), effort_by_track(attempts)
    assert list(parts) == [t for t in Track if t in {a.track for a in attempts}]
    assert sum(p.attempts for p in parts.values()) == whole.attempts
    assert sum(p.recovered for p in parts.values()) == whole.recovered <= whole.with_failed_call
    assert sum(p.calls * p.attempts for p in parts.values()) == pytest.approx(
        whole.calls * whole.attempts
    )
    assert sum(whole.statuses.values()) == pytest.approx(1.0 if whole.calls else 0.0)
