"""The chat template, what is read back from it, and ids that are never encoded twice."""

from __future__ import annotations

import asyncio
import json

import jinja2
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jinja2.ext import Extension

from darebench.agents.protocol import Budget
from darebench.agents.tools import NAME, schema
from darebench.errors import ConfigError
from darebench.sandbox.program import Limits
from darebench.train.parse import parse_reply
from darebench.train.policy import Codec, Sampled, TokenModel
from darebench.train.template import as_dict, continuation, self_test, training_template
from darebench.types import Message, ToolCall

END = "<|im_end|>"


class Generation(Extension):
    """The tag that marks what the loss is on, for a plain jinja."""

    tags = {"generation"}  # noqa: RUF012

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.Scope(body, lineno=line)


def renderer_of(text: str):
    made = jinja2.Environment(trim_blocks=True, lstrip_blocks=True, extensions=[Generation])
    made.filters["tojson"] = lambda value: json.dumps(value, ensure_ascii=False)
    template = made.from_string(text)

    def render(messages, tools, add_generation_prompt):
        return template.render(
            messages=messages, tools=tools, add_generation_prompt=add_generation_prompt
        )

    return render


RENDER = renderer_of(training_template())


def test_our_template_passes_its_own_test():
    assert self_test(RENDER, END, [schema(Budget(), Limits())]) == []


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("{{- '<|im_end|>' }}", "{{- '<|im_end|>' }}{{- '\\n' }}", "newline"),
        (
            "{%- if message.reasoning_content %}",
            "{{- '<think>\\n\\n</think>\\n\\n' if not message.content }}{%- if message.reasoning_content %}",
            "thought",
        ),
        ("{%- if tools %}", "{%- if tools is not none %}", "empty list"),
        ("{{- '<|im_start|>assistant\\n' }}\n{%- endif %}", "{%- endif %}", "generation prompt"),
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


class Letters:
    """A tokenizer whose tokens are characters, and whose decoding loses information."""

    eos_token = END

    def encode(self, text, add_special_tokens=False):
        return [ord(c) for c in text.replace(END, "\x02")]

    def decode(self, ids, skip_special_tokens=False):
        return "".join("a" if i == 999 else chr(i) for i in ids).replace("\x02", END)


class Script:
    """A sampler that writes what it is told, and remembers what it was given."""

    def __init__(self, *turns: list[int]) -> None:
        self.turns, self.given = list(turns), []

    async def sample(self, ids, max_new, seed):
        self.given.append((list(ids), max_new, seed))
        turn = self.turns.pop(0)[:max_new]
        return Sampled(ids=turn, ended=turn[-1:] == [2])


def model(*turns: list[int], max_context: int = 100_000, max_new: int = 1000) -> TokenModel:
    codec = Codec(tokenizer=Letters(), render=RENDER, end=END, show_tools=False)
    return TokenModel(
        codec=codec, sampler=Script(*turns), max_context=max_context, max_new=max_new, seed=5
    )


CALL = '<tool_call>\n{"name": "python_executor", "arguments": {}}\n</tool_call>'


def test_sampled_ids_are_trained_on_as_they_are_and_answers_are_masked():
    first = [999, *map(ord, CALL), 2]  # 999 decodes to a letter that encodes to another id
    played = model(first, [*map(ord, "ok"), 2])
    messages = [Message(role="user", content="q")]
    reply = asyncio.run(played.reply(messages, []))
    assert reply.stop == "tool_calls"
    messages += [reply.message, Message(role="tool", content="r", tool_call_id="call_1_0")]
    reply = asyncio.run(played.reply(messages, []))
    assert (reply.stop, reply.message.content) == ("stop", "ok")
    answer = Letters().encode(continuation(RENDER, END, [{"role": "tool", "content": "r"}]))
    assert played.completion_ids == [*first, *answer, ord("o"), ord("k"), 2]
    assert played.mask == [1] * len(first) + [0] * len(answer) + [1, 1, 1]
    second = played.sampler.given[1]
    assert second[0] == played.prompt_ids + first + answer
    assert second[2] == 7


def test_a_turn_that_is_cut_off_calls_nothing_and_ends_for_lack_of_tokens():
    played = model(list(map(ord, CALL)), max_new=len(CALL))
    reply = asyncio.run(played.reply([Message(role="user", content="q")], []))
    assert (reply.stop, reply.message.tool_calls, played.ended) == ("max_tokens", (), False)


def test_a_full_context_ends_the_attempt():
    played = model([1], max_context=3)
    reply = asyncio.run(played.reply([Message(role="user", content="long" * 5)], []))
    assert (reply.stop, played.completion_ids) == ("model_length", [])


def test_an_answer_that_leaves_no_room_is_not_trained_on():
    first = [*map(ord, CALL), 2]
    played = model(first, max_context=200)
    messages = [Message(role="user", content="q")]
    reply = asyncio.run(played.reply(messages, []))
    messages += [reply.message, Message(role="tool", content="r" * 500, tool_call_id="call_1_0")]
    assert asyncio.run(played.reply(messages, [])).stop == "model_length"
    assert (played.completion_ids, played.mask) == (first, [1] * len(first))
