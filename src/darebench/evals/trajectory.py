"""One attempt as a `Trajectory`, the documented JSON of it, and files of them.

Evaluation, rollouts and training all make their trajectories here.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Protocol

from darebench.errors import ConfigError
from darebench.evals.failures import classify
from darebench.files import written_whole
from darebench.text import clean
from darebench.types import (
    CallRecord,
    CallStatus,
    Failure,
    Message,
    Provenance,
    Reason,
    ReasonCode,
    Role,
    Score,
    StopReason,
    TargetScore,
    Task,
    Timing,
    Tokens,
    ToolCall,
    Track,
    Trajectory,
)

TRAJECTORIES = "trajectories.jsonl"
"""Name of the file of a run's attempts, in its folder."""
SCHEMA_VERSION = 1


class Attempted(Protocol):
    """What an attempt leaves, scored or not: an `Attempt` of the loop, or a `Trajectory`."""

    @property
    def messages(self) -> Sequence[Message]:
        """The conversation."""
        ...

    @property
    def calls(self) -> Sequence[CallRecord]:
        """The calls of the tool, in their order."""
        ...

    @property
    def stop_reason(self) -> StopReason:
        """Why the attempt ended."""
        ...

    @property
    def warnings(self) -> Sequence[str]:
        """What a person should know of it."""
        ...

    @property
    def seconds(self) -> float:
        """Wall-clock time, without the queue."""
        ...

    @property
    def timing(self) -> Timing | None:
        """Where the time went, if that is known."""
        ...

    @property
    def tokens(self) -> Tokens:
        """What the provider counted."""
        ...


def trajectory_of(
    task: Task,
    attempt: Attempted,
    score: Score | None,
    *,
    epoch: int,
    model: str,
    fault: str | None = None,
) -> Trajectory:
    """Return an attempt at a task as a trajectory.

    Args:
        task: The task that was attempted.
        attempt: What the attempt left.
        score: The score of its prediction; None for an attempt that is not scored.
        epoch: Which repeat it is, from 1.
        model: Who made it.
        fault: What failed on our side, which leaves the attempt without a score.
    """
    stop_reason = attempt.stop_reason if fault is None else StopReason.FAULT
    failure = classify(
        track=task.track,
        score=None if score is None else score.score,
        reason=None if score is None else score.reason,
        stop_reason=stop_reason,
        calls=attempt.calls,
        task_files=task.files,
    )
    return Trajectory(
        task=task.id,
        track=task.track,
        cluster=task.cluster,
        epoch=epoch,
        model=model,
        messages=tuple(attempt.messages),
        calls=tuple(attempt.calls),
        stop_reason=stop_reason,
        score=None if score is None else score.score,
        strict_score=None if score is None else score.strict_score,
        targets={} if score is None else {t.target: t.score for t in score.targets},
        details=() if score is None else tuple(replace(t, per_class={}) for t in score.targets),
        provenance=None if score is None else score.provenance,
        reason=None if score is None else score.reason,
        failure=failure,
        fault=fault,
        warnings=tuple(attempt.warnings),
        seconds=round(attempt.seconds, 3),
        timing=_rounded(attempt.timing),
        tokens=attempt.tokens,
    )


def to_json(trajectory: Trajectory) -> dict[str, Any]:
    """Return the documented JSON form of an attempt; `schema_version` stands first.

    What cannot be written as UTF-8 is replaced in it, as `darebench.text` says.
    """
    fields = clean(asdict(trajectory))
    track = fields.pop("track")
    return {"schema_version": SCHEMA_VERSION, "task": fields.pop("task"), "column": track, **fields}


def from_json(value: Mapping[str, Any], *, is_clean: bool = False) -> Trajectory:
    """Read the documented JSON form of an attempt.

    Args:
        value: The JSON form.
        is_clean: Whether its texts are known to be those that `darebench.text` makes of them.

    Raises:
        ConfigError: The value is of another schema version, or a field is missing or wrong.
    """
    version = value.get("schema_version") if isinstance(value, Mapping) else None
    if version != SCHEMA_VERSION:
        raise ConfigError(f"a trajectory of schema version {version}; this reads {SCHEMA_VERSION}")
    value = value if is_clean else clean(value)
    fields = {k: v for k, v in value.items() if k not in ("schema_version", "column")}
    try:
        fields |= {
            "track": Track(value["column"]),
            "messages": tuple(map(_message, value["messages"])),
            "calls": tuple(map(_call, value["calls"])),
            "warnings": tuple(value.get("warnings", ())),
            "stop_reason": StopReason(value["stop_reason"]),
            "reason": _reason(value["reason"]),
            "details": tuple(map(_target, value.get("details", ()))),
            "failure": Failure(value["failure"]) if value["failure"] else None,
            "timing": Timing(**value["timing"]) if value.get("timing") else None,
            "tokens": Tokens(**value["tokens"]),
            "provenance": Provenance(**value["provenance"]) if value["provenance"] else None,
        }
        return Trajectory(**fields)
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"a trajectory with an unusable field: {error}") from None


def write_trajectories(trajectories: Iterable[Trajectory], path: Path) -> None:
    """Write one JSON line for each attempt; the file is whole or is not written."""
    with written_whole(path) as part, part.open("w", encoding="utf-8") as stream:
        for trajectory in trajectories:
            stream.write(json.dumps(to_json(trajectory), ensure_ascii=False) + "\n")
        stream.flush()
        os.fsync(stream.fileno())


def read_trajectories(path: Path) -> Iterator[Trajectory]:
    """Yield the attempts of a file, line by line.

    Raises:
        ConfigError: The file is missing, or one of its lines is not a trajectory.
    """
    if not path.is_file():
        raise ConfigError(f"{path} is missing; run `darebench eval` to the end first")
    with path.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            try:
                yield from_json(json.loads(line))
            except (ConfigError, ValueError, RecursionError) as error:
                raise ConfigError(
                    f"{path} line {number} is not a trajectory ({error}); take the line out, or "
                    "write the file again"
                ) from None


def _message(value: Mapping[str, Any]) -> Message:
    calls = tuple(ToolCall(**call) for call in value.get("tool_calls", ()))
    return Message(**{**value, "role": Role(value["role"]), "tool_calls": calls})


def _call(value: Mapping[str, Any]) -> CallRecord:
    names = {key: tuple(value[key]) for key in ("files_to_load", "files_to_save")}
    return CallRecord(**{**value, **names, "status": CallStatus(value["status"])})


def _rounded(timing: Timing | None) -> Timing | None:
    if timing is None:
        return None
    return Timing(**{name: round(seconds, 3) for name, seconds in asdict(timing).items()})


def _target(value: Mapping[str, Any]) -> TargetScore:
    return TargetScore(**{**value, "reason": _reason(value["reason"])})


def _reason(value: Mapping[str, Any] | None) -> Reason | None:
    return Reason(code=ReasonCode(value["code"]), message=value["message"]) if value else None
