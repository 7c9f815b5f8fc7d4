"""The ids that were sampled are those that are trained on: nothing is encoded twice."""

from __future__ import annotations

import asyncio

from jinja_rendering import END, RENDER

from darebench.train.chat_template import continuation
from darebench.train.seeds import seed_of
from darebench.train.token_model import Codec, Sampled, TokenModel
from darebench.types import Message


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
    assert second[2] == seed_of(5, 2) != played.sampler.given[0][2]


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
