"""Mends what Inspect makes of a provider's answer: clean text, and each thought once."""

from __future__ import annotations

from typing import Any

from inspect_ai.model import (
    ChatMessageAssistant,
    ContentReasoning,
    ContentText,
    ModelCall,
    ModelOutput,
)
from inspect_ai.tool import ToolCall

from darebench.agents.thoughts import join, part
from darebench.text import clean


def mended(result: ModelOutput | tuple[ModelOutput, ModelCall]) -> Any:
    """Return what a provider returned, with text that can be stored and every thought once.

    A thought that came in the text goes back in the text, word for word, as the model's template
    knows it; one that came in a field of its own goes back there.
    """
    output, call = result if isinstance(result, tuple) else (result, None)
    raw = _contents(call)
    for number, choice in enumerate(output.choices):
        _mend(choice.message, raw[number] if number < len(raw) else None)
    if output.stop_reason == "model_length" and output.usage is None:
        for choice in output.choices:  # the server's refusal, which the model has not said
            choice.message.content = ""
    if output.error is not None:
        output.error = clean(output.error)
    if call is not None:
        call.request, call.response = clean(call.request), clean(call.response)
    return result


def _contents(call: ModelCall | None) -> list[str | None]:
    """Return the texts of an OpenAI-like answer as the server sent them."""
    choices = (call.response or {}).get("choices") if call is not None else None
    found: list[str | None] = []
    for choice in choices if isinstance(choices, list) else []:
        message = choice.get("message") if isinstance(choice, dict) else None
        content = message.get("content") if isinstance(message, dict) else None
        found.append(content if isinstance(content, str) else None)
    return found


def _mend(message: ChatMessageAssistant, raw: str | None) -> None:
    for call in message.tool_calls or []:
        _mend_call(call)
    if isinstance(message.content, str):
        message.content = clean(message.content)
        return
    for item in message.content:
        if isinstance(item, ContentReasoning):
            item.reasoning = clean(item.reasoning)
            item.summary = clean(item.summary)
        elif isinstance(item, ContentText):
            item.text = clean(item.text)
    thoughts = [c for c in message.content if isinstance(c, ContentReasoning)]
    if thoughts and all(c.internal == "think" for c in thoughts):
        texts = [c.text for c in message.content if isinstance(c, ContentText)]
        inner = join("\n".join(c.reasoning for c in thoughts), part("".join(texts)).text)
        message.content = clean(raw) if raw is not None else inner
        return
    known = {"".join(c.reasoning.split()) for c in thoughts}
    for item in message.content:
        if isinstance(item, ContentText):
            said = part(item.text)
            if said.thought and "".join(said.thought.split()) in known:
                item.text = said.text


def _mend_call(call: ToolCall) -> None:
    call.id = clean(call.id)
    call.function = clean(call.function)
    call.arguments = clean(call.arguments)
    call.parse_error = clean(call.parse_error)
