"""Plays an attempt of somebody's own agent: hands it the tool, counts its calls, keeps what it did.

What an agent of Inspect's kind needs is in `darebench.evals.inspect.players`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from darebench.agents.answers import left_line
from darebench.agents.loop import Attempt
from darebench.agents.meter import Meter, OutOfTime
from darebench.agents.protocol import Agent, Budget, OutOfTurns, ToolResult, clean_message
from darebench.agents.tools import PythonTool, schema
from darebench.errors import DareError, ProviderFault
from darebench.sandbox.program import Limits
from darebench.types import CallRecord, Message, StopReason, Task


class CountedTool:
    """The tool of one attempt, which keeps each call and ends when the budget is used up."""

    def __init__(
        self,
        tool: PythonTool,
        budget: Budget,
        limits: Limits,
        calls: list[CallRecord],
        meter: Meter,
    ) -> None:
        self._tool = tool
        self._budget = budget
        self._calls = calls
        self._meter = meter
        self._n_begun = 0
        self._n_open = 0
        self._records: dict[int, CallRecord] = {}
        """Number of the call -> its record; calls that are made together may end in any order."""
        self.schema: Mapping[str, Any] = schema(budget, limits)

    async def call(self, arguments: Mapping[str, Any]) -> ToolResult:
        """Run a call with the arguments that a model gave; wrong ones are answered, not raised.

        Raises:
            OutOfTurns: The calls of the budget are used up.
            SandboxFault: The sandbox failed, repeatedly; the call does not count.
        """
        n_left = self._budget.turns - len(self._records) - self._n_open - 1
        if n_left < 0:
            raise OutOfTurns(f"the {self._budget.turns} calls of the budget are used up")
        number = self._n_begun
        self._n_begun += 1
        self._n_open += 1
        try:
            result = await self._meter.call(self._tool, arguments)
        finally:
            self._n_open -= 1
        self._records[number] = result.record
        self._calls[:] = [self._records[n] for n in sorted(self._records)]
        line = left_line("Calls", n_left, self._tool.folder)
        return replace(result, text=f"{result.text}\n{line}")

    async def run(
        self, code: str, *, load: Sequence[str] = (), save: Sequence[str] = ()
    ) -> ToolResult:
        """Run a program that sees the files named in `load` and leaves those named in `save`.

        Raises:
            OutOfTurns: The calls of the budget are used up.
            SandboxFault: The sandbox failed, repeatedly.
        """
        return await self.call(
            {"code": code, "files_to_load": list(load), "files_to_save": list(save)}
        )


async def run_own(
    attempt: Attempt, agent: Agent, task: Task, tool: PythonTool, budget: Budget, limits: Limits
) -> None:
    """Let an own agent make `attempt`, in place.

    Raises:
        SandboxFault: The sandbox failed, repeatedly.
        ProviderFault: The agent raised an error, or returned something else than messages.
    """
    meter = Meter(budget.seconds)
    counted = CountedTool(tool, budget, limits, attempt.calls, meter)
    try:
        async with meter.within_limit():
            given = _checked(await agent(task, counted, budget))
        attempt.messages[:] = map(clean_message, given)
        attempt.stop_reason = StopReason.ANSWER
    except OutOfTurns:
        attempt.stop_reason = StopReason.TURNS
    except OutOfTime:
        attempt.stop_reason = StopReason.TIME
    except DareError:
        raise
    except Exception as error:  # an agent may raise anything, and none of it is a wrong answer
        raise ProviderFault(f"the agent failed: {type(error).__name__}: {error}") from error
    finally:
        meter.note(attempt)


def _checked(messages: object) -> Sequence[Message]:
    if not isinstance(messages, Sequence) or not all(isinstance(m, Message) for m in messages):
        raise ProviderFault(
            f"the agent returned {type(messages).__name__}; return a list of darebench.Message"
        )
    return messages
