"""Reads run folders for reports."""

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
    """A run folder's content."""

    name: str
    model: str
    trajectories: tuple[Trajectory, ...]
    expected: int
    """Attempts that were asked for."""
    config: dict[str, Any]
    environment: dict[str, Any]


def load_run(folder: Path) -> LoadedRun:
    """Read a run folder.

    Raises:
        ConfigError: it is none, or it has not been run to its end.
    """
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        environment = json.loads((folder / "env.json").read_text(encoding="utf-8"))
        model = config["config"]["model"]
        expected = len(config["task_ids"]) * config["config"]["epochs"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{folder} is no run folder: {error!r}") from None
    return LoadedRun(
        name=folder.name,
        model=model,
        trajectories=tuple(read_trajectories(folder / TRAJECTORIES)),
        expected=expected,
        config=config,
        environment=environment,
    )
