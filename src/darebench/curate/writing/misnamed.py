"""Finds labels that call a column by another one's name, without a look at any description.

Labels are made of descriptions, and a question is read back with the same descriptions: a wrong one
comes back as it went in. Names are all that is known for sure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from darebench.text import spaced

_SHORT = 1
"""Letters up to which a name is only looked for where it is all of a label: `a`, `I`."""


def misnamed(labels: Mapping[str, str], columns: Iterable[str]) -> str:
    """Report the first label that equals or names another column; empty if none does.

    Words are compared without their case, separators and plurals. A label may hold the words of
    another column's name where its own column's name holds them too, or where that name stands
    beside them in backticks.

    Args:
        labels: Column -> what a question calls it.
        columns: Every column of the table.
    """
    names = {name: words_of(name) for name in columns}
    for column, label in labels.items():
        beside = f" (`{column}`)"
        words = words_of(label.removesuffix(beside))
        if label == f"`{column}`" or words == names.get(column):
            continue
        own = words_of(column)
        for other, theirs in names.items():
            if other == column or not theirs or theirs == own:
                continue
            is_within = not label.endswith(beside) and _within(theirs, words)
            if words == theirs or (is_within and not _within(theirs, own)):
                return f"{column!r} is called {label!r}, which names {other!r}"
    return ""


def words_of(text: str) -> list[str]:
    """Return the words of a name or a label: lower case, singular, whatever joins them."""
    found = re.findall(r"[^\W\d_]+|\d+", spaced(text).casefold())
    return [_singular(word) for word in found]


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def _within(part: list[str], words: list[str]) -> bool:
    """Check whether words stand in a row among others."""
    if len("".join(part)) <= _SHORT:
        return False
    return any(words[i : i + len(part)] == part for i in range(len(words) - len(part) + 1))
