"""The protocol of an attempt: its budget, and the chat model that plays it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from darebench.types import Message, Tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What an attempt may use (paper section 4: 5 turns of 200 s)."""

    turns: int = 5
    """Model turns that may call the tool."""
    seconds_per_call: float = 200.0
    """Wall-clock limit of each call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A model's next turn."""

    message: Message
    tokens: Tokens = field(default_factory=Tokens)
    stop: str = "stop"
    """`stop`, `tool_calls`, `max_tokens`, `model_length` or `content_filter`."""


class ChatModel(Protocol):
    """Continues a conversation: Inspect's models, a trainer's generation, a script."""

    async def reply(self, messages: Sequence[Message], tools: Sequence[dict[str, Any]]) -> Reply:
        """Give the next assistant message; `tools` are JSON schemas in the OpenAI format.

        Raises:
            ProviderFault: the provider failed, not the model; a retry may help.
        """
        ...
