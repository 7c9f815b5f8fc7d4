"""All figures as one JSON document, as numbers whose names say their units."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from darebench.evals.against.shape import as_json as against_json
from darebench.reference.diagnosis import as_json as diagnosis_json
from darebench.report.figures import Figure, Group, groups
from darebench.report.load import LoadedRun, Results
from darebench.report.table import ReportTable
from darebench.report.tables import tables_of
from darebench.types import Trajectory

SCHEMA = 3


def as_json(results: Results) -> str:
    """Return the figures of runs as one JSON document; null is a number that there is not."""
    found = [group for run in results.runs for group in groups(run)]
    value = {
        "schema": SCHEMA,
        "runs": [_object(g) for g in found if g.task is None and "missing" in g.figures],
        "tracks": [_object(g) for g in found if g.task is None and "missing" not in g.figures],
        "tasks": [_object(g) for g in found if g.task is not None],
        "zeros": [
            _zero(run, t) for run in results.runs for t in run.trajectories if t.score == 0.0
        ],
        "tables": [_table(name, table) for name, table in tables_of(results).items()],
        **_asked_for(results),
        "left_out": [asdict(item) for item in results.left_out],
    }
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


def _table(name: str, table: ReportTable) -> dict[str, Any]:
    columns, rows = table.values()
    about = {"name": name, "title": table.title, "note": table.note}
    return {**about, "columns": columns, "rows": rows}


def _asked_for(results: Results) -> dict[str, Any]:
    """Return the predictions against the truth and the diagnoses, where somebody asked for them."""
    found = {
        "against_truth": [
            {"run": run.name, **against_json(against)}
            for run in results.runs
            for against in run.against.values()
        ],
        "diagnoses": [
            {"run": run.name, "task": key.task, "epoch": key.epoch, **diagnosis_json(diagnosis)}
            for run in results.runs
            for key, diagnosis in run.diagnoses.items()
        ],
    }
    return {name: value for name, value in found.items() if value}


def _object(group: Group) -> dict[str, Any]:
    """Return a group as an object with the same names in every run."""
    about = {"run": group.run, "model": group.model, "track": group.track, "task": group.task}
    known = {name: value for name, value in about.items() if value is not None}
    figures: dict[str, Any] = {}
    for figure in group.figures.values():
        figures |= _named(figure)
    return {**known, "n_tasks": group.n_tasks, "n_clusters": group.n_clusters, **figures}


def _named(figure: Figure) -> dict[str, Any]:
    value: dict[str, Any] = {figure.name: figure.value}
    if figure.metric == "score":
        unit = figure.name.removeprefix(figure.metric)
        ends = ("low", "high", "bootstrap_low", "bootstrap_high")
        value |= {f"{figure.metric}_{end}{unit}": getattr(figure, end) for end in ends}
        value["score_note"] = figure.note
    return value


def _zero(run: LoadedRun, t: Trajectory) -> dict[str, Any]:
    """Return why an attempt scored 0, with what its targets were before clipping."""
    reason = asdict(t.reason) if t.reason else None
    raw = {d.target: {"raw": d.raw, "differing_rows": d.differing} for d in t.details}
    return {"run": run.name, "task": t.task, "epoch": t.epoch, "reason": reason, "targets": raw}
