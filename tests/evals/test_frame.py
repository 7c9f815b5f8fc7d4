"""How a notebook shows attempts."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from darebench.evals.evaluation import Run
from darebench.types import (
    Failure,
    Reason,
    ReasonCode,
    StopReason,
    Tokens,
    Track,
    Trajectory,
)

HOSTILE = "<script>alert(1)</script>"


def attempt(**fields) -> Trajectory:
    known = {
        "task": "a_class/mm",
        "track": Track.CLASS_MM,
        "cluster": "a",
        "epoch": 1,
        "model": HOSTILE,
        "messages": (),
        "calls": (),
        "stop_reason": StopReason.ANSWER,
        "score": 0.5,
        "seconds": 1.5,
        "tokens": Tokens(input=1, output=2, total=3),
    }
    return Trajectory(**(known | fields))


def test_a_run_is_shown_in_short_and_as_a_table():
    reason = Reason(code=ReasonCode.EMPTY, message="the file is empty")
    run = Run(
        folder=Path("runs/a"),
        trajectories=(
            attempt(),
            attempt(epoch=2, score=0.0, reason=reason, failure=Failure.NO_PREDICTION),
            attempt(task="b_ts/cf", track=Track.CF, score=None, fault="the sandbox is gone"),
        ),
        expected=4,
    )
    assert repr(run) == "<Run runs/a: 3 attempts, 1 unscored, 1 missing>"
    frame = run.to_frame()
    assert list(frame["track"]) == ["class-MM", "class-MM", "CF"]
    assert list(frame["score"][:2]) == [0.5, 0.0]
    assert pd.isna(frame["score"][2])
    assert frame["reason"][1] == "the file is empty"
    assert frame["fault"][2] == "the sandbox is gone"
    assert list(frame["tokens"]) == [3, 3, 3]
    html = run._repr_html_()
    assert HOSTILE not in html
    assert "&lt;script&gt;" in html


def test_a_run_without_attempts_is_an_empty_table():
    run = Run(folder=Path("runs/a"), trajectories=(), expected=0)
    assert len(run.to_frame()) == 0
    assert "task" in run.to_frame().columns
