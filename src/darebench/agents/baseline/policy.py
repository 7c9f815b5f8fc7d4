"""The baseline's decisions: what it does next, judging by the conversation alone.

First it looks at the files. Then it runs the program that fits: a written workflow to the letter,
a forecast, or a model for a table. If a call fails it tries the quick form of the same program, and
finally a constant, so that a prediction is always saved.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from darebench.agents.baseline.compose import program_text
from darebench.agents.prompt import files_named_in
from darebench.agents.protocol import Reply, Stop
from darebench.agents.tools import NAME
from darebench.instructions.facts import Facts
from darebench.instructions.ranges import plain
from darebench.instructions.reader import (
    find_targets,
    read_ranges,
    read_workflow,
    stated_model,
)
from darebench.sandbox.program import with_settings
from darebench.store.layout import PREDICTION
from darebench.types import Message, Role, ToolCall

SECONDS = 30
"""Time that a modelling program aims at; the limit of a call is several times that."""
MAX_ROWS = 60_000
_SERIES = re.compile(r"time[- ]series|forecast|time points?", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One call that the baseline makes."""

    program: str
    settings: Mapping[str, object]
    load: tuple[str, ...]
    save: tuple[str, ...] = (PREDICTION,)


class BaselineModel:
    """The scripted data scientist as a chat model; it keeps no state between turns."""

    async def reply(self, messages: Sequence[Message], tools: Sequence[dict[str, Any]]) -> Reply:
        """Return the next turn: a call, or the end when the prediction is saved."""
        step = next_step(messages)
        if step is None:
            return Reply(message=Message(role=Role.ASSISTANT, content="The prediction is saved."))
        return Reply(message=call_of(step, len(messages)), stop=Stop.TOOL_CALLS)


def next_step(messages: Sequence[Message]) -> Step | None:
    """Return the next call, or None when nothing is left to do."""
    question = next(m.content for m in messages if m.role == Role.USER)
    names = files_named_in(question)
    results = [m.content for m in messages if m.role == Role.TOOL]
    if results and f"Saved: '{PREDICTION}'" in results[-1]:
        return None
    if not results:
        return look(question, names)
    plans = plan(question, names, read_facts(results[0]))
    position = len(results) - 1
    return plans[position] if position < len(plans) else None


def look(question: str, names: Sequence[str]) -> Step:
    """Return the first call; for a written workflow it also reports what fits the stated ranges."""
    text = plain(question) if stated_model(question) else ""
    settings = {"files": list(names), "ranges": read_ranges(text), "text": text}
    return Step(program="explore", settings=settings, load=tuple(names), save=())


def plan(question: str, names: Sequence[str], facts: Facts | None) -> list[Step]:
    """Return the calls to make until one of them saves a prediction, the best first."""
    train = next((n for n in names if n.startswith("train")), names[0])
    val = next((n for n in names if n.startswith("val")), names[-1])
    both = (train, val)
    series = train == "train.csv" or bool(_SERIES.search(question))
    last = Step(
        program="trivial",
        settings={"train": train, "val": val, "question": question, "series": series},
        load=both,
    )
    if facts is None:
        return [last]
    base = {"train": train, "val": val, "targets": find_targets(question, facts, train, val)}
    workflow = read_workflow(question, facts, train, val)
    if workflow is not None:
        return [Step(program="literal", settings=workflow, load=both), last]
    if series:
        steps = [{"question": question, "seconds": seconds} for seconds in (2 * SECONDS, 5)]
        return [
            *(Step(program="forecast", settings={**base, **more}, load=both) for more in steps),
            last,
        ]
    kind = "classification" if "classif" in question.lower() else "regression"
    effort = [{"seconds": SECONDS, "max_rows": MAX_ROWS}, {"seconds": 3, "max_rows": 5_000}]
    return [
        *(
            Step(program="table_model", settings={**base, "kind": kind, **more}, load=both)
            for more in effort
        ),
        last,
    ]


def trivial_turn(messages: Sequence[Message]) -> Reply:
    """Return the turn of an agent that only ever predicts a constant."""
    if any(m.role == Role.TOOL for m in messages):
        return Reply(message=Message(role=Role.ASSISTANT, content="The prediction is saved."))
    question = next(m.content for m in messages if m.role == Role.USER)
    step = plan(question, files_named_in(question), None)[-1]
    return Reply(message=call_of(step, len(messages)), stop=Stop.TOOL_CALLS)


def call_of(step: Step, number: int) -> Message:
    """Return the message that makes a call."""
    arguments = {
        "code": with_settings(program_text(step.program), step.settings),
        "files_to_load": list(step.load),
        "files_to_save": list(step.save),
    }
    call = ToolCall(id=f"call_{number}", name=NAME, arguments=arguments)
    return Message(role=Role.ASSISTANT, content="", tool_calls=(call,))


def read_facts(result: str) -> Facts | None:
    """Return what the first call printed, or None if it failed."""
    found = re.search(r'^\{"files".*$', result, re.MULTILINE)
    if found is None:
        return None
    try:
        return json.loads(found[0])
    except json.JSONDecodeError:
        return None
