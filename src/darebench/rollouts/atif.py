"""Attempts in Harbor's trajectory format (ATIF 1.8), in both directions.

What the format has no field for (score, failure, the calls as they ran) stands under
`extra.darebench`, as in the documented JSON of an attempt, so that nothing is lost on the way there
and back. Attempts hold neither token ids nor log-probabilities, so the documents do not either.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from darebench.errors import ConfigError
from darebench.evals.trajectory import SCHEMA_VERSION, from_json, to_json
from darebench.rollouts.rows import Tool, part_thought
from darebench.types import Trajectory

VERSION = "ATIF-v1.8"
_EXTRA = "darebench"
_Json = dict[str, Any]


def document(trajectory: Trajectory, *, tools: Sequence[Tool], session: str) -> _Json:
    """Return an attempt, which has at least one message, as a document of the format.

    Args:
        trajectory: The attempt.
        tools: The tools that the model was offered.
        session: What the attempt was a part of: the run's name.
    """
    fields = to_json(trajectory)
    steps: list[_Json] = []
    for message in fields.pop("messages"):
        if message["role"] == "tool":
            _add_answer(steps, message)
        elif message["role"] == "assistant":
            steps.append(_turn(message))
        else:
            steps.append({"source": str(message["role"]), "message": message["content"]})
    made = trajectory.provenance
    return {
        "schema_version": VERSION,
        "session_id": session,
        "trajectory_id": f"{session}/{trajectory.task}/{trajectory.epoch}",
        "agent": {
            "name": "darebench",
            "version": made.darebench if made else "unknown",
            "model_name": fields["model"],
            "tool_definitions": [dict(tool) for tool in tools],
        },
        "steps": [{"step_id": n, **step} for n, step in enumerate(steps, 1)],
        "final_metrics": {
            "total_prompt_tokens": trajectory.tokens.input,
            "total_completion_tokens": trajectory.tokens.output,
            "total_steps": len(steps),
        },
        "extra": {_EXTRA: fields},
    }


def attempt_of(value: Any) -> Trajectory:
    """Read an attempt from a document of the format.

    Raises:
        ConfigError: The value is another kind of document, or has no task and score.
    """
    if not isinstance(value, Mapping) or not str(value.get("schema_version")).startswith("ATIF-v"):
        raise ConfigError("not an ATIF trajectory: schema_version has to be ATIF-v1.8 or older")
    fields = (value.get("extra") or {}).get(_EXTRA)
    if not isinstance(fields, Mapping):
        raise ConfigError(
            "an ATIF trajectory without extra.darebench, which holds the task and the score of an "
            "attempt; give one that darebench wrote"
        )
    try:
        messages = [message for step in value["steps"] for message in _messages(step)]
    except (KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"an ATIF trajectory with an unusable step: {error!r}") from None
    return from_json({"schema_version": SCHEMA_VERSION, **fields, "messages": messages})


def _add_answer(steps: list[_Json], message: Mapping[str, Any]) -> None:
    """Add a tool's answer to the turn that it follows, or to a step of its own after none."""
    if not steps or not (steps[-1]["source"] == "agent" or "observation" in steps[-1]):
        steps.append({"source": "system", "message": ""})
    step = steps[-1]
    asked = message["tool_call_id"]
    is_known = any(call["tool_call_id"] == asked for call in step.get("tool_calls", ()))
    named = {"source_call_id": asked} if is_known else {"extra": {"tool_call_id": asked}}
    results = step.setdefault("observation", {"results": []})["results"]
    results.append({"content": message["content"], **named})


def _turn(message: Mapping[str, Any]) -> _Json:
    thought, text = part_thought(message["content"])
    step: _Json = {"source": "agent", "message": text}
    if thought:
        step["reasoning_content"] = thought
    if _content(step) != message["content"]:
        step["extra"] = {"content": message["content"]}
    if message["tool_calls"]:
        step["tool_calls"] = [
            {
                "tool_call_id": call["id"],
                "function_name": call["name"],
                "arguments": call["arguments"],
                **({} if call["error"] is None else {"extra": {"error": call["error"]}}),
            }
            for call in message["tool_calls"]
        ]
    return step


def _content(step: Mapping[str, Any]) -> str:
    thought = step.get("reasoning_content")
    return f"<think>\n{thought}\n</think>\n\n{step['message']}" if thought else step["message"]


def _messages(step: Mapping[str, Any]) -> Iterator[_Json]:
    """Yield the messages of a step."""
    results = (step.get("observation") or {}).get("results") or ()
    extra = step.get("extra") or {}
    if step["source"] == "agent":
        calls = [
            {
                "id": call["tool_call_id"],
                "name": call["function_name"],
                "arguments": call["arguments"],
                "error": (call.get("extra") or {}).get("error"),
            }
            for call in step.get("tool_calls") or ()
        ]
        content = extra.get("content", _content(step))
        yield {"role": "assistant", "content": content, "tool_calls": calls}
    elif not results:
        yield {"role": step["source"], "content": step["message"]}
    for result in results:
        asked = result.get("source_call_id") or (result.get("extra") or {}).get("tool_call_id")
        yield {"role": "tool", "content": result["content"], "tool_call_id": asked}
