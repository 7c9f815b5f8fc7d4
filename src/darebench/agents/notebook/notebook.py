"""One notebook as it grows: the conversation that its model sees, its cells, and its states.

What leaves the notebook leaves the conversation too, so that the model goes on from a clean one. A
state is a fork of the session, which costs milliseconds.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from darebench.agents.notebook.cells import Cells
from darebench.types import Message, ToolCall

MOST_STATES = 3
"""States before earlier steps that are kept, the last ones."""


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """A code cell that has been run."""

    number: int
    step: int
    code: str
    ran: bool
    """It ended well, so that what it did is part of the state."""
    call: ToolCall
    asked: Message
    """The message that holds the call."""
    answer: Message


class Notebook:
    """A notebook over a session."""

    def __init__(self, cells: Cells, opening: Sequence[Message]) -> None:
        self.cells = cells
        self.view = list(opening)
        """The conversation as the model sees it."""
        self.done: list[Cell] = []
        """The cells, without those that have left."""
        self.step = 0
        """The step that is under way, from 1."""
        self._states: dict[int, tuple[Cells, int]] = {}
        """Step -> the state before it, and how long the view was."""

    def steps(self) -> list[int]:
        """Return the steps that can be gone back to before."""
        return [step for step in self._states if step != self.step]

    async def begin_step(self) -> None:
        """Begin the next step, and keep the state before it."""
        self.step += 1
        self._states[self.step] = (await self.cells.fork(), len(self.view))
        while len(self._states) > MOST_STATES + 1:
            oldest, _ = self._states.pop(min(self._states))
            await oldest.close()

    async def go_back(self, step: int) -> None:
        """Make the notebook what it was before a step, and begin that step anew."""
        state, length = self._states[step]
        for later in [other for other in self._states if other >= step]:
            kept, _ = self._states.pop(later)
            if kept is not state:
                await kept.close()
        await self.replace_state(state)
        self.done = [cell for cell in self.done if cell.step < step]
        self.view = self.view[:length]
        self.step = step - 1
        await self.begin_step()

    async def replace_state(self, cells: Cells) -> None:
        """Go on from another state, whose prediction is handed in."""
        await self.cells.close()
        self.cells = cells
        await cells.hand_in()

    def drop(self, gone: Collection[Cell]) -> None:
        """Take cells of this step out, of the conversation as well; the state stays what it is."""
        answers = {id(cell.answer) for cell in gone}
        calls = {(id(cell.asked), cell.call.id) for cell in gone}
        self.done = [cell for cell in self.done if cell not in gone]
        view: list[Message] = []
        for message in self.view:
            if id(message) in answers:
                continue
            left = tuple(c for c in message.tool_calls if (id(message), c.id) not in calls)
            if len(left) == len(message.tool_calls):
                view.append(message)
            elif left:
                view.append(replace(message, tool_calls=left))
                self.done = [
                    replace(cell, asked=view[-1]) if cell.asked is message else cell
                    for cell in self.done
                ]
        self.view = view

    async def fork(self) -> Notebook:
        """Return a second notebook that has come as far."""
        other = Notebook(await self.cells.fork(), self.view)
        other.done, other.step = list(self.done), self.step
        return other

    async def close(self) -> None:
        """End the session and the states."""
        for state, _ in self._states.values():
            await state.close()
        self._states = {}
        await self.cells.close()
