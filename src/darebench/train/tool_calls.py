"""What a model wrote -> an assistant message: Qwen's (Hermes') tool calls, read strictly. Pure."""

from __future__ import annotations

import json
import re
from typing import Any

from darebench.agents.tools import NAME
from darebench.types import Message, Role, ToolCall

_CALL = re.compile(r"<tool_call>(.*?)(</tool_call>|\Z)", re.DOTALL)


def parse_reply(text: str, number: int) -> Message:
    """Read one turn. A call that cannot be read becomes one with an error, which the tool answers.

    Calls inside a thought are not calls. The text before the first call is kept as it is.

    Args:
        text: The decoded turn, without the end token.
        number: The turn's number, for the calls' ids.
    """
    spoken = _after_thought(text)
    calls = tuple(
        _call(found[1], bool(found[2]), f"call_{number}_{k}")
        for k, found in enumerate(_CALL.finditer(spoken))
    )
    if not calls:
        return Message(role=Role.ASSISTANT, content=text)
    content = text[: len(text) - len(spoken)] + spoken[: spoken.index("<tool_call>")]
    return Message(role=Role.ASSISTANT, content=content.rstrip("\n"), tool_calls=calls)


def _after_thought(text: str) -> str:
    """Cut off the thought that a turn begins with; a thought that never ends leaves nothing.

    The tags count only at the beginning: in a call's arguments they are the code's own text.
    """
    thought, mark, rest = text.partition("</think>")
    if text.lstrip().startswith("<think>"):
        return rest
    return rest if mark and "<tool_call>" not in thought else text


def _call(body: str, closed: bool, id: str) -> ToolCall:
    problem = "" if closed else "</tool_call> is missing"
    name = NAME
    arguments: dict[str, Any] = {}
    if not problem:
        try:
            value = json.loads(body)
        except (ValueError, RecursionError) as error:
            problem = f"no JSON: {error}"
        else:
            if not isinstance(value, dict) or not isinstance(value.get("name"), str):
                problem = "a JSON object with name and arguments is needed"
            elif not isinstance(value.get("arguments"), dict):
                problem = "arguments: a JSON object is needed"
            else:
                name, arguments = value["name"], value["arguments"]
    return ToolCall(id=id, name=name, arguments=arguments, error=problem or None)
