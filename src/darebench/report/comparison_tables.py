"""Comparisons of runs as tables and as one JSON document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from darebench.evals.comparison import Column, Ranking, RunComparison
from darebench.report.cells import UNKNOWN
from darebench.report.load import LoadedRun
from darebench.report.table import ReportTable

MOST_TASKS = 20
"""Tasks of the table of differences; JSON has all."""
NOTE = (
    "Percent; a difference is the first run's score minus the second's on the tasks that both "
    "have scored, repeats averaged first. [95 % interval]: t with clusters - 1 degrees of freedom, "
    "where a cluster is a source dataset. Wins are tasks on which the first run is better."
)


def comparison_tables(a: LoadedRun, b: LoadedRun, found: RunComparison) -> list[ReportTable]:
    """Return two runs' tables: by track, flipped tasks, largest differences, tasks of one alone."""
    rows = [
        (name, _percent(c.a), _percent(c.b), _difference(c), str(c.n_tasks), _record(c))
        for name, c in found.columns.items()
    ]
    tables = [
        ReportTable(
            title=f"{a.name} (a) beside {b.name} (b)",
            note=NOTE,
            columns=("track", "a", "b", "difference", "tasks", "wins-ties-losses"),
            rows=tuple(rows),
        )
    ]
    flipped = [t for t in found.tasks if t.flipped]
    others = [t for t in found.tasks if not t.flipped and t.difference]
    for title, tasks in (("Flipped tasks", flipped), ("Largest other differences", others)):
        if tasks:
            more = (
                f"{len(tasks) - MOST_TASKS} more are in --json." if len(tasks) > MOST_TASKS else ""
            )
            shown = tasks[:MOST_TASKS]
            cells = [(t.id, _percent(t.a), _percent(t.b), _signed(t.difference)) for t in shown]
            columns = ("task", "a", "b", "difference")
            tables.append(ReportTable(title=title, note=more, columns=columns, rows=tuple(cells)))
    return tables


def ranking_tables(found: Ranking) -> list[ReportTable]:
    """Return several runs' tables: the order, and every pair."""
    rows = [
        (name, _percent(mean), f"{found.ranks[name]:.2f}", _groups_of(name, found))
        for name, mean in found.means.items()
    ]
    order = ReportTable(
        title=f"Runs on the {len(found.tasks)} tasks that all have scored",
        note="Rank: mean over source datasets, 1 is the best. Runs that share a letter are not "
        "told apart: no pair of them has an adjusted p-value of 0.05 or less.",
        columns=("run", "score", "rank", "not told apart"),
        rows=tuple(rows),
    )
    pairs = ReportTable(
        title="Pairs",
        note=f"{NOTE} p is adjusted for all pairs by Holm's method.",
        columns=("first", "second", "difference", "p", "wins-ties-losses"),
        rows=tuple(
            (p.a, p.b, _difference(p.column), _p_value(p.p_adjusted), _record(p.column))
            for p in found.pairs
        ),
    )
    return [order, pairs]


def comparison_json(a: LoadedRun, b: LoadedRun, found: RunComparison) -> dict[str, Any]:
    """Return the documented JSON form: scores and differences are in [0, 1]."""
    return {
        "runs": [_run(run) for run in (a, b)],
        "columns": {name: asdict(column) for name, column in found.columns.items()},
        "tasks": [asdict(task) for task in found.tasks],
        "only_a": list(found.only_a),
        "only_b": list(found.only_b),
        "warnings": list(found.warnings),
    }


def ranking_json(runs: Sequence[LoadedRun], found: Ranking) -> dict[str, Any]:
    """Return the documented JSON form of three runs or more."""
    return {
        "runs": [_run(run) for run in runs],
        "ranking": [
            {"name": name, "mean": mean, "mean_rank": found.ranks[name]}
            for name, mean in found.means.items()
        ],
        "not_told_apart": [list(group) for group in found.groups],
        "pairs": [
            {"a": p.a, "b": p.b, **asdict(p.column), "p_adjusted": p.p_adjusted}
            for p in found.pairs
        ],
        "tasks": [{"id": task, "scores": dict(scores)} for task, scores in found.tasks.items()],
        "warnings": list(found.warnings),
    }


def _run(run: LoadedRun) -> dict[str, Any]:
    config = run.config.get("config", {})
    limits = ("turns", "seconds", "token_limit", "time_limit")
    return {
        "name": run.name,
        "folder": str(run.folder),
        "model": run.model,
        "budget": {name: config.get(name) for name in limits},
        "epochs": config.get("epochs"),
        "store_hash": run.config.get("store", {}).get("hash"),
    }


def _groups_of(name: str, found: Ranking) -> str:
    letters = [chr(ord("a") + n % 26) for n, group in enumerate(found.groups) if name in group]
    return " ".join(letters) or UNKNOWN


def _difference(column: Column) -> str:
    text = _signed(column.difference)
    if column.interval is None:
        return text
    low, high = column.interval
    return f"{text} [{100 * low:+.1f}, {100 * high:+.1f}]"


def _record(column: Column) -> str:
    return f"{column.wins}-{column.ties}-{column.losses}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"


def _signed(share: float) -> str:
    return f"{100 * share:+.1f}"


def _p_value(p: float | None) -> str:
    if p is None:
        return UNKNOWN
    return f"{p:.3f}" if p >= 0.001 else "< 0.001"
