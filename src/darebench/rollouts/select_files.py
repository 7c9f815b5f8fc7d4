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
from darebench.evals.trajectory import TRAJECTORIES
from darebench.files import written_whole
from darebench.rollouts.select import Strategy, Thresholds, choose


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """What a selection kept."""

    attempts: int
    unscored: int
    tasks: int
    selected: int
    selected_tasks: int


@dataclass(frozen=True, slots=True)
class _Row:
    task: str
    score: float | None
    seconds: float
    epoch: int


def trajectories_file(source: Path) -> Path:
    """Return the path of a run folder's trajectories; a file stands for itself.

    Raises:
        ConfigError: The file is missing.
    """
    path = source / TRAJECTORIES if source.is_dir() else source
    if path.is_file():
        return path
    if (source / "config.json").is_file():
        raise ConfigError(
            f"the run in {source} is unfinished; rerun the command that started it to resume"
        )
    raise ConfigError(f"{path} is missing; give a run folder or a file of trajectories")


def keep_apart(out: Path, source: Path) -> None:
    """Refuse to write over the file that is read.

    Raises:
        ConfigError: Both are the same file.
    """
    if out.resolve() == source.resolve():
        raise ConfigError(f"{out} is the file that is read; give another --out")


def select_file(
    source: Path, out: Path, strategy: Strategy, thresholds: Thresholds | None = None
) -> Selected:
    """Copy the lines of the chosen attempts from `source` (a file or a run folder) to `out`.

    Raises:
        ConfigError: `out` is the file that is read, or a line has no usable `task`, `score` or
            `seconds`.
    """
    path = trajectories_file(source)
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
    kept: set[int] = set()
    n_tasks = 0
    for task, positions in groups.items():
        rows = [
            _Row(task, None if math.isnan(scores[p]) else scores[p], seconds[p], epochs[p])
            for p in positions
        ]
        chosen = choose(rows, strategy, thresholds)
        kept |= {lines[positions[k]] for k in chosen}
        n_tasks += bool(chosen)
    _copy(path, out, kept)
    return Selected(
        attempts=len(scores),
        unscored=sum(map(math.isnan, scores)),
        tasks=len(groups),
        selected=len(kept),
        selected_tasks=n_tasks,
    )


def _copy(path: Path, out: Path, numbers: set[int]) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(out) as part, part.open("wb") as stream:
        for number, line in _lines(path):
            if number in numbers:
                stream.write(line)


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
    if not isinstance(task, str) or not task:
        problem = f"task is {task!r}, not a task's id"
    elif "score" not in value or not (score is None or (_is_number(score) and 0 <= score <= 1)):
        problem = f"score is {score!r}, not a number from 0 to 1 or null for an unscored attempt"
    elif not _is_number(seconds):
        problem = f"seconds is {seconds!r}, not a number"
    elif type(epoch) is not int or not 0 <= epoch < 1 << 62:
        problem = f"epoch is {epoch!r}, not a whole number that counts attempts"
    else:
        return _Row(task, score, seconds, epoch)
    raise ConfigError(f"{path} line {number}: {problem}")


def _is_number(value: object) -> TypeGuard[float]:
    return type(value) in (int, float) and math.isfinite(cast(float, value))
