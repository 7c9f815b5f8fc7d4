"""The protocols of an attempt: its budget, the chat model or the agent that plays it, the tool.

A **chat model** continues a conversation, and darebench's own loop (`darebench.agents.loop`) makes
an agent of it: opening messages, calls of the tool, the end. An **agent** is everything at once: it
is given a task, the tool and the budget, works in its own way, and returns its conversation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from darebench.text import clean
from darebench.types import CallRecord, Message, Task, Tokens, ToolCall


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What an attempt may use (paper section 4: 5 turns of 200 s)."""

    turns: int = 5
    """Turns of the model; for an own agent, calls of the tool."""
    seconds_per_call: float = 200.0
    """Wall-clock limit of each call."""
    seconds: float | None = None
    """Limit of the whole attempt, without waiting for a place in the sandbox or a connection."""


class Stop(StrEnum):
    """Why a model ended its turn."""

    STOP = "stop"
    """The model has said what it wanted to say."""
    TOOL_CALLS = "tool_calls"
    """The model waits for the answers to its calls."""
    MAX_TOKENS = "max_tokens"
    """The turn reached its token limit."""
    MODEL_LENGTH = "model_length"
    """The conversation fills the model's context."""
    CONTENT_FILTER = "content_filter"
    """The provider's content filter ended the turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A model's next turn."""

    message: Message
    tokens: Tokens = field(default_factory=Tokens)
    stop: Stop = Stop.STOP
    warning: str | None = None
    """What a person should know of this turn, such as how to start the model's server."""


def clean_message(message: Message) -> Message:
    """Return a message whose texts can be stored and sent, as `darebench.text` says."""
    calls = tuple(
        ToolCall(
            id=clean(call.id),
            name=clean(call.name),
            arguments=clean(call.arguments),
            error=clean(call.error),
        )
        for call in message.tool_calls
    )
    return Message(
        role=message.role,
        content=clean(message.content),
        tool_calls=calls,
        tool_call_id=clean(message.tool_call_id),
    )


class ChatModel(Protocol):
    """Continues a conversation: one of Inspect's models, a trainer's generation, a script.

    One object plays all attempts of a run, several at a time, so that it must not keep a
    conversation of its own.
    """

    async def reply(self, messages: Sequence[Message], tools: Sequence[dict[str, Any]]) -> Reply:
        """Return the next assistant message.

        Args:
            messages: The conversation so far.
            tools: JSON schemas of the tools that may be called, in the OpenAI format.

        Raises:
            ProviderFault: The provider failed, not the model; a retry may help.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResult:
    """One answered call of the tool."""

    record: CallRecord
    """The call as the trajectory keeps it."""
    text: str
    """What a model reads of it."""


class Tool(Protocol):
    """The tool that an own agent is given: Python programs in the sandbox, one process each."""

    @property
    def schema(self) -> Mapping[str, Any]:
        """The JSON schema that describes the tool to a model, in the OpenAI format."""
        ...

    async def call(self, arguments: Mapping[str, Any]) -> ToolResult:
        """Run a call with the arguments that a model gave; wrong ones are answered, not raised.

        Raises:
            OutOfTurns: The calls of the budget are used up.
            SandboxFault: The sandbox failed, repeatedly.
        """
        ...

    async def run(
        self, code: str, *, load: Sequence[str] = (), save: Sequence[str] = ()
    ) -> ToolResult:
        """Run a program that sees the files named in `load` and leaves those named in `save`.

        Raises:
            OutOfTurns: The calls of the budget are used up.
            SandboxFault: The sandbox failed, repeatedly.
        """
        ...


class Agent(Protocol):
    """Makes one attempt in its own way: any async function with these arguments."""

    async def __call__(self, task: Task, tool: Tool, budget: Budget) -> Sequence[Message]:
        """Work on a task until its prediction is saved; return the conversation.

        Args:
            task: The question, and the names of the files that the tool can load.
            tool: The only way to the files; what is saved as `prediction.csv` is scored.
            budget: Calls of the tool, and the time limit of each.

        Raises:
            Exception: Whatever is raised leaves the attempt unscored, and it is made again. Only
                `OutOfTurns`, which the tool raises, is an end like any other.
        """
        ...


class OutOfTurns(Exception):
    """An own agent called the tool more often than its budget allows; the attempt ends here."""
