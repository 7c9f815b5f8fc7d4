"""What a program printed, as a model is shown it: repeats told once, long texts cut."""

from __future__ import annotations

import re
from collections.abc import Sequence

LONGEST_BLOCK = 8
"""Most lines that are told once where they repeat one after the other."""
_WARNING = re.compile(r"\b\w*Warning: ")
_NUMBER = re.compile(r"\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")


def shorten(text: str, limit: int) -> str:
    """Keep the head and the tail of a text over the limit, and say how much is left out."""
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}\n[... {len(text) - 2 * half} characters left out ...]\n{text[-half:]}"


def without_repeats(text: str) -> str:
    """Return a program's stderr with its repeats left out and counted.

    A warning that came before, with other numbers or not, is left out wherever it comes again,
    together with the lines that followed it then. Of other lines, only blocks that repeat one after
    the other without a difference are told once.
    """
    body = text.removesuffix("\n")
    lines, n_warnings = _without_old_warnings(body.split("\n"))
    told = _without_blocks(lines)
    if n_warnings:
        told.append(f"[{n_warnings} repeats of these warnings left out]")
    return "\n".join(told) + text[len(body) :]


def _without_old_warnings(lines: Sequence[str]) -> tuple[list[str], int]:
    first: dict[str, int] = {}
    kept: list[str] = []
    n_left_out = position = 0
    while position < len(lines):
        line = lines[position]
        if _WARNING.search(line):
            before = first.setdefault(_NUMBER.sub("#", line), position)
            if before < position:
                n_left_out += 1
                position += _n_alike(lines, before, position)
                continue
        kept.append(line)
        position += 1
    return kept, n_left_out


def _n_alike(lines: Sequence[str], before: int, now: int) -> int:
    """Count the lines from `now` on that are those from `before` on, up to the next warning."""
    n = 1
    while (
        now + n < len(lines)
        and before + n < now
        and lines[now + n] == lines[before + n]
        and not _WARNING.search(lines[now + n])
    ):
        n += 1
    return n


def _without_blocks(lines: Sequence[str]) -> list[str]:
    kept: list[str] = []
    position = 0
    while position < len(lines):
        size, times = _repeats(lines, position)
        kept += lines[position : position + size]
        if times > 1:
            what = "line" if size == 1 else f"{size} lines"
            kept.append(f"[the {what} above came {times} times]")
        position += size * times
    return kept


def _repeats(lines: Sequence[str], start: int) -> tuple[int, int]:
    """Return the size of the block that begins here, and how often it comes: 3 times or once."""
    for size in range(1, LONGEST_BLOCK + 1):
        block = lines[start : start + size]
        times, position = 1, start + size
        while len(block) == size and lines[position : position + size] == block:
            times += 1
            position += size
        if times >= 3 and any(block):
            return size, times
    return 1, 1
