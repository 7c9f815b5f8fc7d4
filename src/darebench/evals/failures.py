"""Trajectory -> failure class (paper section 5): what went wrong in a scored attempt.

An answer that scores 0 is classified by what it says. Where no answer can be scored, the class
follows what ended the attempt: a limit, or else the file that it left, or else its last call. What
happened before that and was followed by another call does not count as a failure;
`darebench.evals.effort` counts it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from darebench.agents.hints import failed_on_forgotten
from darebench.store.layout import PREDICTION
from darebench.types import (
    CallRecord,
    CallStatus,
    Failure,
    Reason,
    ReasonCode,
    StopReason,
    Track,
    Variant,
)

_BY_LAST_CALL = {
    CallStatus.OK: Failure.NO_PREDICTION,
    CallStatus.ERROR: Failure.CODE_ERROR,
    CallStatus.TIMEOUT: Failure.EXECUTION_LIMIT,
    CallStatus.KILLED: Failure.EXECUTION_LIMIT,
    CallStatus.REFUSED: Failure.TOOL_ARGUMENTS,
    CallStatus.ARGUMENTS: Failure.TOOL_ARGUMENTS,
}


def classify(
    *,
    track: Track,
    score: float | None,
    reason: Reason | None,
    stop_reason: StopReason,
    calls: Sequence[CallRecord],
    task_files: Collection[str] = (),
) -> Failure | None:
    """Return the failure of an attempt; None for a success and for an unscored attempt.

    An IF attempt succeeds only when its prediction equals the reference; any other one succeeds
    when its score is above 0.
    """
    if score is None:
        return None
    if reason is None or reason.compared:
        return _of_answer(track, score, reason)
    if stop_reason is StopReason.TOKENS:
        return Failure.TOKEN_LIMIT
    if stop_reason is StopReason.TIME:
        return Failure.EXECUTION_LIMIT
    has_file = reason.code is not ReasonCode.NO_PREDICTION
    if stop_reason is StopReason.TURNS and not (has_file and _saved_last(calls)):
        return Failure.EXECUTION_LIMIT
    if has_file:
        return Failure.MALFORMED_PREDICTION
    if stop_reason is StopReason.REFUSED or not calls:
        return Failure.NO_PREDICTION
    if _forgot_a_file(calls, task_files):
        return Failure.TOOL_ARGUMENTS
    return _BY_LAST_CALL[calls[-1].status]


def _of_answer(track: Track, score: float, reason: Reason | None) -> Failure | None:
    if track.variant is Variant.IF:
        return Failure.INSTRUCTION if score < 1.0 else None
    return Failure(reason.code) if reason is not None and score == 0.0 else None


def _saved_last(calls: Sequence[CallRecord]) -> bool:
    """Check whether the last call was the one that handed the prediction in."""
    return bool(calls) and calls[-1].status == "ok" and PREDICTION in calls[-1].files_to_save


def _forgot_a_file(calls: Sequence[CallRecord], task_files: Collection[str]) -> bool:
    """Check whether the last call failed on a file that it could have loaded and did not."""
    *before, last = calls
    there = {name for call in before for name in call.files_to_save} | set(task_files)
    return failed_on_forgotten(last, there)
