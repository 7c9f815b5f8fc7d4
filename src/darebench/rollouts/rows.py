"""Trajectory -> a row of training data: messages with tool calls, schemas, provenance."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from darebench.agents.notebook.schemas import RUN_CELL, schemas
from darebench.agents.protocol import Budget
from darebench.agents.tools import schema
from darebench.sandbox.program import Limits
from darebench.types import Message, Role, StopReason, Trajectory

Row = dict[str, Any]


def unusable(trajectory: Trajectory) -> str | None:
    """Return why an attempt cannot be trained on, or None if it can.

    The text of a call whose arguments could not be parsed is not kept, so that a row with one would
    teach what the model did not write. A turn that the token limit cut off would be taught as a
    whole one, with an end that the model did not write either.
    """
    if trajectory.score is None:
        return "unscored"
    if trajectory.stop_reason is StopReason.FAULT or trajectory.fault is not None:
        return "ended by a fault"
    if not any(m.role == Role.ASSISTANT for m in trajectory.messages):
        return "no assistant turn"
    if any(call.error is not None for m in trajectory.messages for call in m.tool_calls):
        return "unparsable tool call"
    if trajectory.stop_reason is StopReason.TOKENS:
        return "cut off by the token limit"
    return None


def fingerprint(trajectory: Trajectory) -> bytes:
    """Return 16 bytes that tell an attempt from every other, whichever file it is read from.

    A new score does not make another attempt; another run of the same model does, since it takes
    another time.
    """
    t = trajectory
    what = repr((t.task, t.epoch, t.model, t.seconds, t.messages))
    return hashlib.blake2b(what.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def chat_row(trajectory: Trajectory, tools: str, run: str) -> Row:
    """Return a row as TRL's trainers take it, with where it comes from.

    Arguments are JSON text: as objects, a table would merge the keys of all rows. So is `tools`,
    which every row has word for word.
    """
    return {
        "messages": [message_row(m) for m in trajectory.messages],
        "tools": tools,
        **provenance(trajectory, run),
    }


def openai_row(trajectory: Trajectory, tools: str) -> Row:
    """Return a row of an OpenAI fine-tuning file, which takes no other keys.

    Such a file trains on assistant turns only, and has to end with one.
    """
    messages = [message_row(m) for m in trajectory.messages]
    while messages[-1]["role"] != "assistant":
        messages.pop()
    return {"messages": messages, "tools": json.loads(tools)}


def provenance(trajectory: Trajectory, run: str) -> Row:
    """Return the flat facts that lead from a row back to its attempt."""
    made = asdict(trajectory.provenance) if trajectory.provenance else {}
    return {
        "run": run,
        "task": trajectory.task,
        "column": str(trajectory.track),
        "cluster": trajectory.cluster,
        "epoch": trajectory.epoch,
        "model": trajectory.model,
        "score": trajectory.score,
        "seconds": trajectory.seconds,
        "stop_reason": str(trajectory.stop_reason),
        **{name: made.get(name) for name in ("darebench", "scorer", "truth", "environment")},
    }


class Tools:
    """The texts of the `tools` column, for the attempts of one source."""

    def __init__(self, budget: Budget) -> None:
        """Take the attempts' budget, which the descriptions name."""
        limits = Limits()
        self._tool = _tools_text([schema(budget, limits)])
        self._notebook = _tools_text(schemas(budget, limits))

    def of(self, trajectory: Trajectory) -> str:
        """Return the schemas of the tools that an attempt had: the notebook's, or the one tool."""
        called = {call.name for m in trajectory.messages for call in m.tool_calls}
        return self._notebook if RUN_CELL in called else self._tool


def _tools_text(tools: Sequence[Mapping[str, Any]]) -> str:
    return json.dumps(tools, sort_keys=True, ensure_ascii=False)


def message_row(message: Message) -> Row:
    """Return a message in the OpenAI chat format, with its arguments as JSON text."""
    row: Row = {"role": message.role, "content": message.content}
    if message.tool_calls:
        row["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {
                    "name": call.name,
                    "arguments": json.dumps(dict(call.arguments), ensure_ascii=False),
                },
            }
            for call in message.tool_calls
        ]
    if message.tool_call_id is not None:
        row["tool_call_id"] = message.tool_call_id
    return row
