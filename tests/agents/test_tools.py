"""The tool that agents call: what it refuses, in words that a model can act on."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from darebench.agents.protocol import Budget
from darebench.agents.tools import PythonTool
from darebench.sandbox.program import Limits
from darebench.store.read import open_store
from darebench.types import CallStatus

TASK = "iris_class/mm"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.text() | st.integers(250, 300).map("é".__mul__) | st.just("val_v2.csv")


@pytest.fixture
def tool(sandbox, tmp_path):
    task = open_store(None).task(TASK)
    return PythonTool(task, sandbox, tmp_path, Budget(), Limits())


def call(tool, **arguments):
    whole = {"code": "print(1)", "files_to_load": [], "files_to_save": [], **arguments}
    return asyncio.run(tool.call(whole))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"code": " "}, "non-empty"),
        ({"code": 3}, "non-empty"),
        ({"files_to_load": "val_v2.csv"}, "a list of file names"),
        ({"files_to_load": ["../verify/prediction.csv"]}, "leave folders out"),
        ({"files_to_load": ["no.csv"]}, "there are: "),
        ({"files_to_load": ["a" * 256]}, "no plain file name"),
        ({"files_to_save": ["é" * 128]}, "no plain file name"),
        ({"files_to_save": ["a\nb"]}, "no plain file name"),
        ({"timeout": 3}, "unknown argument 'timeout'"),
    ],
)
def test_a_call_that_cannot_be_made_is_refused_in_words(tool, arguments, said):
    result = call(tool, **arguments)
    assert said in result.text
    assert result.record.status == CallStatus.ARGUMENTS


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(arguments=st.dictionaries(st.text(max_size=9), JSON, max_size=3), load=NAMES, save=NAMES)
def test_whatever_a_model_sends_is_answered(tool, arguments, load, save):
    sent = {"files_to_load": [load], "files_to_save": [save], **arguments, "code": ""}
    assert asyncio.run(tool.call(sent)).record.status == CallStatus.ARGUMENTS
    sent["code"] = "pass"
    sent["files_to_load"] = ["no such file", load]
    assert asyncio.run(tool.call(sent)).record.status == CallStatus.ARGUMENTS


def test_a_name_of_the_greatest_length_is_saved_and_loaded_again(tool):
    name = "a" * 255
    made = call(tool, code=f"open({name!r}, 'w').write('7')", files_to_save=[name])
    assert made.record.status == "ok"
    read = call(tool, code=f"print(open({name!r}).read())", files_to_load=[name])
    assert "7" in read.text


def test_the_wait_for_a_free_place_is_counted_apart(sandbox, tmp_path):
    task = open_store(None).task(TASK)
    tools = [PythonTool(task, sandbox, tmp_path, Budget(), Limits()) for _ in range(3)]
    arguments = {
        "code": "import time; time.sleep(0.5)", "files_to_load": [], "files_to_save": []
    }  # fmt: skip

    async def calls():
        return await asyncio.gather(*(one.call(arguments) for one in tools))

    results = asyncio.run(calls())
    first, second, third = sorted(one.waited for one in tools)
    assert first >= 0
    assert second >= 0.4
    assert third >= 0.9
    assert all(one.record.seconds >= 0.4 for one in results)
