"""The tool that agents call: what it refuses, in words that a model can act on."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from darebench.agents.answers import left_line
from darebench.agents.protocol import Budget
from darebench.agents.tools import PythonTool, unknown_tool
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


@pytest.mark.parametrize("given", ["train.csv", ["a", 3, None], 7, {"a": 1}, None])
def test_a_refused_call_is_recorded_as_it_was_given(tool, given):
    record = call(tool, files_to_load=given).record
    assert record.arguments == {"code": "print(1)", "files_to_load": given, "files_to_save": []}
    assert record.code == "print(1)"
    names = {"str": ("train.csv",), "list": ("a", "3", "None")}
    assert record.files_to_load == names.get(type(given).__name__, ())


def test_a_call_that_ran_keeps_no_second_copy_of_its_arguments(tool):
    assert call(tool).record.arguments is None


def test_another_tool_leaves_a_record():
    record = unknown_tool("bash", {"cmd": "ls"}).record
    assert (record.tool, record.arguments) == ("bash", {"cmd": "ls"})
    assert record.status is CallStatus.ARGUMENTS
    assert "python_executor" in record.stderr


SAYS = {
    "nothing": (
        {"code": "x = 1"},
        ["The code ran without an error. It printed nothing."],
        ["---"],
    ),
    "nothing before it fails": (
        {"code": "import os; os._exit(3)"},
        ["failed with exit code 3. It printed nothing."],
        ["---"],
    ),
    "a forgotten file": (
        {"code": "open('train_v2.csv')"},
        ["Not in files_to_load, so the code did not see it: 'train_v2.csv'"],
        [],
    ),
    "a forgotten file in a folder, and the error is caught": (
        {"code": "import os; print(os.path.exists('./data/train_v2.csv'))"},
        ["the code did not see it: 'train_v2.csv'"],
        [],
    ),
    "a forgotten database": (
        {"code": "import sqlite3; sqlite3.connect('metadata.txt').execute('select * from t')"},
        ["no such table", "--- files ---\nNot in files_to_load, so the code did not see it: 'meta"],
        ["not kept"],
    ),
    "a file in a folder that is not there": (
        {"code": "open('/data/train_v2.csv')", "files_to_load": ["train_v2.csv"]},
        ["--- files ---\nIn the working folder, to be opened by its name: 'train_v2.csv'"],
        ["did not see"],
    ),
    "a loaded file": (
        {"code": "open('train_v2.csv')", "files_to_load": ["train_v2.csv"]},
        [],
        ["did not see", "not kept"],
    ),
    "a file that is not there at all": ({"code": "open('no.csv')"}, [], ["did not see"]),
    "a file that nobody asked for": (
        {"code": "open('prediction.csv', 'w').write('a')"},
        ["Written, but not in files_to_save, so not kept: 'prediction.csv'"],
        [],
    ),
    "a changed input": (
        {"code": "open('train_v2.csv', 'a').write('a')", "files_to_load": ["train_v2.csv"]},
        [],
        ["not kept"],
    ),
    "a table": (
        {
            "code": "open('a.csv', 'w').write('row_id,y\\n1,\"b\\nc\"\\n2,d\\n')",
            "files_to_save": ["a.csv"],
        },
        ["Saved: 'a.csv' (2 rows x 2 columns, 21 bytes)"],
        ["not kept"],
    ),
    "an empty table": (
        {"code": "open('a.csv', 'w')", "files_to_save": ["a.csv"]},
        ["Saved: 'a.csv' (0 bytes)"],
        [],
    ),
    "a file that is no table": (
        {"code": "open('a.csv', 'wb').write(bytes(range(256)))", "files_to_save": ["a.csv"]},
        ["Saved: 'a.csv' (256 bytes)"],
        [],
    ),
    "a file that was not written": (
        {"code": "1", "files_to_save": ["a.csv"]},
        ["Not saved: 'a.csv': the code did not write it into its working folder"],
        [],
    ),
    "a stop": (
        {
            "code": "open('b.csv', 'w').write('x\\n1\\n')\nwhile True: pass",
            "files_to_save": ["a.csv", "b.csv"],
        },
        [
            "The code was stopped after 1 s. It had printed nothing.",
            "Not saved: 'a.csv': the code was stopped before it wrote it",
            "Saved: 'b.csv' (1 rows x 1 columns, 4 bytes; the code was stopped, so it may be",
        ],
        ["---"],
    ),
    "a warning that repeats": (
        {
            "code": "import warnings\nwarnings.simplefilter('always')\n"
            "for n in range(500): warnings.warn(f'gap {n}')"
        },
        ["UserWarning: gap 0", "[499 repeats of these warnings left out]"],
        ["gap 1"],
    ),
}


@pytest.mark.parametrize("what", SAYS)
def test_the_answer_says_what_a_model_needs(sandbox, tmp_path, what):
    arguments, said, unsaid = SAYS[what]
    task = open_store(None).task(TASK)
    tool = PythonTool(task, sandbox, tmp_path, Budget(seconds_per_call=1.0), Limits())
    text = call(tool, **arguments).text
    assert [s for s in said if s not in text] == []
    assert [s for s in unsaid if s in text] == []


def test_a_file_that_is_written_again_is_not_called_forgotten(tool):
    write = {"code": "open('m.txt', 'w').write('1')", "files_to_save": ["m.txt"]}
    call(tool, **write)
    assert "did not see" not in call(tool, **write).text
    assert "did not see it: 'm.txt'" in call(tool, code="open('m.txt')").text


@pytest.mark.parametrize(
    ("n_left", "there", "line"),
    [
        (3, False, "Turns left: 3."),
        (1, False, "Turns left: 1. prediction.csv is not saved yet."),
        (1, True, "Turns left: 1."),
        (0, False, "Turns left: 0."),
    ],
)
def test_the_turns_that_are_left_are_told(tmp_path, n_left, there, line):
    if there:
        (tmp_path / "prediction.csv").touch()
    assert left_line("Turns", n_left, tmp_path) == line
