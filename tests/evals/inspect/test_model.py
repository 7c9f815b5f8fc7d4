"""Inspect's messages as ours."""

from __future__ import annotations

from inspect_ai.model import ChatMessageAssistant, ContentReasoning, ContentText

from darebench.evals.inspect.model import from_inspect


def test_a_thought_stands_before_the_text_unless_it_cannot_be_read():
    text = ContentText(text="Done.")
    open_thought = ContentReasoning(reasoning="first this\n")
    hidden = ContentReasoning(reasoning="b64", redacted=True)
    said = from_inspect(ChatMessageAssistant(content=[open_thought, hidden, text]))
    assert said.content == "<think>\nfirst this\n</think>\n\nDone."
    assert from_inspect(ChatMessageAssistant(content=[hidden, text])).content == "Done."
    assert from_inspect(ChatMessageAssistant(content="Done.")).content == "Done."
