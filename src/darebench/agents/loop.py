"""The agent loop: a chat model and a sandbox in, messages and a stop reason out.

Evaluation runs it under Inspect, training under a trainer's generation; this module knows neither.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from darebench.agents.answers import left_line
from darebench.agents.meter import Meter, OutOfTime
from darebench.agents.protocol import Budget, ChatModel, Stop, ToolResult, clean_message
from darebench.agents.tools import NAME, PythonTool, schema, unknown_tool
from darebench.sandbox.program import Limits
from darebench.types import CallRecord, Message, Role, StopReason, Timing, Tokens, ToolCall

_STOPS = {
    Stop.MAX_TOKENS: StopReason.TOKENS,
    Stop.MODEL_LENGTH: StopReason.TOKENS,
    Stop.CONTENT_FILTER: StopReason.REFUSED,
}
_NO_TURN = Message(role=Role.ASSISTANT, content="")


@dataclass(slots=True, kw_only=True)
class Attempt:
    """An attempt as it grows; what has happened is kept when a fault or a limit ends it."""

    messages: list[Message]
    calls: list[CallRecord] = field(default_factory=list)
    tokens: Tokens = field(default_factory=Tokens)
    seconds: float = 0.0
    """Wall-clock time, without the queue."""
    timing: Timing | None = None
    """Its parts, where they are known."""
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
    clock: Callable[[], float] = time.monotonic,
    on_message: Callable[[Message], None] | None = None,
) -> None:
    """Make `attempt`, in place, until the model answers or the budget is used up.

    Args:
        attempt: The attempt, with its opening messages.
        model: The chat model that continues the conversation.
        tool: The tool that the model may call.
        budget: Turns of the model, and the time limits of each call and of the attempt.
        limits: What the tool's description says of a program.
        clock: Seconds of the model's work; it may stand still while the model waits.
        on_message: Called with each message as it is added.

    Raises:
        SandboxFault: The sandbox failed, repeatedly.
        ProviderFault: The model's provider failed.
    """
    meter = Meter(budget.seconds, clock)

    def add(message: Message) -> None:
        attempt.messages.append(message)
        if on_message is not None:
            on_message(message)

    async def answer(call: ToolCall, turns_left: int) -> None:
        result = await _answer(call, tool, meter)
        attempt.calls.append(result.record)
        text = f"{result.text}\n{left_line('Turns', turns_left, tool.folder)}"
        add(Message(role=Role.TOOL, content=text, tool_call_id=call.id))

    async def take_turns() -> StopReason:
        for turns_left in reversed(range(budget.turns)):
            if meter.left <= 0:
                return StopReason.TIME
            turn = await take_turn(attempt, model, attempt.messages, [schema(budget, limits)])
            if turn.message is None:
                return StopReason.TOKENS
            add(turn.message)
            for call in turn.message.tool_calls:
                await answer(call, turns_left)
            if turn.ended is not None:
                return turn.ended
            if not turn.message.tool_calls:
                return StopReason.ANSWER
        return StopReason.TURNS

    try:
        async with meter.within_limit():
            attempt.stop_reason = await take_turns()
    except OutOfTime:
        attempt.stop_reason = StopReason.TIME
    finally:
        meter.note(attempt)


class Turn(NamedTuple):
    """A turn of the model."""

    message: Message | None
    """None where the conversation was too long for a turn."""
    ended: StopReason | None
    """Why the attempt ends with this turn, whatever the model wanted."""


async def take_turn(
    attempt: Attempt,
    model: ChatModel,
    messages: Sequence[Message],
    tools: Sequence[dict[str, Any]],
) -> Turn:
    """Ask a model for its next turn, and count its tokens and warnings.

    Raises:
        ProviderFault: The model's provider failed.
    """
    reply = await model.reply(messages, tools)
    attempt.tokens = _sum(attempt.tokens, reply.tokens)
    attempt.warnings += [reply.warning] if reply.warning else []
    if reply.stop is Stop.MODEL_LENGTH and reply.message == _NO_TURN:
        return Turn(None, StopReason.TOKENS)
    message = clean_message(reply.message)
    ended = _STOPS.get(reply.stop)
    if message.tool_calls and ended is StopReason.REFUSED:
        ended = None
    return Turn(message, ended)


async def _answer(call: ToolCall, tool: PythonTool, meter: Meter) -> ToolResult:
    if call.name != NAME:
        return unknown_tool(call.name, call.arguments)
    if call.error is not None:
        return tool.refuse(call.arguments, f"the arguments cannot be parsed: {call.error}")
    return await meter.call(tool, call.arguments)


def _sum(a: Tokens, b: Tokens) -> Tokens:
    return Tokens(input=a.input + b.input, output=a.output + b.output, total=a.total + b.total)
