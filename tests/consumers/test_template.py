"""Our template writes what Qwen3's own does, on every shape of turn, in text and in token ids."""

from __future__ import annotations

from pathlib import Path

import pytest
from attempts import shapes

from darebench.agents.protocol import Budget
from darebench.agents.tools import schema
from darebench.rollouts.rows import message_row
from darebench.sandbox.program import Limits

trl = pytest.importorskip("trl", reason="TRL is not installed: make test-consumers")
OWN = Path(trl.__file__).parent / "chat_templates" / "qwen3.jinja"
EMPTY = "<think>\n\n</think>\n\n"
THOUGHT_END, TWO_NEWLINES, CALL, TURN_END = 151668, 271, 151657, 151645


def rendered(tokenizer, messages, template=None, **options):
    return tokenizer.apply_chat_template(
        messages, tools=[schema(Budget(), Limits())], chat_template=template, tokenize=False,
        **options,
    )  # fmt: skip


@pytest.mark.parametrize("shape", shapes(), ids=lambda t: str(t.epoch))
@pytest.mark.parametrize("prompted", [False, True])
def test_every_shape_of_turn_is_written_as_the_models_own_template_does(tokenizer, shape, prompted):
    rows = [message_row(m) for m in shape.messages]
    own = rendered(tokenizer, rows, OWN.read_text(), add_generation_prompt=prompted)
    ours = rendered(tokenizer, rows, add_generation_prompt=prompted)
    last = rows[-1]
    if last["role"] == "assistant" and not last.get("reasoning_content"):
        # Qwen's template writes an empty thought here, and takes it away when more follows.
        head, mark, tail = own.rpartition(EMPTY)
        assert mark
        own = head + tail
    assert ours == own
    inline = [{**m, "content": n.content} for m, n in zip(rows, shape.messages, strict=True)]
    for message in inline:
        message.pop("reasoning_content", None)
    if "</think>" in str(inline):
        assert rendered(tokenizer, inline, add_generation_prompt=prompted) == ours


def test_with_thinking_off_a_last_turn_is_the_models_own_too(tokenizer):
    for shape in shapes():
        rows = [message_row(m) for m in shape.messages]
        if any(m.get("reasoning_content") for m in rows) or len(rows) > 3:
            continue
        own = rendered(tokenizer, rows, OWN.read_text(), enable_thinking=False)
        assert rendered(tokenizer, rows, enable_thinking=False) == own


def test_a_call_follows_a_thought_after_one_token(tokenizer):
    for shape in shapes():
        turn = shape.messages[2]
        if not turn.tool_calls or not turn.content.endswith("</think>\n\n"):
            continue
        text = rendered(tokenizer, [message_row(m) for m in shape.messages])
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        at = ids.index(THOUGHT_END)
        assert ids[at : at + 3] == [THOUGHT_END, TWO_NEWLINES, CALL]
