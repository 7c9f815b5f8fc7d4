"""A run in figures: the documented JSON of `darebench eval`, and what reports are made of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

from darebench.scoring.aggregate import Observation, summarise
from darebench.scoring.aggregate import as_json as columns_json
from darebench.types import TaskProblem, Trajectory


def observations(trajectories: Iterable[Trajectory]) -> list[Observation]:
    """Return what statistics need to know of attempts."""
    return [
        Observation(
            task=t.task,
            track=t.track,
            cluster=t.cluster,
            score=t.score,
            answered=t.answered,
        )
        for t in trajectories
    ]


class Counted(Protocol):
    """What is read of a run."""

    @property
    def folder(self) -> Path:
        """Where the run is kept."""
        ...

    @property
    def trajectories(self) -> tuple[Trajectory, ...]:
        """The attempts that have ended."""
        ...

    @property
    def unscored(self) -> int:
        """Attempts without a score."""
        ...

    @property
    def missing(self) -> int:
        """Attempts that have not ended yet."""
        ...

    @property
    def problems(self) -> tuple[TaskProblem, ...]:
        """Datasets of the store that could not be used."""
        ...


def as_json(run: Counted) -> dict[str, Any]:
    """Return the documented JSON form of a run."""
    return {
        "run": str(run.folder),
        "columns": columns_json(summarise(observations(run.trajectories))),
        "unscored": run.unscored,
        "missing": run.missing,
        "errors": [asdict(problem) for problem in run.problems],
        "tasks": [
            {
                "id": t.task,
                "epoch": t.epoch,
                "score": t.score,
                "strict_score": t.strict_score,
                "reason": asdict(t.reason) if t.reason else None,
                "failure": t.failure,
                "fault": t.fault,
                "warnings": list(t.warnings),
                "calls": len(t.calls),
                "seconds": t.seconds,
                "tokens": t.tokens.total,
                "provenance": asdict(t.provenance) if t.provenance else None,
            }
            for t in run.trajectories
        ],
    }
