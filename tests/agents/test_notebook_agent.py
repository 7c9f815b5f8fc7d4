"""The notebook agent over real sessions: its stages, what leaves the notebook, its budget."""

from __future__ import annotations

import asyncio
import re
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from darebench.agents.loop import Attempt
from darebench.agents.notebook.loop import Desk, run
from darebench.agents.notebook.schemas import FILTER_CELLS, GO_BACK, RUN_CELL
from darebench.agents.notebook.stages import MESSAGES_A_CELL
from darebench.agents.protocol import Budget, Reply
from darebench.sandbox.program import Limits
from darebench.store.read import open_store
from darebench.types import CallStatus, Message, Role, StopReason, ToolCall

TASK = "iris_class/mm"
SAVE = "open('prediction.csv', 'w').write({!r})"


def say(text):
    return Message(role=Role.ASSISTANT, content=text)


def cell(*codes, text=""):
    return call(*((RUN_CELL, {"code": code}) for code in codes), text=text)


def call(*calls, text=""):
    made = tuple(ToolCall(id=f"c{n}", name=name, arguments=a) for n, (name, a) in enumerate(calls))
    return Message(role=Role.ASSISTANT, content=text, tool_calls=made)


class Script:
    """Says what is written down, whatever conversation it is in; keeps what it was shown."""

    def __init__(self, *turns):
        self.turns, self.seen = list(turns), []

    async def reply(self, messages, tools):
        self.seen.append(list(messages))
        return Reply(message=self.turns.pop(0) if self.turns else say("DONE"))


@pytest.fixture
def play(sandbox, tmp_path):
    def playing(*turns, cells=5, branches=1, seconds=None):
        task = open_store(None).task(TASK)
        budget = Budget(turns=cells, seconds_per_call=5, seconds=seconds)
        attempt, script = Attempt(messages=[]), Script(*turns)
        desk = Desk(
            task=task, host=sandbox, folder=tmp_path, budget=budget, limits=Limits(),
            branches=branches,
        )  # fmt: skip
        asyncio.run(run(attempt, lambda: script, desk, clock=time.monotonic))
        saved = tmp_path / "prediction.csv"
        return attempt, script.seen, saved.read_text() if saved.exists() else None

    return playing


def test_variables_and_files_stay_from_cell_to_cell_and_the_last_prediction_counts(play):
    attempt, _, saved = play(
        say("Load."), cell("x = len(open('train_v2.csv').readlines())", SAVE.format("a")),
        say("Loaded."), say("Predict."), cell("x"), cell(SAVE.format("b")), say("Saved."),
    )  # fmt: skip
    assert saved == "b"
    assert attempt.stop_reason is StopReason.ANSWER
    assert [c.status for c in attempt.calls] == ["ok"] * 4
    assert attempt.calls[2].stdout.isdigit()
    assert [c.files_to_save for c in attempt.calls] == [(), ("prediction.csv",)] * 2


def test_what_turned_out_wrong_leaves_the_state_and_the_conversation(play):
    attempt, seen, saved = play(
        say("Go."), cell("a = 1"), cell("a = a + unheard_of"), cell("a = 100; " + SAVE.format("a")),
        cell("a += 1"), call((FILTER_CELLS, {"keep": [4]})), cell("print('a is', a)"),
    )  # fmt: skip
    assert attempt.calls[-1].stdout == "a is 2\n"  # cell 3 is undone, cell 4 has run again without
    assert saved is None  # with the prediction that it had saved
    shown = "\n".join(str(m) for m in seen[-1])
    assert "a += 1" in shown
    assert not re.search("unheard_of|a = 100", shown.partition("Planning")[2])
    assert len(attempt.calls) == 5  # what runs again is no new cell
    assert "a = 100" in str(attempt.messages)


def test_cells_that_are_needed_after_all_are_kept(play):
    attempt, _, _ = play(
        say("Go."), cell("1 / 0"), cell("b = 1"), cell("c = b"),
        call((FILTER_CELLS, {"keep": [3]})), cell("print(b, c)"),
    )  # fmt: skip
    assert attempt.calls[-1].stdout == "1 1\n"


def test_the_notebook_goes_back_to_before_a_step(play):
    attempt, seen, _ = play(
        say("One."), cell("a = 1"), say("a."), say("Two."), cell("a = 2; b = 3"), say("b."),
        call((GO_BACK, {"step": 2})), say("Two again."), cell("print(a, 'b' in globals())"),
    )  # fmt: skip
    assert attempt.calls[-1].stdout == "1 False\n"
    assert "a = 2" not in str(seen[-1])


def test_the_best_branch_by_its_own_validation_is_handed_in(play):
    def branch(name, score):
        code = f"VALIDATION = {score}; base.append({name!r}); " + SAVE.format(name)
        return say(f"Try {name}."), cell(code), say("Measured."), say("DONE")

    attempt, seen, saved = play(
        say("Look."), cell("base = []"), say("Seen."),
        *branch("a", 0.4), *branch("b", 0.9), *branch("c", "'nan'"),
        cells=8, branches=3,
    )  # fmt: skip
    assert saved == "b"
    assert len(attempt.calls) == 4
    last_plan = seen[-4][-1].content
    assert "Try a. (0.4)" in last_plan
    assert "Try b. (0.9)" in last_plan
    assert "base.append('a')" not in str(seen[-1])  # the fork has not come through it


def test_the_time_of_the_attempt_ends_it_with_what_is_saved(play):
    attempt, _, saved = play(
        say("Go."), cell(SAVE.format("a")), cell("while True: pass"), cell("1"), seconds=1.5
    )
    assert attempt.stop_reason is StopReason.TIME
    assert saved == "a"
    assert attempt.calls[1].status == CallStatus.TIMEOUT
    assert 1.4 < attempt.seconds < 2.5


CODES = st.sampled_from(("x = 1", "x += 1", "1 / 0", SAVE.format("a"), "VALIDATION = 1", "", 3))
NUMBERS = st.integers(0, 5)
CALLS = st.one_of(
    st.tuples(st.just(RUN_CELL), CODES.map(lambda code: {"code": code})),
    st.tuples(st.just(FILTER_CELLS), st.lists(NUMBERS, max_size=3).map(lambda n: {"keep": n})),
    st.tuples(st.just(GO_BACK), NUMBERS.map(lambda n: {"step": n})),
    st.tuples(st.sampled_from(("python_executor", "")), st.just({})),
)
TURNS = st.sampled_from(("A plan.", "DONE", "")).map(say) | st.lists(
    CALLS, min_size=1, max_size=3
).map(lambda calls: call(*calls, text="So."))


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(TURNS, max_size=20), st.integers(1, 4), st.integers(1, 3))
def test_whatever_a_model_does_the_budget_holds_and_every_call_is_answered_once(
    play, turns, cells, branches
):
    attempt, seen, _ = play(*turns, cells=cells, branches=branches)
    run_cells = [c for c in attempt.calls if c.status is not CallStatus.ARGUMENTS]
    assert len(run_cells) <= cells
    assert len(seen) <= MESSAGES_A_CELL * cells
    assert attempt.stop_reason in (StopReason.ANSWER, StopReason.TURNS)
    for view in [*seen, attempt.messages]:
        waiting: list[str] = []
        for message in view:
            if message.role is Role.TOOL:
                assert message.tool_call_id == waiting.pop(0)
            else:
                assert not waiting
                waiting = [c.id for c in message.tool_calls]
