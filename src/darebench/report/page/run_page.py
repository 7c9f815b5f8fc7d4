"""Runs as a page: their tables, and every attempt with its calls."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from darebench.agents.streams import shorten
from darebench.evals.summary import observations
from darebench.report.load import LoadedRun, load_run
from darebench.report.page.template import fill
from darebench.report.result_tables import PUBLISHED, all_tables
from darebench.scoring.aggregate import summarise
from darebench.types import Role, Track, Trajectory

OUTPUT_LIMIT = 6_000
"""Most characters of a code or an output that a page holds; the run folder has the rest."""
PAGE = "report.html"


def write_page(folder: Path) -> Path:
    """Write the page of a run into its folder, and return its path.

    Raises:
        ConfigError: The folder is not a run folder.
    """
    path = folder / PAGE
    path.write_text(as_page([load_run(folder)]), encoding="utf-8")
    return path


def as_page(runs: Sequence[LoadedRun]) -> str:
    """Render runs as a page; the same runs give the same bytes."""
    attempts = [_attempt(run, t) for run in runs for t in run.trajectories]
    return fill(
        "run",
        runs=runs,
        tables=all_tables(runs),
        bars=[_bars(run) for run in runs],
        published=PUBLISHED,
        columns=tuple(Track),
        attempts_json=_safe_json(attempts),
    )


def _bars(run: LoadedRun) -> list[dict[str, Any]]:
    columns = summarise(observations(run.trajectories))
    return [
        {
            "name": name,
            "mean": 100 * (found.mean or 0.0),
            "low": max(0.0, 100 * ((found.mean or 0.0) - (found.stderr or 0.0))),
            "high": min(100.0, 100 * ((found.mean or 0.0) + (found.stderr or 0.0))),
            "n": found.n,
        }
        for name in Track
        if (found := columns.get(name)) is not None
    ]


def _attempt(run: LoadedRun, t: Trajectory) -> dict[str, Any]:
    question = next((m.content for m in t.messages if m.role == Role.USER), "")
    last = next((m.content for m in reversed(t.messages) if m.role == Role.ASSISTANT), "")
    return {
        "run": run.name,
        "task": t.task,
        "column": t.track,
        "epoch": t.epoch,
        "score": t.score,
        "strict": t.strict_score,
        "targets": dict(t.targets),
        "reason": t.reason.message if t.reason else None,
        "failure": t.failure,
        "fault": t.fault,
        "stop": t.stop_reason,
        "seconds": round(t.seconds, 1),
        "tokens": t.tokens.total,
        "question": _short(question),
        "answer": _short(last),
        "calls": [
            {
                "code": _short(c.code),
                "load": list(c.files_to_load),
                "save": list(c.files_to_save),
                "stdout": _short(c.stdout),
                "stderr": _short(c.stderr),
                "status": c.status,
                "seconds": round(c.seconds, 1),
            }
            for c in t.calls
        ],
    }


def _short(text: str) -> str:
    return shorten(text, OUTPUT_LIMIT)


def _safe_json(value: object) -> str:
    """Return JSON that cannot end the script element that holds it."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text
