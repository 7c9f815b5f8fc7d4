"""The tools of the notebook agent, and the check of what a model gives them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from darebench.agents.protocol import Budget
from darebench.agents.tools import OUTPUT_LIMIT
from darebench.sandbox.program import Limits

RUN_CELL = "run_cell"
FILTER_CELLS = "filter_cells"
GO_BACK = "go_back"
NAMES = (RUN_CELL, FILTER_CELLS, GO_BACK)


def schemas(budget: Budget, limits: Limits) -> list[dict[str, Any]]:
    """Return the JSON schemas of the tools, in the OpenAI format."""
    run = (
        "Append a code cell to the notebook and run it. Limits: "
        f"{budget.seconds_per_call:g} s of wall-clock time, {limits.memory_mb} MB of memory, the "
        f"first and last {OUTPUT_LIMIT // 2} characters of stdout and of stderr. No network."
    )
    number = {"type": "integer"}
    return [
        _schema(RUN_CELL, run, "code", {"type": "string", "description": "Python source code."}),
        _schema(
            FILTER_CELLS,
            "At filtering: keep these cells of the search for a fault, and drop the others.",
            "keep",
            {"type": "array", "items": number, "description": "Numbers of cells."},
        ),
        _schema(
            GO_BACK,
            "At planning: make the notebook what it was before a step.",
            "step",
            {**number, "description": "Number of the step."},
        ),
    ]


def code_of(arguments: Mapping[str, Any]) -> tuple[str, str | None]:
    """Return the code of a call of `run_cell`, and what is wrong with its arguments."""
    problem = _unknown(arguments, "code")
    code = arguments.get("code")
    if problem is None and (not isinstance(code, str) or not code.strip()):
        problem = "code: a non-empty string of Python source is needed"
    return str(arguments.get("code", "")), problem


def kept_of(
    arguments: Mapping[str, Any], numbers: Sequence[int]
) -> tuple[frozenset[int], str | None]:
    """Return the cells that a call of `filter_cells` keeps, and what is wrong with its arguments.

    Args:
        arguments: What the model gave.
        numbers: The cells that can be kept.
    """
    problem = _unknown(arguments, "keep")
    keep = arguments.get("keep")
    if problem is None and not (isinstance(keep, list) and all(type(n) is int for n in keep)):
        problem = "keep: a list of cell numbers is needed, for example []"
    if problem is not None:
        return frozenset(), problem
    given = frozenset(keep or ())
    strange = given - set(numbers)
    if strange:
        there = ", ".join(map(str, numbers)) or "none"
        return frozenset(), f"keep: {min(strange)} cannot be kept; these can: {there}"
    return given, None


def step_of(arguments: Mapping[str, Any], steps: Sequence[int]) -> tuple[int, str | None]:
    """Return the step that a call of `go_back` names, and what is wrong with its arguments."""
    problem = _unknown(arguments, "step")
    step = arguments.get("step")
    if problem is None and (type(step) is not int or step not in steps):
        there = ", ".join(map(str, steps)) or "none"
        problem = f"step: the notebook can go back to before these steps: {there}"
    return step if type(step) is int else 0, problem


def _unknown(arguments: Mapping[str, Any], known: str) -> str | None:
    unknown = set(arguments) - {known}
    return f"unknown argument {min(unknown)[:80]!r}; give {known}" if unknown else None


def _schema(name: str, description: str, argument: str, kind: dict[str, Any]) -> dict[str, Any]:
    parameters = {
        "type": "object",
        "properties": {argument: kind},
        "required": [argument],
        "additionalProperties": False,
    }
    function = {"name": name, "description": description, "parameters": parameters}
    return {"type": "function", "function": function}
