"""The chat template that we train with, and the self-test that any template has to pass.

Training appends to a conversation the ids that the model sampled, never ids of text that was
decoded and encoded again. For that, a longer conversation must render as the shorter one plus text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from typing import Any

from darebench.errors import ConfigError
from darebench.rollouts.rows import message_row
from darebench.types import Message

Render = Callable[..., str]
"""`render(messages, tools, add_generation_prompt)` -> text."""


def training_template() -> str:
    """Read our Qwen3-style template, which marks what the loss is on."""
    folder = files("darebench.train").joinpath("templates")
    return folder.joinpath("qwen3.jinja").read_text(encoding="utf-8")


def renderer(tokenizer: Any) -> Render:
    """Build a function that renders with a tokenizer's own template."""

    def render(
        messages: Sequence[Mapping[str, Any]],
        tools: Sequence[Mapping[str, Any]] | None,
        add_generation_prompt: bool,
    ) -> str:
        return tokenizer.apply_chat_template(
            list(messages),
            tools=list(tools) if tools else None,
            add_generation_prompt=add_generation_prompt,
            tokenize=False,
        )

    return render


def as_dict(message: Message) -> dict[str, Any]:
    """Return a message as chat templates take it: as in exported rows, without the call's id."""
    row = message_row(message)
    row.pop("tool_call_id", None)
    return row


_CALL = {
    "role": "assistant",
    "content": "",
    "tool_calls": [{"type": "function", "function": {"name": "f", "arguments": "{}"}}],
}
_OPENING = [{"role": "user", "content": "q"}]


def continuation(render: Render, end: str, results: Sequence[Mapping[str, Any]]) -> str:
    """Return the text from the end token of a turn with calls to the start of the next turn.

    Raises:
        ConfigError: The template changes earlier turns; train with `training_template`.
    """
    before = render([*_OPENING, _CALL], None, False)
    after = render([*_OPENING, _CALL, *results], None, True)
    cut = before.rfind(end)
    if cut < 0 or not after.startswith(before[: cut + len(end)]):
        raise ConfigError(
            "the chat template does not keep earlier turns as they were; use darebench's own "
            '(`template = "qwen3"`)'
        )
    return after[cut + len(end) :]


def self_test(render: Render, end: str, tools: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what would make training on a template go wrong; an empty list if nothing does."""
    problems: list[str] = []
    conversation = [
        {"role": "system", "content": "s"},
        *_OPENING,
        {**_CALL, "content": "first"},
        {"role": "tool", "content": "r1"},
        _CALL,
        {"role": "tool", "content": "r2"},
        {"role": "assistant", "content": "<think>\nwhy\n</think>\n\nlast"},
    ]
    for n in range(3, len(conversation)):
        shorter = render(conversation[:n], tools, False)
        if not render(conversation[: n + 1], tools, False).startswith(shorter):
            problems.append(f"message {n} changes the text of earlier ones")
    prompt = render(conversation[:2], tools, True)
    if not render(conversation[:3], tools, False).startswith(f"{prompt}first"):
        problems.append("the generation prompt is not how an assistant turn begins")
    if render(conversation, [], False) != render(conversation, None, False):
        problems.append("an empty list of tools renders unlike none")
    whole = render(conversation, tools, False)
    if whole[whole.rfind(end) + len(end) :] != "\n":
        problems.append("one newline does not follow the last end token")
    if "<think>\nwhy\n</think>\n\nlast" not in whole:
        problems.append("a thought is lost or written another way")
    if "<think>" in render(conversation[:6], tools, True):
        problems.append("a thought appears that nobody wrote")
    return problems
