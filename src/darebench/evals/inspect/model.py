"""Inspect's model as the chat model of the agent loop.

Inspect's own messages are kept beside ours, so that what a provider attached to its turn
(reasoning, signatures) goes back to it unchanged.
"""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageTool,
    ChatMessageUser,
    ContentReasoning,
    GenerateConfig,
    Model,
    ModelOutput,
    get_model,
)
from inspect_ai.tool import ToolCall as InspectCall
from inspect_ai.tool import ToolInfo
from inspect_ai.util import LimitExceededError
from rich.text import Text

from darebench.agents.protocol import Reply, Stop, clean_message
from darebench.agents.thoughts import join, part
from darebench.errors import ConfigError, ProviderFault
from darebench.evals.builtin import AGENTS
from darebench.evals.identity import did_you_mean
from darebench.evals.inspect.faults import fault_of
from darebench.evals.inspect.written_calls import written_call
from darebench.types import Message, Role, Tokens, ToolCall

NO_KEY = "none"
"""What is sent as a key to a server that was given by its address alone."""
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


def open_model(
    name: str,
    base_url: str | None,
    arguments: Mapping[str, Any],
    config: GenerateConfig | None = None,
) -> Model:
    """Return an Inspect model, so that a problem with it is reported before any work.

    A server of one's own rarely wants a key, but its client does: where an address is given and no
    key, a stand-in is sent.

    Raises:
        ConfigError: The model is unknown, its address is none, or its provider lacks a key or a
            library.
    """
    _check_address(base_url)
    try:
        return _opened(name, base_url, arguments, config)
    except ConfigError:
        raise
    except Exception as error:  # each provider raises what its own client does
        if base_url is not None and "api_key" not in arguments:
            with contextlib.suppress(Exception):  # the first error says what is missing
                return _opened(name, base_url, {**arguments, "api_key": NO_KEY}, config)
        text = " ".join(Text.from_markup(str(error)).plain.split())
        raise ConfigError(
            f"the model {name!r} cannot be used: {text.rstrip('.')}{_nearest(name)}"
        ) from error


def _opened(
    name: str, base_url: str | None, arguments: Mapping[str, Any], config: GenerateConfig | None
) -> Model:
    # Inspect presents itself when it is first used; stdout belongs to our result.
    with contextlib.redirect_stdout(io.StringIO()):
        return get_model(name, base_url=base_url, config=config, memoize=False, **arguments)


def _check_address(url: str | None) -> None:
    """Refuse what is not the address of a server.

    Raises:
        ConfigError: It is none; the message holds the nearest one.
    """
    if url is None or re.match(r"https?://[^/\s]+", url):
        return
    rest = url.partition("://")[2] if "://" in url else url.lstrip("/")
    near = f"; write http://{rest}" if re.match(r"[\w.-]+(:\d+)?(/|$)", rest) else ""
    raise ConfigError(f"{url!r} is not the address of a server{near}")


def _nearest(name: str) -> str:
    """Return a suffix that suggests the built-in agent or the provider which is nearly named."""
    plain = name.removeprefix("darebench/")
    provider, slash, _ = plain.partition("/")
    word, known = (provider, PROVIDERS) if slash else (plain, AGENTS)
    return "" if word in known else did_you_mean(word, known)


class InspectModel:
    """One conversation with an Inspect model.

    Args:
        model: The model.
        warn: Is told what a person should know, in each conversation again.
    """

    def __init__(self, model: Model, warn: Callable[[str], None] = lambda text: None) -> None:
        self._model = model
        self._warn = warn
        self.transcript: list[ChatMessage] = []
        """The conversation as Inspect logs it."""

    def follow(self, messages: Sequence[Message]) -> None:
        """Append those of our messages that the transcript does not have yet.

        Turns of an earlier conversation come without their thoughts, as templates leave them out.
        """
        self.transcript += map(to_inspect, map(_said, messages[len(self.transcript) :]))

    async def reply(self, messages: Sequence[Message], tools: Sequence[dict[str, Any]]) -> Reply:
        """Return the model's next turn.

        Raises:
            ProviderFault: The provider failed, after retries.
        """
        self.follow(messages)
        infos = [ToolInfo.model_validate(tool["function"]) for tool in tools]
        try:
            output = await self._model.generate(list(self.transcript), tools=infos)
        except (LimitExceededError, ProviderFault):
            raise
        except Exception as error:  # whatever a provider's client raises is the provider's fault
            raise ProviderFault(f"{self._model}: {fault_of(error).what}") from error
        if output.error is not None or not output.choices:
            raise ProviderFault(f"{self._model}: {output.error or 'no choice in the answer'}")
        self.transcript.append(output.message)
        message, stop = from_inspect(output.message), _stop(output)
        warning = None
        if not message.tool_calls and stop is Stop.STOP:
            found = (written_call(message.content, info.name) for info in infos)
            warning = next(filter(None, found), None)
            if warning is not None:
                self._warn(warning)
        return Reply(message=message, tokens=_tokens(output), stop=stop, warning=warning)


def _said(message: Message) -> Message:
    if message.role is not Role.ASSISTANT:
        return message
    return replace(message, content=part(message.content).text)


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
    content = message.text
    if isinstance(message, ChatMessageAssistant):
        calls = tuple(map(_call, message.tool_calls or ()))
        content = _content(message)
    answered = message.tool_call_id if isinstance(message, ChatMessageTool) else None
    return clean_message(
        Message(role=Role(message.role), content=content, tool_calls=calls, tool_call_id=answered)
    )


def _call(call: InspectCall) -> ToolCall:
    return ToolCall(
        id=call.id,
        name=call.function,
        arguments={} if call.parse_error else call.arguments,
        error=call.parse_error,
    )


def _content(message: ChatMessageAssistant) -> str:
    """Return what a model thought and said; a thought that a server sends twice stands once."""
    parts = [] if isinstance(message.content, str) else message.content
    found = [p.reasoning for p in parts if isinstance(p, ContentReasoning) and not p.redacted]
    said = part(message.text)
    thoughts = {"".join(text.split()): text.strip() for text in (*found, said.thought)}
    thought = "\n".join(filter(None, thoughts.values()))
    return join(thought, said.text)


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
