"""Trajectory -> failure class (paper section 5): what went wrong in a scored attempt."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from darebench.types import CallRecord, CallStatus, Failure, Reason, StopReason, Track, Variant


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

    An MM, XF or CF attempt whose prediction can be scored is a success at any score; an IF attempt
    is a success only when its prediction equals the reference.
    """
    if score is None:
        return None
    if reason is None or reason.compared:
        failed = track.variant is Variant.IF and score < 1.0
        return Failure.INSTRUCTION if failed else None
    if stop_reason is StopReason.TOKENS:
        return Failure.TOKEN_LIMIT
    last = calls[-1] if calls else None
    status = None if last is None else last.status
    if status == CallStatus.ARGUMENTS or _forgot_a_file(calls, task_files):
        return Failure.TOOL_ARGUMENTS
    stopped = status in (CallStatus.TIMEOUT, CallStatus.KILLED)
    if stopped or stop_reason in (StopReason.TURNS, StopReason.TIME):
        return Failure.EXECUTION_LIMIT
    return Failure.CODE_ERROR if status == CallStatus.ERROR else Failure.NO_PREDICTION


def _forgot_a_file(calls: Sequence[CallRecord], task_files: Collection[str]) -> bool:
    """Check whether the last call failed on a file that it could have loaded and did not."""
    if not calls:
        return False
    *before, last = calls
    if last.status != CallStatus.ERROR or "FileNotFoundError" not in last.stderr:
        return False
    saved = {name for call in before for name in call.files_to_save}
    return any(name in last.stderr for name in (saved | set(task_files)) - set(last.files_to_load))
