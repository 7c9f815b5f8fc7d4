"""The chat template, and the test that any template has to pass."""

from __future__ import annotations

import pytest
from jinja_rendering import END, RENDER, renderer_of

from darebench.agents.protocol import Budget
from darebench.agents.tools import schema
from darebench.errors import ConfigError
from darebench.sandbox.program import Limits
from darebench.train.chat_template import continuation, self_test, training_template


def test_our_template_passes_its_own_test():
    assert self_test(RENDER, END, [schema(Budget(), Limits())]) == []


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("{{- '<|im_end|>' }}", "{{- '<|im_end|>' }}{{- '\\n' }}", "newline"),
        (
            "{%- if thought %}",
            "{{- '<think>\\n\\n</think>\\n\\n' if not content }}{%- if thought %}",
            "thought",
        ),
        ("{%- if tools %}", "{%- if tools is not none %}", "empty list"),
        ("{%- if add_generation_prompt %}", "{%- if false %}", "generation prompt"),
    ],
)
def test_a_template_that_would_spoil_training_is_found_out(old, new, words):
    text = training_template()
    assert old in text
    problems = self_test(renderer_of(text.replace(old, new)), END, [schema(Budget(), Limits())])
    assert any(words in p for p in problems), problems


def test_a_template_that_changes_earlier_turns_cannot_go_on():
    render = renderer_of("{% for m in messages %}{{ messages|length }}{{ m.content }}{% endfor %}")
    with pytest.raises(ConfigError, match="does not keep earlier turns"):
        continuation(render, END, [{"role": "tool", "content": "r"}])


def test_a_tools_answer_follows_the_end_token_after_one_newline():
    text = continuation(RENDER, END, [{"role": "tool", "content": "r"}])
    assert text == (
        "\n<|im_start|>user\n<tool_response>\nr\n</tool_response><|im_end|>\n<|im_start|>assistant\n"
    )
