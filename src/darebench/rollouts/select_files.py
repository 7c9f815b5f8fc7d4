"""Selection over files of any size: two passes, lines copied as they are.

The first pass keeps four small values of each line, the second copies the chosen lines byte for
byte, so that a program that wrote more into a line than we know finds it again.
"""

from __future__ import annotations

import json
import math
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard, cast

from darebench.errors import ConfigError
from darebench.files import write_json, written_whole
from darebench.rollouts.select import Strategy, Thresholds, choose
from darebench.rollouts.shortfall import Shortfall, closest, shortfall
from darebench.rollouts.sources import Source, keep_apart, open_source, record_beside
from darebench.types import StopReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """What a selection kept."""

    attempts: int
    unscored: int
    tasks: int
    selected: int
    selected_tasks: int
    left_out: tuple[Shortfall, ...]
    """Why other tasks gave none, and how close the best of them was."""


@dataclass(frozen=True, slots=True)
class _Row:
    task: str
    score: float | None
    seconds: float
    epoch: int


def select_file(
    source: Path, out: Path, strategy: Strategy, thresholds: Thresholds | None = None
) -> Selected:
    """Copy the lines of the chosen attempts from `source` (a file or a run folder) to `out`.

    What is known of their run goes into a record beside `out`.

    Raises:
        ConfigError: `out` is the file that is read, the source holds no attempt, or a line has no
            usable `task`, `score` or `seconds`.
    """
    thresholds = thresholds or Thresholds()
    opened = open_source(source)
    path = opened.path
    keep_apart(out, path)
    groups: dict[str, array[int]] = {}
    lines, scores, seconds, epochs = array("q"), array("d"), array("d"), array("q")
    for number, line in _lines(path):
        row = _row(line, number, path)
        groups.setdefault(row.task, array("q")).append(len(scores))
        lines.append(number)
        scores.append(math.nan if row.score is None else row.score)
        seconds.append(row.seconds)
        epochs.append(row.epoch)
    if not groups and not opened.is_chosen:
        raise ConfigError(f"{path} holds no attempt; give a run folder or a file of attempts")
    kept: set[int] = set()
    missed: list[Shortfall] = []
    for task, positions in groups.items():
        rows = [
            _Row(task, None if math.isnan(scores[p]) else scores[p], seconds[p], epochs[p])
            for p in positions
        ]
        chosen = choose(rows, strategy, thresholds)
        kept |= {lines[positions[k]] for k in chosen}
        if not chosen:
            missed.append(shortfall(rows, thresholds))
    _copy(opened, out, kept)
    return Selected(
        attempts=len(scores),
        unscored=sum(map(math.isnan, scores)),
        tasks=len(groups),
        selected=len(kept),
        selected_tasks=len(groups) - len(missed),
        left_out=tuple(closest(missed)),
    )


def _copy(source: Source, out: Path, numbers: set[int]) -> None:
    """Copy lines by number, and what is known of their run."""
    out.parent.mkdir(parents=True, exist_ok=True)
    beside = record_beside(out)
    keep_apart(beside, source.path)
    with written_whole(out) as part, part.open("wb") as stream:
        for number, line in _lines(source.path):
            if number in numbers:
                stream.write(line)
        with written_whole(beside) as record:
            write_json({**(source.record or {}), "run": source.run}, record)


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield every line that is not blank, with its number from 1 and its line end."""
    with path.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            if not line.isspace():
                yield number, line


def _row(line: bytes, number: int, path: Path) -> _Row:
    try:
        value: Any = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path} line {number} is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise ConfigError(f"{path} line {number} is not a JSON object; write one trajectory a line")
    task, score = value.get("task"), value.get("score")
    seconds, epoch = value.get("seconds"), value.get("epoch")
    epoch = 0 if epoch is None else epoch
    ended_badly = value.get("stop_reason") == StopReason.FAULT or value.get("fault") is not None
    if not isinstance(task, str) or not task:
        problem = f"task is {task!r}, not a task's id"
    elif "score" not in value or not (score is None or (_is_number(score) and 0 <= score <= 1)):
        problem = f"score is {score!r}, not a number from 0 to 1 or null for an unscored attempt"
    elif not _is_number(seconds):
        problem = f"seconds is {seconds!r}, not a number"
    elif type(epoch) is not int or not 0 <= epoch < 1 << 62:
        problem = f"epoch is {epoch!r}, not a whole number that counts attempts"
    else:
        return _Row(task, None if ended_badly else score, seconds, epoch)
    raise ConfigError(f"{path} line {number}: {problem}")


def _is_number(value: object) -> TypeGuard[float]:
    return type(value) in (int, float) and math.isfinite(cast(float, value))
