"""Reads the folder of a run at any moment: before its end, while it is made, and afterwards."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from darebench.errors import ConfigError
from darebench.evals.attempts_file import ATTEMPTS, Key, read_lines
from darebench.evals.evaluation import Run
from darebench.evals.trajectory import TRAJECTORIES, from_json, read_trajectories
from darebench.types import Task, Trajectory

CONFIG = "config.json"
"""The record of what is run."""
ENVIRONMENT = "env.json"
"""The record of what it is run with."""
PREDICTIONS = "predictions"
"""The folder of predictions, in that of a run."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class KeptRun(Run):
    """What the folder of a run holds by now, its attempts in the order of tasks and epochs."""

    config: Mapping[str, Any]
    """The record of what is run, `config.json`."""
    environment: Mapping[str, Any]
    """The record of what it is run with, `env.json`."""


def read_run(folder: Path) -> KeptRun:
    """Read what a run has by now, finished or not; a process that makes it is not disturbed.

    Raises:
        ConfigError: The folder is not that of a run, or its record cannot be used.
    """
    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        environment = json.loads((folder / ENVIRONMENT).read_text(encoding="utf-8"))
        order = attempts_of(config["task_ids"], config["config"]["epochs"])
    except OSError as error:
        raise ConfigError(
            f"{folder} is not a run folder: {error.filename}: {error.strerror}"
        ) from None
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{folder} is not a run folder: {error!r}") from None
    found = _read_attempts(folder)
    return KeptRun(
        folder=folder,
        config=config,
        environment=environment,
        expected=len(order),
        trajectories=tuple(found[key] for key in order if key in found),
    )


def attempts_of(tasks: Sequence[str], epochs: int) -> list[Key]:
    """Return all attempts of a run in the order of tasks and epochs."""
    return [Key(task, epoch) for task, epoch in product(tasks, range(1, epochs + 1))]


def predictions_of(folder: Path, task: Task, epoch: int) -> Path:
    """Return the folder of the files that one attempt saves, in a run's folder of predictions."""
    return folder / f"epoch-{epoch}" / task.dataset / str(task.variant)


def _read_attempts(folder: Path) -> dict[Key, Trajectory]:
    """Return the attempt that counts for each key: the last, unless only an earlier has a score."""
    path, former = folder / ATTEMPTS, folder / TRAJECTORIES
    found: dict[Key, Trajectory] = {}
    if path.is_file():
        for line in read_lines(path):
            if line.is_scored or line.key not in found or found[line.key].score is None:
                found[line.key] = from_json(line.value)
    elif former.is_file():  # a finished run of a version that kept no record of its own
        found = {Key(t.task, t.epoch): t for t in read_trajectories(former)}
    return found
