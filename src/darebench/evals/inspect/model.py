"""Inspect's model as the chat model of the agent loop.

Inspect's own messages are kept beside ours, so that what a provider attached to its turn
(reasoning, signatures) goes back to it unchanged.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Mapping, Sequence
from typing import Any

from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageTool,
    ChatMessageUser,
    ContentReasoning,
    Model,
    ModelOutput,
    get_model,
)
from inspect_ai.tool import ToolCall as InspectCall
from inspect_ai.tool import ToolInfo
from inspect_ai.util import LimitExceededError
from rich.text import Text

from darebench.agents.protocol import Reply, Stop
from darebench.errors import ConfigError, ProviderFault
from darebench.evals.builtin import AGENTS
from darebench.evals.identity import did_you_mean
from darebench.types import Message, Role, Tokens, ToolCall

PROVIDERS = (
    "anthropic",
    "azureai",
    "bedrock",
    "deepseek",
    "fireworks",
    "google",
    "grok",
    "groq",
    "hf",
    "llama-cpp-python",
    "mistral",
    "ollama",
    "openai",
    "openai-api",
    "openrouter",
    "sglang",
    "together",
    "vllm",
)
"""Inspect's providers that a misspelled one may mean; Inspect itself knows others as well."""


def check_model(name: str, base_url: str | None, arguments: Mapping[str, Any]) -> None:
    """Build a model once, so that a problem with it is reported before any work.

    Raises:
        ConfigError: The model is unknown, or its provider lacks a key or a library.
    """
    try:
        # Inspect presents itself when it is first used; stdout belongs to our result.
        with contextlib.redirect_stdout(io.StringIO()):
            get_model(name, base_url=base_url, memoize=False, **arguments)
    except ConfigError:
        raise
    except Exception as error:  # each provider raises what its own client does
        text = " ".join(Text.from_markup(str(error)).plain.split())
        raise ConfigError(
            f"the model {name!r} cannot be used: {text.rstrip('.')}{_nearest(name)}"
        ) from error


def _nearest(name: str) -> str:
    """Return a suffix that suggests the built-in agent or the provider which is nearly named."""
    plain = name.removeprefix("darebench/")
    provider, slash, _ = plain.partition("/")
    word, known = (provider, PROVIDERS) if slash else (plain, AGENTS)
    return "" if word in known else did_you_mean(word, known)


class InspectModel:
    """One conversation with an Inspect model."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self.transcript: list[ChatMessage] = []
        """The conversation as Inspect logs it."""

    def follow(self, messages: Sequence[Message]) -> None:
        """Append those of our messages that the transcript does not have yet."""
        self.transcript += map(to_inspect, messages[len(self.transcript) :])

    async def reply(self, messages: Sequence[Message], tools: Sequence[dict[str, Any]]) -> Reply:
        """Return the model's next turn.

        Raises:
            ProviderFault: The provider failed, after Inspect's own retries.
        """
        self.follow(messages)
        infos = [ToolInfo.model_validate(tool["function"]) for tool in tools]
        try:
            output = await self._model.generate(list(self.transcript), tools=infos)
        except LimitExceededError:
            raise
        except Exception as error:  # whatever a provider's client raises is the provider's fault
            raise ProviderFault(f"{self._model}: {type(error).__name__}: {error}") from error
        if output.error is not None or not output.choices:
            raise ProviderFault(f"{self._model}: {output.error or 'no choice in the answer'}")
        self.transcript.append(output.message)
        return Reply(
            message=from_inspect(output.message), tokens=_tokens(output), stop=_stop(output)
        )


def to_inspect(message: Message) -> ChatMessage:
    """Turn one of our messages into Inspect's."""
    if message.role == Role.SYSTEM:
        return ChatMessageSystem(content=message.content)
    if message.role == Role.USER:
        return ChatMessageUser(content=message.content)
    if message.role == Role.TOOL:
        return ChatMessageTool(content=message.content, tool_call_id=message.tool_call_id)
    calls = [
        InspectCall(id=c.id, function=c.name, arguments=dict(c.arguments), parse_error=c.error)
        for c in message.tool_calls
    ]
    return ChatMessageAssistant(content=message.content, tool_calls=calls or None)


def from_inspect(message: ChatMessage) -> Message:
    """Turn one of Inspect's messages into ours, with readable reasoning before the text.

    The reasoning is written as Qwen's template does, which is what training expects.
    """
    calls: tuple[ToolCall, ...] = ()
    if isinstance(message, ChatMessageAssistant) and message.tool_calls:
        calls = tuple(
            ToolCall(
                id=c.id,
                name=c.function,
                arguments={} if c.parse_error else c.arguments,
                error=c.parse_error,
            )
            for c in message.tool_calls
        )
    answered = message.tool_call_id if isinstance(message, ChatMessageTool) else None
    content = _thought(message) + message.text
    return Message(
        role=Role(message.role), content=content, tool_calls=calls, tool_call_id=answered
    )


def _thought(message: ChatMessage) -> str:
    parts = [] if isinstance(message.content, str) else message.content
    said = [p.reasoning for p in parts if isinstance(p, ContentReasoning) and not p.redacted]
    thought = "\n".join(text.strip() for text in said).strip()
    return f"<think>\n{thought}\n</think>\n\n" if thought else ""


def _stop(output: ModelOutput) -> Stop:
    try:
        return Stop(output.stop_reason)
    except ValueError:  # Inspect's `unknown`, and what it may add
        return Stop.STOP


def _tokens(output: ModelOutput) -> Tokens:
    usage = output.usage
    if usage is None:
        return Tokens()
    cached = (usage.input_tokens_cache_read or 0) + (usage.input_tokens_cache_write or 0)
    return Tokens(
        input=usage.input_tokens + cached, output=usage.output_tokens, total=usage.total_tokens
    )
