"""A script that calls the tool, played in a notebook: it stands for a language model there too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from darebench.agents.notebook import texts
from darebench.agents.notebook.schemas import FILTER_CELLS, RUN_CELL
from darebench.agents.protocol import ChatModel, Reply, Stop
from darebench.types import Message, Role, ToolCall

_PLANNING, _FILTERING = (text.partition(" ")[0] for text in (texts.PLAN, texts.FILTER))


class AdaptedModel:
    """Plays a chat model that knows the tool: a step for each of its calls, and its end."""

    def __init__(self, model: ChatModel) -> None:
        self._model = model

    async def reply(self, messages: Sequence[Message], tools: Sequence[dict[str, Any]]) -> Reply:
        """Return what the stage asks for: a plan, a cell, the cells to keep, or the end."""
        last = messages[-1]
        stages = [line.partition(" ")[0] for line in last.content.splitlines()]
        ran = [m for m in messages if m.tool_calls and m.tool_calls[0].name == RUN_CELL]
        if _FILTERING in stages:
            number = int(last.content.split()[1].rstrip("."))
            return _calls(FILTER_CELLS, {"keep": [number]}, len(messages))
        if last.role is Role.TOOL and texts.DEBUG not in last.content:
            return _says("The program ran.")
        answers = {m.tool_call_id: m for m in messages if m.role is Role.TOOL}
        told = [messages[0], messages[1]]
        for message in ran:
            told += [message, answers[message.tool_calls[0].id]]
        reply = await self._model.reply(told, tools)
        wanted = reply.message.tool_calls
        if _PLANNING in stages:
            return _says(f"Program {len(ran) + 1} is next.") if wanted else _says(texts.DONE)
        if not wanted:
            return _says(reply.message.content)
        return _calls(RUN_CELL, {"code": wanted[0].arguments["code"]}, len(messages))


def _says(text: str) -> Reply:
    return Reply(message=Message(role=Role.ASSISTANT, content=text))


def _calls(name: str, arguments: dict[str, Any], number: int) -> Reply:
    call = ToolCall(id=f"call_{number}", name=name, arguments=arguments)
    message = Message(role=Role.ASSISTANT, content="", tool_calls=(call,))
    return Reply(message=message, stop=Stop.TOOL_CALLS)
