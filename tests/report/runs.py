"""A small run, made by hand, whose tables can be worked out on paper."""

from __future__ import annotations

import json
from pathlib import Path

from darebench.evals.trajectory import TRAJECTORIES, write_trajectories
from darebench.types import (
    CallRecord,
    Failure,
    Message,
    Reason,
    ReasonCode,
    StopReason,
    Tokens,
    Track,
    Trajectory,
)

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)> {{7*7}} \u2028 & \"'`$\\_%#~^ | é"
TRACK = {"if": Track.CLASS_IF, "mm": Track.CLASS_MM, "xf": Track.XF, "cf": Track.CF}


def attempt(task: str, epoch: int, score: float | None, **more) -> Trajectory:
    """Make one attempt with what the tables look at."""
    dataset, variant = task.split("/")
    fields = {
        "task": task,
        "track": TRACK[variant],
        "cluster": dataset.rsplit("_", 1)[0],
        "epoch": epoch,
        "model": "m",
        "messages": (
            Message(role="user", content=f"Question? {HOSTILE}"),
            Message(role="assistant", content=f"Done. {HOSTILE}"),
        ),
        "calls": (
            CallRecord(
                code=f"print('{HOSTILE}')",
                files_to_load=(HOSTILE,),
                files_to_save=("prediction.csv",),
                stdout=HOSTILE,
                stderr=HOSTILE,
                status="ok",
                seconds=1.5,
            ),
        ),
        "stop_reason": StopReason.ANSWER,
        "score": score,
        "strict_score": score,
        "targets": {HOSTILE: score or 0.0},
        "seconds": 10.0,
        "tokens": Tokens(input=100, output=20, total=120),
    }
    return Trajectory(**(fields | more))


def write_run(folder: Path, attempts: list[Trajectory], expected_tasks: int = 4) -> Path:
    """Write a run folder as an evaluation leaves it."""
    folder.mkdir(parents=True)
    config = {
        "schema": 1,
        "config": {"model": f"m {HOSTILE}", "turns": 5, "seconds": 200.0, "epochs": 2},
        "store": {"root": "/stores/s", "hash": "0123456789ab"},
        "task_ids": [f"t{i}" for i in range(expected_tasks)],
    }
    environment = {
        "schema": 1,
        "darebench": "0.1.0",
        "scorer": "aaaaaaaaaaaa",
        "environment": {"hash": "bbbbbbbbbbbb", "python": "3.11.0", "scikit-learn": "1.9.0"},
    }
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "env.json").write_text(json.dumps(environment))
    write_trajectories(attempts, folder / TRAJECTORIES)
    return folder


def example(folder: Path) -> Path:
    """Write a run with every outcome: 4 tasks of 3 sources, 2 repeats, one attempt missing."""
    bad = Reason(code=ReasonCode.BAD_VALUE, message=f"bad {HOSTILE}")
    return write_run(
        folder,
        [
            attempt("a_class/mm", 1, 0.5),
            attempt("a_class/mm", 2, 0.7),
            attempt("b_class/mm", 1, 1.0, strict_score=None),
            attempt("b_class/mm", 2, 0.0, reason=bad, failure=Failure.NO_PREDICTION),
            attempt("a_class/if", 1, 1.0),
            attempt("a_class/if", 2, 0.0, failure=Failure.INSTRUCTION),
            attempt("c_ts/xf", 1, None, fault=f"fault {HOSTILE}", stop_reason=StopReason.FAULT),
        ],
    )
