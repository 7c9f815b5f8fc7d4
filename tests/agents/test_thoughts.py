"""Thoughts and texts, in the tags of many models."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from darebench.agents.thoughts import join, part

PARTED = {
    "<think>hm</think>Done.": ("hm", "Done."),
    "\n<think>\nhm\n</think>\n\nDone.": ("hm", "Done."),
    "<THINK>hm</THINK> Done.": ("hm", "Done."),
    "<thinking>hm</thinking>\nDone.": ("hm", "Done."),
    "<think></think>\n\nDone.": ("", "Done."),
    "<think>\n\n</think>\n\n": ("", ""),
    "<think>a</think><think>b</think>Done.": ("a\nb", "Done."),
    "<seed:think>hm</seed:think>Done.": ("hm", "Done."),
    "[THINK]hm[/THINK]Done.": ("hm", "Done."),
    "◁think▷hm◁/think▷Done.": ("hm", "Done."),
    "hm</think>\n\nDone.": ("hm", "Done."),
    "<think>hm": ("hm", ""),
    "<think>hm\n<tool_call>\n{}": ("hm", "<tool_call>\n{}"),
    "Done.": ("", "Done."),
    "  Done. ": ("", "  Done. "),
    "Write `<think>` and `</think>` around it.": ("", "Write `<think>` and `</think>` around it."),
    "": ("", ""),
}


@pytest.mark.parametrize("text", PARTED)
def test_a_text_is_parted(text):
    assert part(text) == PARTED[text]


@given(st.text(alphabet="ab \n", min_size=1), st.text(alphabet="ab .\n"))
def test_what_is_joined_is_parted_again(thought, text):
    thought, text = thought.strip(), text.strip()
    assert part(join(thought, text)) == (thought, text)
