"""How a notebook shows attempts: as a table, and as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from darebench.store.read import SHOWN
from darebench.types import Trajectory

if TYPE_CHECKING:
    import pandas as pd


def attempts_frame(trajectories: Sequence[Trajectory]) -> pd.DataFrame:
    """Return attempts as a table, a row for each: what it scored, how it ended, what it used."""
    import pandas as pd

    rows = [
        {
            "task": t.task,
            "track": str(t.track),
            "epoch": t.epoch,
            "model": t.model,
            "score": t.score,
            "strict_score": t.strict_score,
            "reason": t.reason.message if t.reason else None,
            "failure": str(t.failure) if t.failure else None,
            "fault": t.fault,
            "stop_reason": str(t.stop_reason),
            "calls": len(t.calls),
            "seconds": t.seconds,
            "tokens": t.tokens.total,
        }
        for t in trajectories
    ]
    columns = ["task", "track", "epoch", "model", "score", "strict_score", "reason", "failure"]
    columns += ["fault", "stop_reason", "calls", "seconds", "tokens"]
    return pd.DataFrame(rows, columns=columns)


def attempts_html(title: str, trajectories: Sequence[Trajectory]) -> str:
    """Return a title and the table of attempts as HTML, escaped."""
    return f"<p>{escape(title)}</p>{attempts_frame(trajectories).to_html(max_rows=SHOWN)}"
