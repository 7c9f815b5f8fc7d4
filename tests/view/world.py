"""A folder with one thing of each kind that the page shows."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from darebench.evals.attempts_file import ATTEMPTS
from darebench.evals.trajectory import to_json
from darebench.types import Trajectory
from runs import HOSTILE, attempt, example, write_run
from small_store import write_tables


def make_world(root: Path) -> Path:
    """Write three runs, a curation with its store, a training, an audit, and a plain folder."""
    example(root / "runs" / "first")
    better = [
        attempt(f"{name}_class/{v}", 1, s)
        for name, v, s in (("a", "mm", 0.9), ("a", "if", 0.0), ("b", "mm", 0.0))
    ]
    write_run(root / "runs" / "second", better, more_tasks=("d_reg/mm", "c_class/mm"))
    write_run(root / "runs" / "third", [replace(t, score=0.5) for t in better])
    _curation(root / "curation")
    rows = [{"step": k, "reward": k / 10, "loss": 1.0} for k in range(1, 9)]
    (root / "training").mkdir()
    (root / "training" / "metrics.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    findings = [{"check": "leak", "severity": "defect", "figure": 1.0, "message": HOSTILE}]
    audit = {
        "schema": 1,
        "tasks": [{"id": "t_reg/mm", "findings": findings}],
        "store": {"verdicts": {"natural": 3}},
    }
    (root / "audit.json").write_text(json.dumps(audit))
    (root / "empty").mkdir()
    return root


def append(run: Path, made: Trajectory) -> None:
    """Write an attempt down as a run in progress does."""
    with (run / ATTEMPTS).open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(to_json(made), ensure_ascii=False) + "\n")


def _curation(folder: Path) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "a": rng.normal(size=40),
            "b": rng.choice(["<b>u</b>", "v"], 40),
            "price": rng.normal(size=40),
        }
    )
    write_tables(folder / "store", {"houses": ("owner/houses", frame, "price")})
    explained = {
        "rows": 40, "notes": [HOSTILE],
        "columns": [{"name": HOSTILE, "role": "feature", "why": "text", "kind": "category", "distinct": 2, "missing": 0.0}],
        "time": {"column": None, "why": "no column holds times"}, "groups": {"columns": [], "why": "none"},
        "targets": [{"name": "price", "family": "reg", "taken": True, "why": "5 points", "score": 5.0, "role": "measured", "role_why": "it is"}],
    }  # fmt: skip
    lines = [
        {"table": "cars", "stage": "design", "reason": "40 rows are left; 75 are needed"},
        {"table": "houses", "target": "b", "stage": "design", "reason": "nothing to win"},
        {"table": "houses", "explanation": explained},
    ]
    (folder / "ledger.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
