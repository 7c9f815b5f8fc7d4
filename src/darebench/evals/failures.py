"""Trajectory -> failure class (paper section 5): what went wrong in a scored attempt."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from darebench.agents.tools import ARGUMENTS
from darebench.types import CallRecord, Failure, Reason, StopReason, Track, Variant


def classify(
    *,
    track: Track,
    score: float | None,
    reason: Reason | None,
    stop_reason: StopReason,
    calls: Sequence[CallRecord],
    task_files: Collection[str] = (),
) -> Failure | None:
    """Name the failure of an attempt; None for a success and for an unscored one.

    An MM, XF or CF attempt with a prediction that can be scored is a success at any score; an IF
    attempt is one only when it equals the reference.
    """
    if score is None:
        return None
    if reason is None:
        failed = track.variant is Variant.IF and score < 1.0
        return Failure.INSTRUCTION if failed else None
    if stop_reason is StopReason.TOKENS:
        return Failure.TOKEN_LIMIT
    last = calls[-1] if calls else None
    if last is not None and (last.status == ARGUMENTS or _forgot_a_file(last, calls, task_files)):
        return Failure.TOOL_ARGUMENTS
    stopped = last is not None and last.status in ("timeout", "killed")
    if stopped or stop_reason in (StopReason.TURNS, StopReason.TIME):
        return Failure.EXECUTION_LIMIT
    if last is not None and last.status == "error":
        return Failure.CODE_ERROR
    return Failure.NO_PREDICTION


def _forgot_a_file(
    last: CallRecord, calls: Sequence[CallRecord], task_files: Collection[str]
) -> bool:
    """Tell whether the last call failed on a file that it could have loaded and did not."""
    if last.status != "error" or "FileNotFoundError" not in last.stderr:
        return False
    saved = {name for call in calls[:-1] for name in call.files_to_save}
    return any(name in last.stderr for name in (saved | set(task_files)) - set(last.files_to_load))
