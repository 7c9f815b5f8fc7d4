"""A chat model whose replies are written down, to play the real loop and the real sandbox."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from darebench.agents.protocol import Reply, Stop
from darebench.agents.tools import NAME
from darebench.errors import ProviderFault
from darebench.types import Message, Role, ToolCall


class ScriptedModel:
    """Plays the replies of a list in their order, in any number of attempts at the same time.

    Example:
        >>> script = ScriptedModel([calls("print(1)"), says("Done.")])
    """

    def __init__(self, replies: Sequence[Reply]) -> None:
        self._replies = tuple(replies)

    async def reply(self, messages: Sequence[Message], tools: Sequence[dict[str, Any]]) -> Reply:
        """Return the reply that comes after the assistant messages so far.

        Raises:
            ProviderFault: The script has ended.
        """
        turn = sum(m.role == Role.ASSISTANT for m in messages)
        if turn >= len(self._replies):
            raise ProviderFault(f"the script has {len(self._replies)} replies, and another is due")
        return self._replies[turn]


def says(text: str, *, stop: Stop = Stop.STOP) -> Reply:
    """Return a reply that is text, which ends an attempt."""
    return Reply(message=Message(role=Role.ASSISTANT, content=text), stop=stop)


def calls(
    code: str, *, load: Sequence[str] = (), save: Sequence[str] = (), id: str = "call_1"
) -> Reply:
    """Return a reply that calls the tool with a program."""
    arguments = {"code": code, "files_to_load": list(load), "files_to_save": list(save)}
    call = ToolCall(id=id, name=NAME, arguments=arguments)
    message = Message(role=Role.ASSISTANT, content="", tool_calls=(call,))
    return Reply(message=message, stop=Stop.TOOL_CALLS)
