"""Inspect log -> Trajectory, and the documented JSON of one. The only reader of logs."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from darebench.errors import ConfigError
from darebench.evals.failures import classify
from darebench.files import written_whole
from darebench.types import (
    CallRecord,
    Failure,
    Message,
    Provenance,
    Reason,
    ReasonCode,
    StopReason,
    Task,
    Tokens,
    ToolCall,
    Track,
    Trajectory,
)

TRAJECTORIES = "trajectories.jsonl"
"""A run's attempts, in its folder."""
SCHEMA_VERSION = 1
RECORD = "darebench"
"""Under this name the solver leaves an attempt's record in Inspect's sample store."""
SCORER = "darebench_score"
_LIMITS = {
    "token": StopReason.TOKENS,
    "context": StopReason.TOKENS,
    "time": StopReason.TIME,
    "working": StopReason.TIME,
    "message": StopReason.TURNS,
    "turn": StopReason.TURNS,
}


def read_logs(folder: Path, tasks: Mapping[str, Task]) -> list[Trajectory]:
    """Read all attempts of a run from its Inspect logs, in task and epoch order.

    A resumed run leaves several logs, which repeat what was kept: each attempt counts once, a
    scored one before an unscored one, a newer before an older.
    """
    from inspect_ai.log import read_eval_log

    found: dict[tuple[str, int], Trajectory] = {}
    for path in sorted(folder.glob("*.eval"), reverse=True):
        log = read_eval_log(str(path))
        for sample in log.samples or []:
            if str(sample.id) not in tasks:
                continue
            trajectory = _from_sample(sample, log.eval.model, tasks[str(sample.id)])
            key = (trajectory.task, trajectory.epoch)
            known = found.get(key)
            if known is None or (known.score is None and trajectory.score is not None):
                found[key] = trajectory
    order = {task_id: position for position, task_id in enumerate(tasks)}
    return sorted(found.values(), key=lambda t: (order[t.task], t.epoch))


def was_cancelled(folder: Path) -> bool:
    """Tell whether the newest log of a run says that somebody interrupted it."""
    from inspect_ai.log import read_eval_log

    newest = max(folder.glob("*.eval"), default=None)
    return newest is not None and read_eval_log(str(newest), header_only=True).status == "cancelled"


def to_json(trajectory: Trajectory) -> dict[str, Any]:
    """Give the documented form of an attempt; `schema_version` stands first."""
    fields = asdict(trajectory)
    track = fields.pop("track")
    return {"schema_version": SCHEMA_VERSION, "task": fields.pop("task"), "column": track, **fields}


def from_json(value: Mapping[str, Any]) -> Trajectory:
    """Read the documented form.

    Raises:
        ConfigError: it is of another schema version, or a field is missing or wrong.
    """
    version = value.get("schema_version") if isinstance(value, Mapping) else None
    if version != SCHEMA_VERSION:
        raise ConfigError(f"a trajectory of schema version {version}; this reads {SCHEMA_VERSION}")
    fields = {k: v for k, v in value.items() if k not in ("schema_version", "column")}
    try:
        fields |= {
            "track": Track(value["column"]),
            "messages": tuple(map(_message, value["messages"])),
            "calls": tuple(map(_call, value["calls"])),
            "stop_reason": StopReason(value["stop_reason"]),
            "reason": _reason(value["reason"]),
            "failure": Failure(value["failure"]) if value["failure"] else None,
            "tokens": Tokens(**value["tokens"]),
            "provenance": Provenance(**value["provenance"]) if value["provenance"] else None,
        }
        return Trajectory(**fields)
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"a trajectory with an unusable field: {error}") from None


def write_trajectories(trajectories: Iterable[Trajectory], path: Path) -> None:
    """Write one JSON line an attempt, whole or not at all."""
    with written_whole(path) as part, part.open("w", encoding="utf-8") as stream:
        for trajectory in trajectories:
            stream.write(json.dumps(to_json(trajectory), ensure_ascii=False) + "\n")


def read_trajectories(path: Path) -> Iterator[Trajectory]:
    """Read attempts line by line.

    Raises:
        ConfigError: the file is missing, or a line is not a trajectory; its number is named.
    """
    if not path.is_file():
        raise ConfigError(f"{path} is missing; run `darebench eval` to the end first")
    with path.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            try:
                yield from_json(json.loads(line))
            except (ConfigError, ValueError, RecursionError) as error:
                raise ConfigError(
                    f"{path} line {number} is no trajectory ({error}); take the line out, or write "
                    "the file again"
                ) from None


def _from_sample(sample: Any, model: str, task: Task) -> Trajectory:
    from darebench.evals.inspect.model import from_inspect

    record = sample.store.get(RECORD, {})
    score = (sample.scores or {}).get(SCORER)
    value = math.nan if sample.error is not None or score is None else float(score.value)
    unscored = math.isnan(value)
    detail = {} if unscored or score is None else score.metadata
    stop = _LIMITS.get(sample.limit.type) if sample.limit else None
    trajectory = Trajectory(
        task=task.id,
        track=task.track,
        cluster=task.cluster,
        epoch=sample.epoch,
        model=model,
        messages=tuple(map(from_inspect, sample.messages)),
        calls=tuple(map(_call, record.get("calls", ()))),
        stop_reason=stop or StopReason(record.get("stop_reason", StopReason.FAULT)),
        score=None if unscored else value,
        strict_score=detail.get("strict_score"),
        targets={t["target"]: t["score"] for t in detail.get("targets", ())},
        provenance=Provenance(**detail["provenance"]) if detail else None,
        reason=_reason(detail.get("reason")),
        fault=_fault(sample, score) if unscored else None,
        seconds=record.get("seconds", sample.total_time or 0.0),
        tokens=Tokens(**record.get("tokens", {})),
    )
    if unscored:
        return replace(trajectory, stop_reason=StopReason.FAULT)
    failure = classify(
        track=trajectory.track,
        score=trajectory.score,
        reason=trajectory.reason,
        stop_reason=trajectory.stop_reason,
        calls=trajectory.calls,
        task_files=task.files,
    )
    return replace(trajectory, failure=failure)


def _fault(sample: Any, score: Any) -> str:
    if sample.error is not None:
        return sample.error.message
    return (score.explanation if score else None) or "the attempt ended without a score"


def _message(value: Mapping[str, Any]) -> Message:
    calls = tuple(ToolCall(**call) for call in value.get("tool_calls", ()))
    return Message(**{**value, "tool_calls": calls})


def _call(value: Mapping[str, Any]) -> CallRecord:
    names = {key: tuple(value[key]) for key in ("files_to_load", "files_to_save")}
    return CallRecord(**{**value, **names})


def _reason(value: Mapping[str, Any] | None) -> Reason | None:
    return Reason(code=ReasonCode(value["code"]), message=value["message"]) if value else None
