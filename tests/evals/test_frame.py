"""How a notebook shows attempts."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import darebench
from darebench.evals.comparison import compare_runs
from darebench.evals.evaluation import Run
from darebench.evals.trajectory import to_json
from darebench.report.load import load_run
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


def write_kept(folder: Path, scores: dict[str, float], **config) -> Path:
    """Write a run's folder as an evaluation leaves it."""
    folder.mkdir()
    made = [attempt(task=f"{n}_class/mm", cluster=n, score=s) for n, s in scores.items()]
    asked = {"model": HOSTILE, "epochs": 1, "turns": 5, "seconds": 200.0} | config
    record = {"config": asked, "task_ids": [t.task for t in made], "store": {"hash": "h"}}
    (folder / "config.json").write_text(json.dumps(record))
    (folder / "env.json").write_text(json.dumps({"scorer": "s"}))
    lines = [json.dumps(to_json(t)) + "\n" for t in made]
    (folder / "attempts.jsonl").write_text("".join(lines))
    return folder


def test_runs_are_compared_in_a_notebook_as_on_the_command_line(tmp_path):
    scores = {"a": 0.5, "b": 0.9, "c": 0.0, "d": 0.4}
    one = write_kept(tmp_path / "one", scores)
    other = write_kept(tmp_path / "other", {**scores, "b": 0.5, "c": 0.6}, turns=8)
    found = darebench.open_run(str(one)).compare(darebench.open_run(other))
    assert found.names == ("one", "other")
    loaded = [replace(load_run(path), name=path.name) for path in (one, other)]
    assert found == compare_runs(*loaded)
    frame = found.to_frame().set_index("track")
    assert frame.loc["all", "difference"] == pytest.approx(-0.05)
    assert list(frame.loc["all", ["wins", "ties", "losses", "n_tasks"]]) == [1, 2, 1, 4]
    low, high = (float(frame[end].iloc[-1]) for end in ("low", "high"))
    assert low < -0.05 < high
    assert list(found.tasks_frame()["id"][:1]) == ["c_class/mm"]
    assert "on 4 tasks, 1 flipped" in repr(found)
    html = found._repr_html_()
    assert "budgets differ: 5 turns (one); 8 turns (other)" in html
    (tmp_path / "more").mkdir()
    twin = darebench.open_run(write_kept(tmp_path / "more" / "one", scores))
    assert darebench.open_run(one).compare(twin).names == (str(one), str(twin.folder))
    with pytest.raises(darebench.ConfigError, match="not a run folder"):
        darebench.open_run(tmp_path)
