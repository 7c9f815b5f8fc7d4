"""The agent loop: a chat model and a sandbox in, messages and a stop reason out.

Evaluation runs it under Inspect, training under a trainer's generation; this module knows neither.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from darebench.agents.protocol import Budget, ChatModel, Reply, Stop, clean_message
from darebench.agents.tools import NAME, PythonTool, schema
from darebench.sandbox.program import Limits
from darebench.types import CallRecord, Message, Role, StopReason, Tokens, ToolCall

_STOPS = {
    Stop.MAX_TOKENS: StopReason.TOKENS,
    Stop.MODEL_LENGTH: StopReason.TOKENS,
    Stop.CONTENT_FILTER: StopReason.REFUSED,
}


@dataclass(slots=True, kw_only=True)
class Attempt:
    """An attempt as it grows; what has happened is kept when a fault or a limit ends it."""

    messages: list[Message]
    calls: list[CallRecord] = field(default_factory=list)
    tokens: Tokens = field(default_factory=Tokens)
    seconds: float = 0.0
    """Wall-clock time, without waiting for a free slot of the sandbox."""
    warnings: list[str] = field(default_factory=list)
    """What a person should know of it."""
    stop_reason: StopReason = StopReason.FAULT
    """`FAULT` until the attempt ends by itself."""


async def run(
    attempt: Attempt,
    model: ChatModel,
    tool: PythonTool,
    budget: Budget,
    limits: Limits,
    *,
    on_message: Callable[[Message], None] | None = None,
) -> None:
    """Make `attempt`, in place, until the model answers or the budget is used up.

    Args:
        attempt: The attempt, with its opening messages.
        model: The chat model that continues the conversation.
        tool: The tool that the model may call.
        budget: Turns of the model, and the time limit of each call.
        limits: What the tool's description says of a program.
        on_message: Called with each message as it is added.

    Raises:
        SandboxFault: The sandbox failed, repeatedly.
        ProviderFault: The model's provider failed.
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
            attempt.warnings += [reply.warning] if reply.warning else []
            if reply.stop is Stop.MODEL_LENGTH and not reply.message.content:
                attempt.stop_reason = StopReason.TOKENS  # there was no turn
                return
            reply = replace(reply, message=clean_message(reply.message))
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
    return Message(role=Role.TOOL, content=text, tool_call_id=call.id)


def _cut_off(reply: Reply) -> bool:
    return _STOPS.get(reply.stop) is StopReason.TOKENS


def _sum(a: Tokens, b: Tokens) -> Tokens:
    return Tokens(input=a.input + b.input, output=a.output + b.output, total=a.total + b.total)
