"""What the notebook agent's model is told: the rules first, then a text as each stage begins."""

from __future__ import annotations

from darebench.agents.prompt import USER, libraries, processors
from darebench.agents.protocol import Budget
from darebench.store.layout import PREDICTION
from darebench.types import Message, Role, Task

VALIDATION = "VALIDATION"
"""The variable by which branches are compared."""
DONE = "DONE"
"""What the model answers at planning when nothing is left to do."""

_SYSTEM = """\
You are a data scientist who works in a notebook. What counts is the file `{prediction}` that the \
task asks for, as it lies in the notebook's folder at the end.

How the notebook works:
- Your texts are its markdown. `run_cell` appends a code cell and runs it.
- Variables, imports and files stay from cell to cell. The task's files lie in the working folder; \
use plain file names.
- A cell that fails or is stopped leaves nothing behind: variables and files are as before it.
- You see what a cell prints, and the value of its last expression.
- There is no network, and no package can be installed. There are {libraries}, and {processors}.

You work in steps. A step has these stages, each of which is announced:
1. Planning: you write what the next step is. You can go back to before an earlier step.
2. Execution: you carry it out with small cells, and read the output of each before the next.
3. Debugging, if a cell fails: you find the cause.
4. Filtering, once a cell runs again: you name the cells that the notebook needs, and the others \
leave it, with what they did.

You have {cells}, with at most {limits}. A cell counts also if it fails. Other messages are free, \
up to {messages} in all."""

_VALIDATE = f"""

After the first step the notebook is forked, and each fork tries another approach with its share \
of the cells that are left. What counts is the `{PREDICTION}` of the best one. So set aside in the \
first step a part of the training data, which no approach trains on before it is measured, and \
have every approach assign its score on that part to the variable `{VALIDATION}`: a number, of \
which more is better. Measure first; then fit on all training data and predict."""

PLAN = """\
Planning, step {step}. Write in a few sentences what the next step is, without code.{back} If \
`{prediction}` is saved and nothing is worth another cell, answer {done}."""
_BACK = " If an earlier step was a wrong turn, call go_back with its number instead ({steps})."
EXECUTE = """\
Execution. Carry the step out with run_cell. When it is done, write in a sentence what came out, \
without a call."""
DEBUG = """\
Debugging: the cell left nothing behind. Find the cause, and run the mended cell."""
FILTER = """\
Filtering: cells {first} to {last} were run in search of a fault. Call filter_cells with the \
numbers of those that the notebook needs; those that failed leave it anyway. If the fault is not \
mended yet, go on with run_cell instead."""
BRANCH = """\
Approach {number} of {count}, with {cells}. {others}Try an approach of its own from here, and \
assign its score on the held-out part to `{name}`."""
_OTHERS = "Approaches before it, each with its score: {told}. "


def opening(task: Task, budget: Budget, *, messages: int, branches: int) -> tuple[Message, ...]:
    """Return the messages that open an attempt.

    Args:
        task: The task.
        budget: Its turns are the cells.
        messages: How many messages the model may write.
        branches: How many approaches there are.
    """
    limits = f"{budget.seconds_per_call:g} seconds for each"
    if budget.seconds is not None:
        limits += f" and {budget.seconds:g} seconds in all"
    system = _SYSTEM.format(
        prediction=PREDICTION,
        libraries=libraries(),
        processors=processors(),
        cells=counted(budget.turns),
        limits=limits,
        messages=messages,
    )
    system += _VALIDATE if branches > 1 else ""
    user = USER.format(question=task.question, files=", ".join(f"`{name}`" for name in task.files))
    return (Message(role=Role.SYSTEM, content=system), Message(role=Role.USER, content=user))


def plan(step: int, back_to: list[int]) -> str:
    """Return what opens the planning of a step, with the steps that can be gone back to."""
    back = _BACK.format(steps=", ".join(map(str, back_to))) if back_to else ""
    return PLAN.format(step=step, back=back, prediction=PREDICTION, done=DONE)


def branch(number: int, count: int, cells: int, others: list[tuple[str, float | None]]) -> str:
    """Return what opens an approach; `others` are the plans before it, with their scores."""
    told = "; ".join(f"{_short(text)} ({_score(score)})" for text, score in others)
    return BRANCH.format(
        number=number,
        count=count,
        cells=counted(cells),
        others=_OTHERS.format(told=told) if others else "",
        name=VALIDATION,
    )


def counted(n: int) -> str:
    """Return a number of cells in words."""
    return f"{n} cell{'' if n == 1 else 's'}"


def _score(score: float | None) -> str:
    return "no score" if score is None else f"{score:.4g}"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 200 else f"{line[:200]} ..."
