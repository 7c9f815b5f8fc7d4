"""Trajectory -> a row in ShareGPT's form, as LLaMA-Factory reads it.

Turns of one side alternate with those of the other, and the last is the model's. A turn with calls
holds them as a JSON list; a thought or a text of the same turn stands before it.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence

from darebench.rollouts.rows import BETWEEN_ANSWERS, Row, Tool, part_thought, provenance
from darebench.types import Message, Role, Trajectory

_SIDES = (("human", "observation"), ("gpt", "function_call"))


def sharegpt_row(trajectory: Trajectory, tools: Sequence[Tool], run: str) -> Row | None:
    """Return a row for LLaMA-Factory's `sharegpt` formatting, with where it comes from.

    The result is None for a conversation whose sides do not alternate, which LLaMA-Factory skips.
    """
    messages = trajectory.messages
    said = [
        _said(role, list(group))
        for role, group in itertools.groupby(
            (m for m in messages if m.role != Role.SYSTEM), key=lambda m: m.role
        )
    ]
    turns = list(itertools.chain.from_iterable(said))
    while turns and turns[-1]["from"] in _SIDES[0]:
        turns.pop()
    if any(turn["from"] not in _SIDES[n % 2] for n, turn in enumerate(turns)):
        return None
    return {
        "conversations": turns,
        "system": "\n\n".join(m.content for m in messages if m.role == Role.SYSTEM),
        "tools": json.dumps(list(tools), ensure_ascii=False),
        **provenance(trajectory, run),
    }


def _said(role: Role, messages: Sequence[Message]) -> list[Row]:
    if role == Role.TOOL:
        answers = BETWEEN_ANSWERS.join(m.content for m in messages)
        return [{"from": "observation", "value": answers}]
    if role == Role.USER:
        return [{"from": "human", "value": m.content} for m in messages]
    return [_turn(m) for m in messages]


def _turn(message: Message) -> Row:
    thought, text = part_thought(message.content)
    before = f"<think>\n{thought}\n</think>\n\n" if thought else ""
    if not message.tool_calls:
        return {"from": "gpt", "value": before + text}
    calls = [{"name": c.name, "arguments": dict(c.arguments)} for c in message.tool_calls]
    # LLaMA-Factory looks for closing tags in this text, and code may hold some.
    listed = json.dumps(calls, ensure_ascii=False).replace("</", "<\\/")
    if text:
        listed = f"{text}\n<tool_call>{listed}</tool_call>"
    return {"from": "function_call", "value": before + listed}
