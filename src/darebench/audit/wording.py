"""Measure how alike the questions of a store are, and how they call their columns.

A question repeats itself if many of its 5-grams of words are in other questions of its track, too:
the share of its distinct 5-grams that at least a tenth of the others have. Names of files and
columns are words like others; numbers are one word, so that figures do not make a text look new.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, median

WORDS = 5
"""Length of the sequences that are compared."""
MANY = 0.1
"""Share of the other questions that must have a sequence, too."""
FEWEST = 10
"""Questions of a track under which nothing is compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """The wording of a store's questions of one track."""

    n_questions: int
    repetition: float | None
    """Mean share of a question's 5-grams that a tenth of the others have; None if there are few."""
    described: float | None
    """Share of the columns that a question speaks of without their name, by description; None where
    questions need not speak of columns."""
    n_words: int
    """Median number of words."""


def grams(text: str) -> frozenset[tuple[str, ...]]:
    """Return the distinct sequences of five words of a text."""
    words = re.findall(
        r"[^\W\d_]+(?:'[^\W\d_]+)?|[#]", re.sub(r"-?\d[\d,.]*", " # ", text.casefold())
    )
    return frozenset(tuple(words[i : i + WORDS]) for i in range(len(words) - WORDS + 1))


def repetition(texts: Sequence[str]) -> list[float]:
    """Return for each text the share of its 5-grams that a tenth of the others have, too.

    Example:
        >>> repetition(["a b c d e f"] * 3)
        [1.0, 1.0, 1.0]
        >>> repetition(["a b c d e", "f g h i j"])
        [0.0, 0.0]
    """
    found = [grams(text) for text in texts]
    counts = Counter(gram for one in found for gram in one)
    least = MANY * (len(texts) - 1)
    return [
        sum(counts[gram] - 1 >= max(least, 1) for gram in one) / len(one) if one else 0.0
        for one in found
    ]


def is_named(column: str, question: str) -> bool:
    """Check whether a text calls a column by its name, in letters of any case.

    Example:
        >>> is_named("Fare", "the fare between 4 and 512"), is_named("Pclass", "class of ticket")
        (True, False)
    """
    name = re.escape(column.casefold())
    return re.search(rf"(?<!\w){name}(?!\w)", question.casefold()) is not None


def measure_wording(
    questions: Sequence[str], columns: Sequence[Sequence[str]] | None = None
) -> Wording:
    """Measure the questions of one track.

    Args:
        questions: Their texts.
        columns: The columns that each of them has to speak of; None if it need not.
    """
    described = [
        not is_named(name, question)
        for question, names in zip(questions, columns or (), strict=False)
        for name in names
    ]
    return Wording(
        n_questions=len(questions),
        repetition=mean(repetition(questions)) if len(questions) >= FEWEST else None,
        described=mean(described) if described else None,
        n_words=round(median(len(q.split()) for q in questions)) if questions else 0,
    )


def by_track(measured: Mapping[str, Wording]) -> dict[str, dict[str, float | int | None]]:
    """Return the JSON form of the wording of each track."""
    return {
        track: {
            "n_questions": one.n_questions,
            "repetition": None if one.repetition is None else round(one.repetition, 4),
            "described": None if one.described is None else round(one.described, 4),
            "words": one.n_words,
        }
        for track, one in measured.items()
    }
