"""A folder with a file for each attempt of a run."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from darebench.errors import ConfigError
from darebench.evals.trajectory import read_trajectories
from darebench.files import written_whole
from darebench.rollouts.sources import Source, open_source
from darebench.types import Trajectory

_ODD = re.compile(r"[^\w.-]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """What was made of a run."""

    files: tuple[str, ...]
    """Paths, in the order of the attempts."""
    skipped: tuple[dict[str, str], ...] = ()
    """Attempts of which nothing could be made: `task` and `reason`."""


def write_attempts(
    given: Path, out: Path, ending: str, content: Callable[[Trajectory, Source], str]
) -> Converted:
    """Write `OUT/<dataset>/<variant>/<epoch><ending>` for each attempt of a run or a file of them.

    Raises:
        ConfigError: The source cannot be used, or holds no attempt.
    """
    source = open_source(given)
    files: dict[Path, None] = {}
    skipped: list[dict[str, str]] = []
    for trajectory in read_trajectories(source.path):
        if not trajectory.messages:
            skipped.append({"task": trajectory.task, "reason": "the attempt has no message"})
            continue
        path = _free(
            out.joinpath(*map(_plain, trajectory.task.split("/"))), trajectory, ending, files
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(path) as part:
            part.write_text(content(trajectory, source), encoding="utf-8")
        files[path] = None
    if not files and not skipped:
        raise ConfigError(
            f"{source.path} holds no attempt; give a run folder or a file of attempts"
        )
    return Converted(files=tuple(map(str, files)), skipped=tuple(skipped))


def _plain(part: str) -> str:
    name = _ODD.sub("_", part)
    return name if name.strip(".") else f"_{name}"


def _free(folder: Path, trajectory: Trajectory, ending: str, taken: dict[Path, None]) -> Path:
    """Return a path that no attempt before has, since a file may hold those of several runs."""
    path = folder / f"{trajectory.epoch}{ending}"
    number = 1
    while path in taken:
        number += 1
        path = folder / f"{trajectory.epoch}-{number}{ending}"
    return path
