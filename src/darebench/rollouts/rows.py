"""Trajectory -> a row of training data: messages with tool calls, schemas, provenance."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from darebench.agents.notebook.schemas import RUN_CELL, schemas
from darebench.agents.protocol import Budget
from darebench.agents.tools import schema
from darebench.sandbox.program import Limits
from darebench.types import Message, Role, StopReason, Trajectory

Row = dict[str, Any]
Tool = Mapping[str, Any]
"""The schema of a tool in the OpenAI format, in the order of keys in which models are shown it."""
BETWEEN_ANSWERS = "\n</tool_response>\n<tool_response>\n"
"""What Qwen's template writes between the answers to two calls of one turn."""
_OPEN, _CLOSE = "<think>", "</think>"


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


def trl_row(trajectory: Trajectory, tools: Sequence[Tool], run: str) -> Row:
    """Return a row as TRL's trainers take it, with where it comes from.

    Arguments are JSON text: as objects, a table would merge the keys of all rows. The tools have
    one form in every row of a table, which keeps them as they are, so that a template writes them
    as the model was shown them.
    """
    return {
        "messages": [message_row(m) for m in trajectory.messages],
        "tools": list(tools),
        **provenance(trajectory, run),
    }


def verl_row(trajectory: Trajectory, tools: Sequence[Tool], run: str) -> Row:
    """Return a row for verl's `MultiTurnSFTDataset`, which renders each message alone.

    The answers to one turn's calls are therefore one message, with what the template writes between
    two of them.
    """
    row = trl_row(trajectory, tools, run)
    return {**row, "messages": list(_answers_joined(row["messages"]))}


def openai_row(trajectory: Trajectory, tools: Sequence[Tool]) -> Row:
    """Return a row of an OpenAI fine-tuning file, which takes no other keys.

    Such a file trains on assistant turns only, and has to end with one. A thought stays in the
    text of its turn.
    """
    messages = [_openai_message(m) for m in _to_last_turn(trajectory.messages)]
    return {"messages": messages, "tools": list(tools)}


def _openai_message(message: Message) -> Row:
    row = message_row(message)
    row.pop("reasoning_content", None)
    return {**row, "content": message.content}


def _to_last_turn(messages: Sequence[Message]) -> Sequence[Message]:
    """Leave out what follows the last turn of the assistant."""
    last = max(n for n, m in enumerate(messages) if m.role == Role.ASSISTANT)
    return messages[: last + 1]


def _answers_joined(messages: Sequence[Row]) -> Iterator[Row]:
    for role, group in itertools.groupby(messages, key=lambda m: m["role"]):
        found = list(group)
        if role != Role.TOOL or len(found) == 1:
            yield from found
        else:
            yield {"role": role, "content": BETWEEN_ANSWERS.join(m["content"] for m in found)}


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
    """The schemas of tools, for the attempts of one source."""

    def __init__(self, budget: Budget) -> None:
        """Take the attempts' budget, which the descriptions name."""
        limits = Limits()
        self.tool: Sequence[Tool] = [schema(budget, limits)]
        self.notebook: Sequence[Tool] = schemas(budget, limits)

    def of(self, trajectory: Trajectory) -> Sequence[Tool]:
        """Return the schemas of the tools that an attempt had: the notebook's, or the one tool."""
        called = {call.name for m in trajectory.messages for call in m.tool_calls}
        return self.notebook if RUN_CELL in called else self.tool


def message_row(message: Message) -> Row:
    """Return a message in the OpenAI chat format, with its arguments as JSON text.

    An assistant's thought stands in `reasoning_content`, apart from its text, where the chat
    templates of reasoning models look for it.
    """
    row: Row = {"role": message.role, "content": message.content}
    if message.role == Role.ASSISTANT:
        thought, text = part_thought(message.content)
        if thought is not None:
            row |= {"content": text, "reasoning_content": thought}
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


def part_thought(content: str) -> tuple[str | None, str]:
    r"""Part the thought that opens a turn from the text after it, as Qwen's template does.

    The thought is None for a turn that opens with none, and empty where the text holds a closing
    tag of its own, so that no template looks for a thought in it.

    >>> part_thought("<think>\nhm\n</think>\n\nDone.")
    ('hm', 'Done.')
    >>> part_thought("Done.")
    (None, 'Done.')
    >>> part_thought("The tag </think> ends a thought.")
    ('', 'The tag </think> ends a thought.')
    """
    if content.lstrip().startswith(_OPEN) and _CLOSE in content:
        thought, _, text = content.lstrip().removeprefix(_OPEN).partition(_CLOSE)
        return thought.strip("\n"), text.lstrip("\n")
    return ("" if _CLOSE in content else None), content
