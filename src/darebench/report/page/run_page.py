"""Runs as a page: their tables, and every attempt with its calls."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from darebench.agents.streams import shorten
from darebench.evals.against.shape import as_json as against_json
from darebench.evals.attempts_file import Key
from darebench.reference.diagnosis import as_json as diagnosis_json
from darebench.report.figures import by_track
from darebench.report.load import LoadedRun, Results, load_run
from darebench.report.page.template import fill
from darebench.report.result_tables import PUBLISHED, all_tables, score_text
from darebench.types import CallRecord, Failure, Role, TargetScore, Track, Trajectory

OUTPUT_LIMIT = 6_000
"""Most characters of a code or an output that a page holds; the run folder has the rest."""
PAGE = "report.html"


def write_page(folder: Path) -> Path:
    """Write the page of a run into its folder, and return its path.

    Raises:
        ConfigError: The folder is not a run folder.
    """
    path = folder / PAGE
    path.write_text(as_page(Results(runs=(load_run(folder),))), encoding="utf-8")
    return path


def as_page(results: Results) -> str:
    """Render runs as a page; the same runs give the same bytes."""
    runs = results.runs
    attempts = [_attempt(run, t) for run in runs for t in run.trajectories]
    return fill(
        "run",
        runs=[{"name": run.name, "facts": _facts(run), "bars": _bars(run)} for run in runs],
        tables=all_tables(runs),
        published=PUBLISHED,
        columns=tuple(Track),
        failures=[f for f in Failure if any(a["failure"] == f for a in attempts)],
        left_out=results.left_out,
        attempts_json=_safe_json(attempts),
    )


def _facts(run: LoadedRun) -> dict[str, str]:
    """Return what a run was made from, as far as its records say it."""
    asked, store = run.config.get("config", {}), run.config.get("store", {})
    made, versions = run.environment, run.environment.get("environment", {})
    state = f"{len(run.trajectories)} of {run.expected} have ended, {run.missing} missing"
    facts = {
        "model": run.model,
        "store": _filled("{root} ({hash})", store),
        "budget": _filled("{turns} turns, {seconds} s a call, {epochs} attempt(s) a task", asked),
        "made with": _filled("darebench {darebench}, scorer {scorer}", made),
        "environment": _filled("{hash} (Python {python}, scikit-learn {scikit-learn})", versions),
        "attempts": state if run.missing else None,
    }
    return {name: text for name, text in facts.items() if text is not None}


def _filled(form: str, values: Mapping[str, Any]) -> str | None:
    """Fill a form; return None if it needs a value that a record does not have."""
    try:
        return form.format_map(values)
    except (KeyError, AttributeError, IndexError):
        return None


def _bars(run: LoadedRun) -> list[dict[str, Any]]:
    bars = []
    for name, group in by_track(run).items():
        score = group.figures["score"]
        text = "no scored task"
        if score.value is not None:
            tasks = "task" if group.n_tasks == 1 else "tasks"
            text = f"{score_text(score)} %, {group.n_tasks} {tasks}"
        bars.append(
            {"name": name, "mean": score.value, "low": score.low, "high": score.high, "text": text}
        )
    return bars


def _attempt(run: LoadedRun, t: Trajectory) -> dict[str, Any]:
    key = Key(t.task, t.epoch)
    against, diagnosis = run.against.get(key), run.diagnoses.get(key)
    question = next((m.content for m in t.messages if m.role == Role.USER), "")
    last = next((m.content for m in reversed(t.messages) if m.role == Role.ASSISTANT), "")
    return {
        "run": run.name,
        "task": t.task,
        "column": t.track,
        "epoch": t.epoch,
        "score": t.score,
        "strict": t.strict_score,
        "targets": [_target(d) for d in t.details]
        or [{"name": name, "score": score} for name, score in t.targets.items()],
        "reason": t.reason.message if t.reason else None,
        "code": t.reason.code if t.reason else None,
        "failure": t.failure,
        "fault": t.fault,
        "stop": t.stop_reason,
        "seconds": round(t.seconds, 1),
        "timing": asdict(t.timing) if t.timing else None,
        "tokens": t.tokens.total,
        "question": _short(question),
        "answer": _short(last),
        "calls": [_call(c) for c in t.calls],
        **({"against_truth": against_json(against)} if against else {}),
        **({"diagnosis": diagnosis_json(diagnosis)} if diagnosis else {}),
    }


def _target(detail: TargetScore) -> dict[str, Any]:
    return {
        "name": detail.target,
        "score": detail.score,
        "raw": detail.raw,
        "differing": detail.differing,
        "reason": detail.reason.message if detail.reason else None,
    }


def _call(call: CallRecord) -> dict[str, Any]:
    return {
        "code": _short(call.code),
        "load": list(call.files_to_load),
        "save": list(call.files_to_save),
        "stdout": _short(call.stdout),
        "stderr": _short(call.stderr),
        "status": call.status,
        "given": None if call.arguments is None else _short(json.dumps(call.arguments)),
        "seconds": round(call.seconds, 1),
    }


def _short(text: str) -> str:
    return shorten(text, OUTPUT_LIMIT)


def _safe_json(value: object) -> str:
    """Return JSON that cannot end the script element that holds it."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text
