"""Parts a model's thought from what it says, where a server leaves both in one text."""

from __future__ import annotations

import re
from typing import NamedTuple

_NAMES = r"think|thinking|thoughts?|reasoning|seed:think"
_OPEN = re.compile(
    rf"\s*(?:<(?P<tag>{_NAMES})(?:\s[^>]*)?>|(?P<mistral>\[THINK\])|(?P<kimi>◁think▷))",
    re.IGNORECASE,
)
_ONLY_CLOSED = re.compile(r"</(?:think|thinking|seed:think)>|\[/THINK\]|◁/think▷", re.IGNORECASE)
_ANY_OPEN = re.compile(r"<(?:think|thinking|seed:think)\b|\[THINK\]|◁think▷", re.IGNORECASE)
_CALL = re.compile(r"<tool_call>|<function=|\[TOOL_CALLS\]")


class Said(NamedTuple):
    """A turn's text in its two parts."""

    thought: str
    """Without its tags; empty if there is none."""
    text: str


def part(text: str) -> Said:
    r"""Part the thoughts that open a text from the rest.

    The tags are those that models are trained with. A thought that is not closed goes on to the
    end, or to a call that is written as text; one that is only closed was opened by the model's
    template. Tags further inside are the model's text.

    >>> part("<think>hm</think>\n\nDone.")
    Said(thought='hm', text='Done.')
    >>> part("hm</think>Done.").thought
    'hm'
    """
    thoughts: list[str] = []
    while opened := _OPEN.match(text):
        end, rest = _end_of(opened, text)
        thoughts.append(text[opened.end() : end])
        text = text[rest:]
    closed = None if thoughts else _ONLY_CLOSED.search(text)
    if closed is not None and not _ANY_OPEN.search(text, 0, closed.start()):
        thoughts.append(text[: closed.start()])
        text = text[closed.end() :]
    if not thoughts:
        return Said("", text)
    kept = [thought.strip() for thought in thoughts]
    return Said("\n".join(thought for thought in kept if thought), text.lstrip())


def join(thought: str, text: str) -> str:
    r"""Return a thought and a text as Qwen's template writes them, which training expects.

    >>> join("hm", "Done.")
    '<think>\nhm\n</think>\n\nDone.'
    """
    return f"<think>\n{thought}\n</think>\n\n{text}" if thought else text


def _end_of(opened: re.Match[str], text: str) -> tuple[int, int]:
    """Return where a thought ends, and where the text after it begins."""
    if opened["mistral"]:
        tag = r"\[/THINK\]"
    elif opened["kimi"]:
        tag = "◁/think▷"
    else:
        tag = rf"</{re.escape(opened['tag'])}>"
    closed = re.compile(tag, re.IGNORECASE).search(text, opened.end())
    if closed is not None:
        return closed.start(), closed.end()
    call = _CALL.search(text, opened.end())
    end = len(text) if call is None else call.start()
    return end, end
