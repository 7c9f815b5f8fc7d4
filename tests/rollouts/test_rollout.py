"""Whole attempts of written scripts, through the real loop and sandbox: what they leave is golden."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import pytest

from darebench.agents.protocol import Budget, Stop
from darebench.agents.scripted import ScriptedModel, calls, says
from darebench.evals.batch import read_truths
from darebench.evals.trajectory import from_json, to_json
from darebench.rollouts.rollout import RolloutSettings, roll_out
from darebench.sandbox import LocalExecutor
from darebench.store.read import open_store
from darebench.types import Message, Role, ToolCall

GOLDEN = Path(__file__).parents[1] / "golden" / "attempts"
TASK = "iris_class/mm"
FILES = ["train_v2.csv", "val_v2.csv"]
CONSTANT = """
import pandas as pd
v = pd.read_csv("val_v2.csv")
v["species"] = "setosa"
v[["row_id", "species"]].to_csv("prediction.csv", index=False)
print(len(v), "rows")
"""
SAVE = ["prediction.csv"]
SCRIPTS = {
    "success": [calls(CONSTANT, load=FILES, save=SAVE), says("The prediction is saved.")],
    "code_error": [calls("raise ValueError('no such column')"), says("I give up.")],
    "mended": [
        calls("open('val_v2.csv')", id="call_1"),
        calls(CONSTANT, load=FILES, save=SAVE, id="call_2"),
        says("It worked in the end."),
    ],
    "out_of_turns": [calls(f"print({turn})", id=f"call_{turn}") for turn in range(3)],
    "out_of_tokens": [says("The first thing to do is", stop=Stop.MAX_TOKENS)],
    "wrong_arguments": [calls("1", load=["../verify/ground_truth.csv"]), says("Never mind.")],
    "bad_prediction": [
        calls("open('prediction.csv', 'w').write('row_id\\n1\\n')", save=SAVE),
        says("Done."),
    ],
}
MACHINE = "There are <versions and processors>."
VOLATILE = ("scorer", "environment", "store", "darebench")


@pytest.fixture(scope="module")
def settings():
    executor = LocalExecutor(1)
    task = open_store().task(TASK)
    yield RolloutSettings(
        executor=executor, truths=read_truths([task]).truths, budget=Budget(turns=3)
    )
    executor.close_now()


def steady(value: dict) -> dict:
    """Replace what differs between two runs of the same attempt."""
    timing = dict.fromkeys(value["timing"], 0.0)
    calls = [{**c, "seconds": 0.0} for c in value["calls"]]
    value = {**value, "seconds": 0.0, "timing": timing, "calls": calls}
    system = value["messages"][0]
    system["content"] = re.sub(r"There are Python .*? processors?\.", MACHINE, system["content"])
    made = value["provenance"]
    return {**value, "provenance": made and {**made, **dict.fromkeys(VOLATILE, "*")}}


@pytest.mark.parametrize("name", SCRIPTS)
def test_an_attempt_leaves_the_golden_trajectory(name, settings, request):
    task = open_store().task(TASK)
    model = ScriptedModel(SCRIPTS[name])
    trajectory = asyncio.run(roll_out(task, model, settings, name="script"))
    value = json.loads(json.dumps(to_json(trajectory)))
    assert from_json(value) == trajectory
    text = json.dumps(steady(value), indent=1, ensure_ascii=False) + "\n"
    path = GOLDEN / f"{name}.json"
    if request.config.getoption("--update-golden"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_a_script_that_is_too_short_is_a_fault_and_no_wrong_answer(settings):
    model = ScriptedModel([calls("print(1)")])
    trajectory = asyncio.run(roll_out(open_store().task(TASK), model, settings))
    assert trajectory.score is None
    assert trajectory.fault == "the script has 1 replies, and another is due"


def test_another_tool_is_answered_and_costs_a_turn(settings):
    call = ToolCall(id="call_1", name="bash", arguments={})
    wrong = says("")
    message = Message(role=Role.ASSISTANT, content="", tool_calls=(call,))
    script = [type(wrong)(message=message, stop=Stop.TOOL_CALLS), says("I see.")]
    trajectory = asyncio.run(roll_out(open_store().task(TASK), ScriptedModel(script), settings))
    assert [(c.tool, c.arguments) for c in trajectory.calls] == [("bash", {})]
    assert "python_executor" in trajectory.messages[3].content
