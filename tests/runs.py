"""A small run, made by hand, whose tables can be worked out on paper."""

from __future__ import annotations

import json
from pathlib import Path

from darebench.evals.attempts_file import ATTEMPTS
from darebench.evals.trajectory import to_json
from darebench.types import (
    CallRecord,
    CallStatus,
    Failure,
    Family,
    Message,
    Reason,
    ReasonCode,
    StopReason,
    TargetScore,
    Timing,
    Tokens,
    Track,
    Trajectory,
    Variant,
)

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)> {{7*7}} \u2028 & \"'`$\\_%#~^ | é"


def attempt(task: str, epoch: int, score: float | None, **more) -> Trajectory:
    """Make one attempt with what the tables look at."""
    dataset, variant = task.split("/")
    fields = {
        "task": task,
        "track": Track.of(Family(dataset.rsplit("_", 1)[1]), Variant(variant)),
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
                status=CallStatus.OK,
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


def write_run(folder: Path, attempts: list[Trajectory], more_tasks: tuple[str, ...] = ()) -> Path:
    """Write a run folder as an evaluation of two epochs leaves it."""
    folder.mkdir(parents=True)
    config = {
        "schema": 1,
        "config": {"model": f"m {HOSTILE}", "turns": 5, "seconds": 200.0, "epochs": 2},
        "store": {"root": "/stores/s", "hash": "0123456789ab"},
        "task_ids": [*dict.fromkeys(t.task for t in attempts), *more_tasks],
    }
    environment = {
        "schema": 1,
        "darebench": "0.1.0",
        "scorer": "aaaaaaaaaaaa",
        "environment": {"hash": "bbbbbbbbbbbb", "python": "3.11.0", "scikit-learn": "1.9.0"},
    }
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "env.json").write_text(json.dumps(environment))
    lines = [json.dumps(to_json(attempt), ensure_ascii=False) + "\n" for attempt in attempts]
    (folder / ATTEMPTS).write_text("".join(lines), encoding="utf-8")
    return folder


def example(folder: Path) -> Path:
    """Write a run with every outcome: 6 tasks of 4 sources, 2 repeats, one attempt missing."""
    bad = Reason(code=ReasonCode.BAD_VALUE, message=f"bad {HOSTILE}")
    poor = Reason(code=ReasonCode.WORSE_THAN_MEAN, message="y: R2 is -21.8")
    differs = Reason(code=ReasonCode.INSTRUCTION_NOT_FOLLOWED, message="3 of 60 rows differ")
    broken = CallRecord(
        code="1 / 0", files_to_load=(), files_to_save=(), stdout="", stderr="ZeroDivisionError",
        status=CallStatus.ERROR, seconds=0.5,
    )  # fmt: skip
    return write_run(
        folder,
        [
            attempt("a_class/mm", 1, 0.5),
            attempt("a_class/mm", 2, 0.7, timing=Timing(model=7.0, queue=1.0, tool=2.0)),
            attempt("b_class/mm", 1, 1.0, strict_score=None),
            attempt("b_class/mm", 2, 0.0, reason=bad, failure=Failure.MALFORMED_PREDICTION),
            attempt("c_class/mm", 1, 0.2),
            attempt("c_class/mm", 2, 0.2, calls=(broken,)),
            attempt("a_class/if", 1, 1.0),
            attempt("a_class/if", 2, 0.0, reason=differs, failure=Failure.INSTRUCTION,
                    details=(target(0.0, differs, differing=3),)),
            attempt("d_reg/mm", 1, 0.0, reason=poor, failure=Failure.WORSE_THAN_MEAN,
                    details=(target(0.0, poor, raw=-21.8),)),
            attempt("d_reg/mm", 2, 0.25, details=(target(0.25, None, raw=0.25),)),
            attempt("c_ts/xf", 1, None, fault=f"fault {HOSTILE}", stop_reason=StopReason.FAULT),
        ],
    )  # fmt: skip


def target(score: float, reason: Reason | None, **more) -> TargetScore:
    return TargetScore(target="y", score=score, strict_score=score, reason=reason, **more)
