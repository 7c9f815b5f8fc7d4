"""The documents of runs: an index, a row for each attempt, the tables, and attempts in chunks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from darebench.evals.against.shape import AgainstTruth
from darebench.evals.attempts_file import Key
from darebench.evals.run_folder import Place, read_attempt
from darebench.reference.diagnosis import Diagnosis
from darebench.report.figures import by_track
from darebench.report.load import LoadedRun
from darebench.report.page.attempt_document import attempt_document
from darebench.report.page.documents import Documents
from darebench.report.result_tables import score_cell
from darebench.report.store_facts import facts_of
from darebench.report.tables import all_tables
from darebench.types import CallStatus, Trajectory

TruthsOf = Callable[[LoadedRun, Sequence[Trajectory]], Mapping[Key, AgainstTruth]]
DiagnosesOf = Callable[[LoadedRun, Sequence[Trajectory]], Mapping[Key, Diagnosis]]
CHUNK = 25
"""Most attempts of one document: what a page reads to show one of them."""
CHUNK_BYTES = 2_000_000
"""Bytes of records after which a document ends, since an attempt may have printed megabytes."""


def run_documents(
    runs: Sequence[LoadedRun],
    truths_of: TruthsOf | None = None,
    diagnoses_of: DiagnosesOf | None = None,
    *,
    with_texts: bool = True,
) -> Documents:
    """Return the documents of some runs, by name.

    Args:
        runs: The runs, in the order of their numbers.
        truths_of: Sets predictions against the truth when their attempts are asked for; without it,
            a run shows what it holds.
        diagnoses_of: Finds the diagnoses of attempts when they are asked for, likewise.
        with_texts: Whether there are documents of what attempts said and did.
    """
    found: dict[str, Callable[[], object]] = {"scores": partial(_scores, runs)}
    for number, run in enumerate(runs):
        found[f"run/{number}"] = partial(_rows, run)
        starts = [*_starts(run.places), len(run.places)] if with_texts else []
        for chunk, kept in enumerate(map(slice, starts, starts[1:])):
            found[f"run/{number}/{chunk}"] = partial(_chunk, run, kept, truths_of, diagnoses_of)
    return found


def _starts(places: Sequence[Place]) -> Iterator[int]:
    """Yield the first attempt of each document; of a run that grows, the full ones stay."""
    n_bytes = n_attempts = 0
    for number, place in enumerate(places):
        if n_attempts in (0, CHUNK) or n_bytes + place.size > CHUNK_BYTES:
            yield number
            n_bytes = n_attempts = 0
        n_bytes, n_attempts = n_bytes + place.size, n_attempts + 1


def run_entry(run: LoadedRun) -> dict[str, Any]:
    """Return what a page has to know of a run before it shows it."""
    return {
        "name": run.name,
        "model": run.model,
        "attempts": len(run.trajectories),
        "expected": run.expected,
        "facts": _facts(run),
        "settings": _settings(run),
    }


def _rows(run: LoadedRun) -> dict[str, Any]:
    """Return a row for each attempt, column by column; what recurs is named by its place."""
    made = run.trajectories
    tasks = {t.task: t for t in made}
    places = {task: place for place, task in enumerate(tasks)}
    facts = facts_of(run)
    return {
        "starts": list(_starts(run.places)),
        "tasks": [
            [t.task, t.track, t.cluster, t.family, t.variant, facts.domain(t)]
            for t in tasks.values()
        ],
        "task": [places[t.task] for t in made],
        "epoch": [t.epoch for t in made],
        "score": [_rounded(t.score) for t in made],
        "failure": [t.failure for t in made],
        "reason": [t.reason.code if t.reason else None for t in made],
        "stop": [t.stop_reason for t in made],
        "seconds": [round(t.seconds, 1) for t in made],
        "tokens": [t.tokens.total for t in made],
        "calls": [len(t.calls) for t in made],
        "failed": [sum(c.status != CallStatus.OK for c in t.calls) for t in made],
        "warnings": [len(t.warnings) for t in made],
    }


def _chunk(
    run: LoadedRun, kept: slice, truths_of: TruthsOf | None, diagnoses_of: DiagnosesOf | None
) -> list[dict[str, Any]]:
    made = [read_attempt(place) for place in run.places[kept]]
    against = run.against if truths_of is None else truths_of(run, made)
    diagnoses = run.diagnoses if diagnoses_of is None else diagnoses_of(run, made)
    keyed = ((t, Key(t.task, t.epoch)) for t in made)
    return [attempt_document(t, against.get(k), diagnoses.get(k)) for t, k in keyed]


def _scores(runs: Sequence[LoadedRun]) -> dict[str, Any]:
    return {
        "tracks": {run.name: _tracks(run) for run in runs},
        "tables": [
            {
                "title": t.title,
                "note": t.note,
                "columns": t.columns,
                "rows": t.texts,
                "are_words": t.are_words,
            }
            for t in all_tables(runs).values()
        ],
    }


def _tracks(run: LoadedRun) -> list[dict[str, Any]]:
    """Return the mean score of each track in percent, with its interval."""
    found = []
    for name, group in by_track(run).items():
        score = group.figures["score"]
        found.append(
            {
                "name": name,
                "mean": score.value,
                "low": score.low,
                "high": score.high,
                "text": str(score_cell(score)),
                "tasks": group.n_tasks,
            }
        )
    return found


def _facts(run: LoadedRun) -> list[tuple[str, str]]:
    """Return what a run was made from, as names and texts, as far as its records say it."""
    asked, store = run.config.get("config", {}), run.config.get("store", {})
    made, versions = run.environment, run.environment.get("environment", {})
    repeats = "{epochs} attempt a task" if asked.get("epochs") == 1 else "{epochs} attempts a task"
    facts = {
        "model": run.model,
        "store": _filled("{root} ({hash})", store),
        "budget": _filled(f"{{turns}} turns, {{seconds:g}} s a call, {repeats}", asked),
        "made with": _filled("darebench {darebench}, scorer {scorer}", made),
        "environment": _filled("{hash} (Python {python}, scikit-learn {scikit-learn})", versions),
    }
    return [(name, text) for name, text in facts.items() if text is not None]


def _settings(run: LoadedRun) -> dict[str, Any]:
    """Return all that a run was asked for and made with, one value for each name."""
    found: dict[str, Any] = {}
    for name, part in (
        ("", run.config.get("config", {})),
        ("store.", run.config.get("store", {})),
        ("", {k: v for k, v in run.environment.items() if k != "schema"}),
    ):
        if isinstance(part, Mapping):
            found |= _flat(name, part)
    return {name: value for name, value in found.items() if value is not None}


def _flat(prefix: str, part: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in part.items():
        if prefix == "store." and name in ("tasks", "given"):
            continue  # a hash for each task
        if isinstance(value, Mapping):
            found |= _flat(f"{prefix}{name}.", value)
        else:
            found[f"{prefix}{name}"] = value
    return found


def _filled(form: str, values: Mapping[str, Any]) -> str | None:
    """Fill a form; return None if it needs a value that a record does not have."""
    try:
        return form.format_map(values)
    except (KeyError, AttributeError, IndexError, TypeError, ValueError):
        return None


def _rounded(score: float | None) -> float | None:
    return None if score is None else round(score, 4)
