"""The one agent loop: a chat model and a sandbox in, messages and a stop reason out.

Evaluation runs it under Inspect, training under a trainer's own generation; neither is known here.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from darebench.agents.protocol import Budget, ChatModel, Reply
from darebench.agents.tools import NAME, PythonTool, schema
from darebench.sandbox.program import Limits
from darebench.types import CallRecord, Message, StopReason, Tokens, ToolCall

_STOPS = {
    "max_tokens": StopReason.TOKENS,
    "model_length": StopReason.TOKENS,
    "content_filter": StopReason.REFUSED,
}


@dataclass(slots=True, kw_only=True)
class Attempt:
    """An attempt as it grows; what has happened is kept if a fault or a limit ends it."""

    messages: list[Message]
    calls: list[CallRecord] = field(default_factory=list)
    tokens: Tokens = field(default_factory=Tokens)
    seconds: float = 0.0
    """Wall-clock time, without the wait for a free place in the sandbox."""
    stop_reason: StopReason = StopReason.FAULT
    """Holds until the loop ends by itself."""


async def run(
    attempt: Attempt,
    model: ChatModel,
    tool: PythonTool,
    budget: Budget,
    limits: Limits,
    *,
    on_message: Callable[[Message], None] | None = None,
) -> None:
    """Play `attempt` to its end, in place. `on_message` sees each message as it is added.

    Raises:
        SandboxFault: the sandbox failed, repeatedly.
        ProviderFault: the model's provider failed.
    """
    start = time.monotonic()

    def add(message: Message) -> None:
        attempt.messages.append(message)
        if on_message is not None:
            on_message(message)

    try:
        for _ in range(budget.turns):
            reply = await model.reply(attempt.messages, [schema(budget, limits)])
            attempt.tokens = _sum(attempt.tokens, reply.tokens)
            add(reply.message)
            if not reply.message.tool_calls:
                attempt.stop_reason = _STOPS.get(reply.stop, StopReason.ANSWER)
                return
            for call in reply.message.tool_calls:
                add(await _answer(call, tool, attempt.calls))
            if _cut_off(reply):
                attempt.stop_reason = StopReason.TOKENS
                return
        attempt.stop_reason = StopReason.TURNS
    finally:
        attempt.seconds = time.monotonic() - start - tool.waited


async def _answer(call: ToolCall, tool: PythonTool, calls: list[CallRecord]) -> Message:
    if call.name != NAME:
        text = f"There is no tool {call.name!r}; the only one is {NAME!r}."
    elif call.error is not None:
        result = tool.refuse(call.arguments, f"the arguments cannot be parsed: {call.error}")
        calls.append(result.record)
        text = result.text
    else:
        result = await tool.call(call.arguments)
        calls.append(result.record)
        text = result.text
    return Message(role="tool", content=text, tool_call_id=call.id)


def _cut_off(reply: Reply) -> bool:
    return _STOPS.get(reply.stop) is StopReason.TOKENS


def _sum(a: Tokens, b: Tokens) -> Tokens:
    return Tokens(input=a.input + b.input, output=a.output + b.output, total=a.total + b.total)
