"""Tool calls are read back from what a model wrote."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jinja_rendering import END, RENDER

from darebench.agents.tools import NAME
from darebench.train.chat_template import as_dict
from darebench.train.tool_calls import parse_reply
from darebench.types import Message, ToolCall

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda c: st.lists(c, max_size=3)
)


@settings(deadline=None)
@example({"code": "print('</think>', '<think>')"}, "")
@example({"<think>": None}, "")
@given(st.dictionaries(st.text(max_size=8), json_values, max_size=4), st.sampled_from(["", "Hm."]))
def test_what_is_rendered_is_read_back(arguments, text):
    call = ToolCall(id="call_1_0", name=NAME, arguments=arguments)
    message = Message(role="assistant", content=text, tool_calls=(call,))
    rendered = RENDER([{"role": "user", "content": "q"}, as_dict(message)], None, False)
    turn = rendered.split("<|im_start|>assistant\n")[1].removesuffix(END + "\n")
    if "</tool_call>" in json.dumps(arguments, ensure_ascii=False) or ("<" in turn[:1] and text):
        return
    assert parse_reply(turn, 1) == message


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("<tool_call>\n{\n</tool_call>", "no JSON"),
        ("<tool_call>\n[]\n</tool_call>", "a JSON object"),
        ('<tool_call>\n{"name": "python_executor"}\n</tool_call>', "arguments"),
        ('<tool_call>\n{"name": "python_executor", "arguments": {}}', "missing"),
        ("<tool_call>\n" + "[" * 100_000 + "\n</tool_call>", "no JSON"),
    ],
)
def test_a_call_that_cannot_be_read_is_a_call_with_an_error(text, error):
    (call,) = parse_reply(text, 1).tool_calls
    assert error in call.error


def test_a_call_inside_a_thought_is_no_call():
    thought = '<think>\n<tool_call>\n{"name": "f", "arguments": {}}\n</tool_call>\n</think>\n\nNo.'
    assert parse_reply(thought, 1).tool_calls == ()
    assert parse_reply(thought.replace("</think>", ""), 1).tool_calls == ()
