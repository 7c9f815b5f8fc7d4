"""Separates words that stand for a missing value from levels of the same name.

A word is missing where it is rare, in columns of numbers, and in a table that uses it so elsewhere.
It is a level where it has a share beside other classes, or where the page lists it as one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

import pandas as pd

from darebench.curate.reading.cells import NOTHING

RARE = 0.05
"""Share of a column's cells up to which a word is missing."""
NEVER_LEVELS = frozenset(
    (
        "", "nan", "nat", "<na>", "null", "#n/a", "#na", "#null!", "#value!", "#ref!", "#div/0!",
        "#name?", "#num!", "\\n", "..", "...", "**", "***", "****",
    )
)  # fmt: skip
_LANGUAGE = frozenset(("none", "unknown", "missing", "not available", "no data"))
"""Words that may be levels of one column and missing in another one of the same table."""
_DENIED = re.compile(r"missing|not available|unavailable|no data|not recorded", re.I)


def find_words(texts: pd.Series) -> dict[str, int]:
    """Count the words in a column that may stand for missing values, by how they are written."""
    counts = texts.value_counts()
    return {str(text): int(n) for text, n in counts.items() if str(text).strip().lower() in NOTHING}


def missing_words(
    words: Mapping[str, int], n_cells: int, elsewhere: Collection[str], said: str
) -> set[str]:
    """Choose the words of a column of text that are missing there.

    Args:
        words: Word -> its count.
        n_cells: Cells of the column that are not empty.
        elsewhere: Words in lower case that are missing in other columns of the table.
        said: What the page says of the column.
    """
    missing = set()
    for word, count in words.items():
        folded = word.strip().lower()
        if folded in NEVER_LEVELS:
            missing.add(word)
        elif _is_listed(word, said):
            continue
        elif count < RARE * n_cells or (folded in elsewhere and folded not in _LANGUAGE):
            missing.add(word)
    rest = n_cells - sum(words[word] for word in missing)
    return set(words) if rest <= sum(n for w, n in words.items() if w not in missing) else missing


def _is_listed(word: str, said: str) -> bool:
    """Check whether the page names the word as a value, and not as a sign for what is missing."""
    if not any(char.isalpha() for char in word) or not re.search(
        rf"(?<!\w){re.escape(word)}(?!\w)", said
    ):
        return False
    return _DENIED.search(said) is None
