"""The four stages over one notebook: planning, execution, debugging, filtering.

planning --plan--> execution --sentence--> planning --DONE--> the end
                   | cell fails      ^
                   v                 |
                   debugging --cell runs--> filtering
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, ClassVar

from darebench.agents.answers import left_line
from darebench.agents.loop import Attempt, take_turn
from darebench.agents.meter import Meter
from darebench.agents.notebook import texts
from darebench.agents.notebook.cells import Cells
from darebench.agents.notebook.notebook import Cell, Notebook
from darebench.agents.notebook.schemas import (
    FILTER_CELLS,
    GO_BACK,
    RUN_CELL,
    code_of,
    kept_of,
    step_of,
)
from darebench.agents.protocol import ChatModel
from darebench.agents.thoughts import part
from darebench.agents.tools import not_run
from darebench.types import CallStatus, Message, Role, StopReason, ToolCall

MESSAGES_A_CELL = 4
"""Messages that a model may write, for each cell of the budget."""


class Phase(StrEnum):
    """What the notebook is at."""

    PLANNING = "planning"
    EXECUTION = "execution"
    DEBUGGING = "debugging"
    FILTERING = "filtering"


@dataclass(slots=True, kw_only=True)
class Play:
    """What all notebooks of one attempt share."""

    attempt: Attempt
    open_chat: Callable[[], ChatModel]
    """Begins a conversation."""
    tools: Sequence[dict[str, Any]]
    meter: Meter
    messages_left: int
    n_cells: int = 0
    """Cells that have been run, in all notebooks."""

    def log(self, message: Message) -> Message:
        """Add a message to the trajectory, which keeps also what leaves the notebook."""
        self.attempt.messages.append(message)
        return message


@dataclass(slots=True, kw_only=True)
class _Search:
    """A search for a fault: from a cell that failed to one that ran."""

    first: int
    """The number of the cell that failed."""
    state: Cells
    """The state before it."""


class Stages:
    """Plays one notebook."""

    def __init__(self, play: Play, notebook: Notebook, cells: int) -> None:
        """Take over a notebook, which the caller closes.

        Args:
            play: What it shares with the attempt's other notebooks.
            notebook: The notebook.
            cells: How many cells it may run.
        """
        self._play = play
        self.notebook = notebook
        self.cells_left = cells
        self.plan = ""
        """The first plan that was made here."""
        self._chat = play.open_chat()
        self._phase = Phase.PLANNING
        self._search: _Search | None = None
        self._n_in_step = 0
        self._is_step_over = False

    async def run(self, *, opening: str = "", steps: int | None = None) -> StopReason | None:
        """Go on until the model is done or the budget is used up, and return why; None for a pause.

        Args:
            opening: What the first planning is told before its own text.
            steps: After how many steps to pause; never without it.

        Raises:
            SandboxFault: The sandbox failed.
            ProviderFault: The model's provider failed.
        """
        try:
            await self.notebook.begin_step()
            self._tell_plan(opening)
            while True:
                ended = await self._turn()
                if ended is not None:
                    return ended
                if self._is_step_over:
                    steps = None if steps is None else steps - 1
                    if steps == 0:
                        return None
                    await self.notebook.begin_step()
                    self._tell_plan()
        finally:
            await self._end_search()

    async def _turn(self) -> StopReason | None:
        play = self._play
        if play.meter.left <= 0:
            return StopReason.TIME
        if self.cells_left <= 0 or play.messages_left <= 0:
            return StopReason.TURNS
        play.messages_left -= 1
        turn = await take_turn(play.attempt, self._chat, self.notebook.view, play.tools)
        if turn.message is None:
            return turn.ended
        message = play.log(turn.message)
        self.notebook.view.append(message)
        if message.tool_calls:
            await self._carry_out(message)
            return turn.ended
        return turn.ended or await self._read(part(message.content).text.strip())

    async def _read(self, text: str) -> StopReason | None:
        """Take a message without a call: a plan, or the end of a step."""
        if self._phase is Phase.PLANNING:
            if re.match(rf"\W*{texts.DONE}\b", text):
                return StopReason.ANSWER
            self.plan = self.plan or text
            self._phase = Phase.EXECUTION
            self._tell(texts.EXECUTE)
            return None
        if self._search is not None:
            ran = [cell.number for cell in self._searched() if cell.ran]
            await self._filter(frozenset(ran))
        if not self._n_in_step:
            return StopReason.ANSWER
        self._is_step_over = True
        return None

    async def _carry_out(self, message: Message) -> None:
        """Answer the calls of a message, in their order; what follows a failure is not run."""
        skip = ""
        for call in message.tool_calls:
            if skip:
                self._answer(call, skip)
            elif call.name not in self._answers:
                there = ", ".join(self._answers)
                self._refuse(call, f"There is no tool {call.name[:80]!r}; there are: {there}")
            elif call.error is not None:
                self._refuse(call, f"The arguments cannot be parsed: {call.error}")
            else:
                skip = await self._answers[call.name](self, message, call)

    async def _run_cell(self, message: Message, call: ToolCall) -> str:
        code, problem = code_of(call.arguments)
        if self.cells_left <= 0:
            problem = "the cells of the budget are used up"
        if problem is not None:
            return self._refuse(call, f"The cell was not run. {problem}")
        if self._phase is Phase.PLANNING:
            self.plan = self.plan or part(message.content).text.strip() or "no plan"
            self._phase = Phase.EXECUTION
        play, notebook = self._play, self.notebook
        play.n_cells += 1
        number = play.n_cells
        result = await play.meter.call(notebook.cells, {"code": code})
        play.attempt.calls.append(result.record)
        self.cells_left -= 1
        self._n_in_step += 1
        ran = result.record.status is CallStatus.OK
        if not ran and self._search is None:
            self._search = _Search(first=number, state=await notebook.cells.fork())
        lines = [f"Cell {number}. {result.text}"]
        if self.cells_left and self._search is not None:
            self._phase = Phase.FILTERING if ran else Phase.DEBUGGING
            filtering = texts.FILTER.format(first=self._search.first, last=number)
            lines.append(filtering if ran else texts.DEBUG)
        lines.append(left_line("Cells", self.cells_left, notebook.cells.folder))
        answer = self._answer(call, "\n".join(lines))
        notebook.done.append(
            Cell(number, notebook.step, code, ran, call=call, asked=message, answer=answer)
        )
        return "" if ran else f"Not run, because cell {number} failed."

    async def _filter_cells(self, message: Message, call: ToolCall) -> str:
        if self._phase is not Phase.FILTERING:
            return self._refuse(call, "There is nothing to filter: it follows a search for a fault")
        ran = [cell.number for cell in self._searched() if cell.ran]
        keep, problem = kept_of(call.arguments, ran)
        if problem is not None:
            return self._refuse(call, problem)
        self._answer(call, await self._filter(keep))
        return ""

    async def _filter(self, keep: frozenset[int]) -> str:
        """End a search for a fault, and return what a model reads of it.

        Where cells leave that had an effect, the notebook goes back to before the search, and the
        others run again. If one of them fails without those that leave, all that ran are kept.
        """
        assert self._search is not None
        searched = self._searched()
        left_out = [cell for cell in searched if cell.ran and cell.number not in keep]
        if left_out and not await self._run_again([c for c in searched if c.number in keep]):
            left_out = []
        gone = [cell for cell in searched if not cell.ran or cell in left_out]
        kept = ", ".join(str(cell.number) for cell in searched if cell not in gone) or "none"
        self.notebook.drop(gone)
        self._chat = self._play.open_chat()
        self._phase = Phase.EXECUTION
        await self._end_search()
        named = ", ".join(str(cell.number) for cell in gone) or "none"
        return f"Left the notebook: {named}. Kept of the search: {kept}. Execution goes on."

    async def _run_again(self, cells: Sequence[Cell]) -> bool:
        """Run cells from the state before the search; return False if that does not go well."""
        assert self._search is not None
        other = await self._search.state.fork()
        for cell in cells:
            result = await self._play.meter.call(other, {"code": cell.code})
            if result.record.status is not CallStatus.OK:
                await other.close()
                await self.notebook.cells.hand_in()
                return False
        await self.notebook.replace_state(other)
        return True

    def _searched(self) -> list[Cell]:
        first = self._search.first if self._search else 0
        return [cell for cell in self.notebook.done if cell.number >= first]

    async def _end_search(self) -> None:
        if self._search is not None:
            await self._search.state.close()
            self._search = None

    async def _go_back(self, message: Message, call: ToolCall) -> str:
        if self._phase is not Phase.PLANNING:
            return self._refuse(call, "The notebook goes back at planning only")
        step, problem = step_of(call.arguments, self.notebook.steps())
        if problem is not None:
            return self._refuse(call, problem)
        self._answer(call, f"The notebook is what it was before step {step}.")
        await self.notebook.go_back(step)
        self._chat = self._play.open_chat()
        self._tell_plan(f"The notebook is what it was before step {step}, which is planned anew.")
        return "Not done, because the notebook went back."

    _answers: ClassVar = {RUN_CELL: _run_cell, FILTER_CELLS: _filter_cells, GO_BACK: _go_back}
    """Tool -> what answers a call of it, and returns why the calls after it are not carried out."""

    def _tell_plan(self, before: str = "") -> None:
        self._phase, self._is_step_over, self._n_in_step = Phase.PLANNING, False, 0
        plan = texts.plan(self.notebook.step, self.notebook.steps())
        self._tell(f"{before}\n\n{plan}" if before else plan)

    def _tell(self, text: str) -> None:
        message = self._play.log(Message(role=Role.USER, content=text))
        self.notebook.view.append(message)

    def _answer(self, call: ToolCall, text: str) -> Message:
        message = Message(role=Role.TOOL, content=text, tool_call_id=call.id)
        self.notebook.view.append(self._play.log(message))
        return message

    def _refuse(self, call: ToolCall, problem: str) -> str:
        """Answer a call that cannot be carried out: it costs a message, but no cell.

        It is recorded unless it is about the notebook itself.
        """
        if call.name == RUN_CELL or call.name not in self._answers:
            record = not_run(call.arguments, problem, CallStatus.ARGUMENTS)
            name = None if call.name == RUN_CELL else call.name
            self._play.attempt.calls.append(replace(record, tool=name))
        self._answer(call, problem)
        return ""
