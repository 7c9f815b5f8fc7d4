"""Reads the folder of a run at any moment: before its end, while it is made, and afterwards."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

from darebench.errors import ConfigError
from darebench.evals.attempts_file import ATTEMPTS, Key, read_lines
from darebench.evals.evaluation import Run
from darebench.evals.run_records import read_records
from darebench.evals.trajectory import TRAJECTORIES, from_json
from darebench.text import may_need_cleaning
from darebench.types import Task, Trajectory

PREDICTIONS = "predictions"
"""The folder of predictions, in that of a run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an attempt is written down."""

    path: Path
    start: int
    """Bytes before its line."""
    size: int
    """Bytes of the line."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class KeptRun(Run):
    """What the folder of a run holds by now, its attempts in the order of tasks and epochs."""

    config: Mapping[str, Any]
    """The record of what is run, `config.json`."""
    environment: Mapping[str, Any]
    """The record of what it is run with, `env.json`."""
    places: tuple[Place, ...]
    """Where each of the attempts is written down."""


def read_run(folder: Path, *, with_texts: bool = True) -> KeptRun:
    """Read what a run has by now, finished or not; a process that makes it is not disturbed.

    Args:
        folder: The folder of the run.
        with_texts: Keep messages, codes and outputs, which are nearly all of a large run. Without
            them, `read_attempt` reads those of one attempt from its place.

    Raises:
        ConfigError: The folder is not that of a run, or its record cannot be used.
    """
    config, environment = read_records(folder)
    try:
        order = attempts_of(config["task_ids"], config["config"]["epochs"])
    except (KeyError, TypeError) as error:
        raise ConfigError(f"{folder} is not a run folder: {error!r}") from None
    found = _read_attempts(folder, with_texts)
    kept = [found[key] for key in order if key in found]
    return KeptRun(
        folder=folder,
        config=config,
        environment=environment,
        expected=len(order),
        trajectories=tuple(trajectory for trajectory, _ in kept),
        places=tuple(place for _, place in kept),
    )


def open_run(folder: Path | str) -> Run:
    """Open the folder of a run, finished or not, to look at it or to compare it.

    Raises:
        ConfigError: The folder is not that of a run, or its record cannot be used.
    """
    return read_run(Path(folder))


def read_attempt(place: Place) -> Trajectory:
    """Read one attempt with all its texts.

    Raises:
        ConfigError: The record has been written anew since its place was noted.
    """
    try:
        with place.path.open("rb") as stream:
            stream.seek(place.start)
            content = stream.read(place.size)
        return from_json(json.loads(content), is_clean=not may_need_cleaning(content))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{place.path} has changed; read the run again ({error})") from None


def attempts_of(tasks: Sequence[str], epochs: int) -> list[Key]:
    """Return all attempts of a run in the order of tasks and epochs."""
    return [Key(task, epoch) for task, epoch in product(tasks, range(1, epochs + 1))]


def predictions_of(folder: Path, task: Task, epoch: int) -> Path:
    """Return the folder of the files that one attempt saves, in a run's folder of predictions."""
    return folder / f"epoch-{epoch}" / task.dataset / str(task.variant)


def _read_attempts(folder: Path, with_texts: bool) -> dict[Key, tuple[Trajectory, Place]]:
    """Return the attempt that counts for each key: the last, unless only an earlier has a score."""
    path, former = folder / ATTEMPTS, folder / TRAJECTORIES
    if not path.is_file():
        path = former  # of a finished run of a version that kept no record of its own
    found: dict[Key, tuple[Trajectory, Place]] = {}
    for line in read_lines(path) if path.is_file() else ():
        if line.is_scored or line.key not in found or found[line.key][0].score is None:
            made = from_json(line.value, is_clean=line.is_clean)
            place = Place(path=path, start=line.start, size=line.size)
            found[line.key] = (made if with_texts else _without_texts(made), place)
    return found


def _without_texts(t: Trajectory) -> Trajectory:
    calls = tuple(replace(c, code="", stdout="", stderr="", arguments=None) for c in t.calls)
    return replace(t, messages=(), calls=calls)
