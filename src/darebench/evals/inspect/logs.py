"""Inspect log -> trajectories. The only reader of a run's logs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from inspect_ai.log import EvalSample, read_eval_log, read_eval_log_sample_summaries

from darebench.agents.loop import Attempt
from darebench.evals.inspect.task import RECORD, SCORER
from darebench.evals.trajectory import from_json, trajectory_of
from darebench.types import StopReason, Task, Trajectory

_ATTACHMENT = "attachment://"
_UNSCORED = "the attempt ended without a score"


def read_logs(folder: Path, tasks: Mapping[str, Task]) -> list[Trajectory]:
    """Return all attempts of a run from its Inspect logs, in task and epoch order.

    A resumed run leaves several logs, which repeat what was kept: each attempt counts once, a
    scored one before an unscored one, a newer before an older.
    """
    found: dict[tuple[str, int], Trajectory] = {}
    for path in _newest_first(folder):
        log = read_eval_log(str(path))
        for sample in log.samples or []:
            if str(sample.id) not in tasks:
                continue
            trajectory = _trajectory(sample, log.eval.model, tasks[str(sample.id)])
            key = (trajectory.task, trajectory.epoch)
            known = found.get(key)
            if known is None or (known.score is None and trajectory.score is not None):
                found[key] = trajectory
    order = {task_id: position for position, task_id in enumerate(tasks)}
    return sorted(found.values(), key=lambda t: (order[t.task], t.epoch))


def count_kept(folder: Path, tasks: Iterable[str]) -> int:
    """Count the scored attempts of a run so far, from its newest log, without reading them."""
    wanted = set(tasks)
    newest = next(iter(_newest_first(folder)), None)
    if newest is None:
        return 0
    kept = read_eval_log_sample_summaries(str(newest))
    return sum(s.completed and s.error is None and str(s.id) in wanted for s in kept)


def was_cancelled(folder: Path) -> bool:
    """Check whether the newest log of a run says that somebody interrupted it."""
    newest = next(iter(_newest_first(folder)), None)
    return newest is not None and read_eval_log(str(newest), header_only=True).status == "cancelled"


def _newest_first(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.eval"), reverse=True)


def _trajectory(sample: EvalSample, model: str, task: Task) -> Trajectory:
    record = _record(sample)
    if record is None:  # it ended before the solver began
        nothing = Attempt(messages=[], seconds=sample.total_time or 0.0)
        fault = sample.error.message if sample.error else _UNSCORED
        return trajectory_of(task, nothing, None, epoch=sample.epoch, model=model, fault=fault)
    trajectory = from_json(record)
    if trajectory.score is not None and sample.error is None:
        return trajectory
    fault = sample.error.message if sample.error else trajectory.fault or _UNSCORED
    return replace(
        trajectory,
        score=None,
        strict_score=None,
        targets={},
        provenance=None,
        reason=None,
        failure=None,
        fault=fault,
        stop_reason=StopReason.FAULT,
    )


def _record(sample: EvalSample) -> dict[str, Any] | None:
    score = (sample.scores or {}).get(SCORER)
    metadata = score.metadata if score is not None and score.metadata else {}
    record = metadata.get(RECORD, sample.store.get(RECORD))
    return None if record is None else _whole(record, sample.attachments)


def _whole(value: Any, attachments: Mapping[str, str]) -> Any:
    """Return a JSON value with the long texts that Inspect keeps apart in its recovered logs."""
    if isinstance(value, str):
        is_apart = value.startswith(_ATTACHMENT)
        return attachments.get(value.removeprefix(_ATTACHMENT), value) if is_apart else value
    if isinstance(value, list):
        return [_whole(item, attachments) for item in value]
    if isinstance(value, dict):
        return {name: _whole(item, attachments) for name, item in value.items()}
    return value
