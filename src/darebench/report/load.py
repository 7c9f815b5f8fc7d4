"""Read run folders for reports."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from darebench.errors import ConfigError
from darebench.evals.trajectory import TRAJECTORIES, read_trajectories
from darebench.types import Trajectory


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedRun:
    """The content of a run folder."""

    name: str
    model: str
    trajectories: tuple[Trajectory, ...]
    expected: int
    """Number of attempts that were asked for."""
    config: dict[str, Any]
    """The record of what is run, `config.json`."""
    environment: dict[str, Any]
    """The record of what it is run with, `env.json`."""


def load_run(folder: Path) -> LoadedRun:
    """Read a run folder.

    Raises:
        ConfigError: The folder is not a run folder, or the run has not been finished.
    """
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        environment = json.loads((folder / "env.json").read_text(encoding="utf-8"))
        model = config["config"]["model"]
        expected = len(config["task_ids"]) * config["config"]["epochs"]
    except OSError as error:
        raise ConfigError(
            f"{folder} is not a run folder: {error.filename}: {error.strerror}"
        ) from None
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{folder} is not a run folder: {error!r}") from None
    return LoadedRun(
        name=folder.name,
        model=model,
        trajectories=tuple(read_trajectories(folder / TRAJECTORIES)),
        expected=expected,
        config=config,
        environment=environment,
    )
