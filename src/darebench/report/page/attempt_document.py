"""One attempt as the page shows it: the conversation, the calls, and the score with its reasons."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from darebench.agents.streams import shorten
from darebench.agents.thoughts import part
from darebench.evals.against.shape import AgainstTruth
from darebench.evals.against.shape import as_json as against_json
from darebench.reference.diagnosis import Diagnosis
from darebench.reference.diagnosis import as_json as diagnosis_json
from darebench.types import CallRecord, Message, Role, TargetScore, Trajectory

LIMIT = 20_000
"""Most characters of one text that a page holds; the folder of the run has the rest."""


def attempt_document(
    t: Trajectory, against: AgainstTruth | None = None, diagnosis: Diagnosis | None = None
) -> dict[str, Any]:
    """Return an attempt with all that it said and did, as JSON values."""
    return {
        "task": t.task,
        "track": t.track,
        "source": t.cluster,
        "epoch": t.epoch,
        "model": t.model,
        "score": t.score,
        "strict": t.strict_score,
        "targets": [_target(d) for d in t.details]
        or [{"name": name, "score": score} for name, score in t.targets.items()],
        "reason": asdict(t.reason) if t.reason else None,
        "failure": t.failure,
        "fault": t.fault,
        "stop": t.stop_reason,
        "warnings": list(t.warnings),
        "seconds": round(t.seconds, 1),
        "timing": asdict(t.timing) if t.timing else None,
        "tokens": asdict(t.tokens),
        "provenance": asdict(t.provenance) if t.provenance else None,
        "messages": [_message(m) for m in t.messages],
        "calls": [_call(c) for c in t.calls],
        **({"against_truth": against_json(against)} if against else {}),
        **({"diagnosis": diagnosis_json(diagnosis)} if diagnosis else {}),
    }


def _message(message: Message) -> dict[str, Any]:
    said = part(message.content) if message.role == Role.ASSISTANT else None
    text, thought = (said.text, said.thought) if said else (message.content, None)
    value: dict[str, Any] = {"role": message.role, "text": shorten(text, LIMIT)}
    if thought:
        value["thought"] = shorten(thought, LIMIT)
    if message.tool_calls:
        value["calls"] = len(message.tool_calls)
    return value


def _target(detail: TargetScore) -> dict[str, Any]:
    return {
        "name": detail.target,
        "score": detail.score,
        "strict": detail.strict_score,
        "raw": detail.raw,
        "differing": detail.differing,
        "reason": detail.reason.message if detail.reason else None,
    }


def _call(call: CallRecord) -> dict[str, Any]:
    value: dict[str, Any] = {
        "code": shorten(call.code, LIMIT),
        "load": list(call.files_to_load),
        "save": list(call.files_to_save),
        "stdout": shorten(call.stdout, LIMIT),
        "stderr": shorten(call.stderr, LIMIT),
        "status": call.status,
        "seconds": round(call.seconds, 1),
    }
    if call.tool is not None:
        value["tool"] = call.tool
    if call.arguments is not None:
        value["arguments"] = shorten(_as_given(call.arguments), LIMIT)
    return value


def _as_given(arguments: Mapping[str, Any]) -> str:
    return json.dumps(arguments, ensure_ascii=False, indent=1)
