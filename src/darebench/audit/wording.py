"""Measure how alike the questions of a store are, and how they call their columns.

A question repeats itself if many of its 5-grams of words are in other questions of its track, too:
the share of its distinct 5-grams that at least a tenth of the others have. Names of files and
columns are words like others; numbers are one word, so that figures do not make a text look new.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import mean, median

WORDS = 5
"""Length of the sequences that are compared."""
MANY = 0.1
"""Share of the other questions that must have a sequence, too."""
DIGITS = 10
"""Digits from which on a number is not one that a person writes."""
FEWEST = 10
"""Questions of a track under which nothing is compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """The wording of a store's questions of one track."""

    n_questions: int
    repetition: float | None
    """Mean share of a question's 5-grams that a tenth of the others have; None if there are few."""
    described: float | None
    """Share of the columns that are spoken of by what they mean; None where questions need not
    speak of columns."""
    unnamed: float | None
    """Share of the columns whose name is nowhere in the question."""
    long_numbers: float
    """Share of the questions that have a number of ten digits or more."""
    n_words: int
    """Median number of words."""
    n_paragraphs: int
    """Median number of paragraphs."""


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


def is_described(column: str, description: str, question: str) -> bool:
    """Check whether a text speaks of a column by what it means.

    It does if it never has the name, in letters of any case; if the name stands in brackets after
    other words; or if it has the first three words of the description.

    Example:
        >>> is_described("Pclass", "", "class of the ticket"), is_described("Fare", "", "the fare")
        (True, False)
        >>> is_described("Fare", "price of the ticket", "price of the ticket (`Fare`)")
        True
    """
    if not is_named(column, question):
        return True
    text = question.casefold()
    opening = " ".join(re.sub(r"^(?:an?|the) ", "", description.casefold()).split()[:3])
    said = opening.strip(" .,;:") not in ("", column.casefold()) and opening in text
    return said or f" (`{column}`)" in question


def is_named(column: str, question: str) -> bool:
    """Check whether a text has a column's name, in letters of any case."""
    name = re.escape(column.casefold())
    return re.search(rf"(?<!\w){name}(?!\w)", question.casefold()) is not None


def has_long_number(text: str) -> bool:
    """Check whether a text has a number of ten digits or more.

    Example:
        >>> has_long_number("between 0.1234567891 and 2"), has_long_number("between 1,000 and 2")
        (True, False)
    """
    return any(len(re.sub(r"\D", "", n)) >= DIGITS for n in re.findall(r"\d[\d,]*\.?\d*", text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """A question, and what it has to speak of."""

    text: str
    columns: Mapping[str, str] = field(default_factory=dict)
    """Columns that an IF question has to speak of -> their descriptions, empty if there is none."""


def measure_wording(questions: Sequence[Spoken]) -> Wording:
    """Measure the questions of one track."""
    texts = [question.text for question in questions]
    columns = [(*column, q.text) for q in questions for column in q.columns.items()]
    described = [is_described(name, said, text) for name, said, text in columns]
    unnamed = [not is_named(name, text) for name, _, text in columns]
    lengths = [len(text.split()) for text in texts]
    paragraphs = [len([p for p in re.split(r"\n\s*\n", text) if p.strip()]) for text in texts]
    return Wording(
        n_questions=len(questions),
        repetition=mean(repetition(texts)) if len(texts) >= FEWEST else None,
        described=mean(described) if described else None,
        unnamed=mean(unnamed) if unnamed else None,
        long_numbers=mean(map(has_long_number, texts)) if texts else 0.0,
        n_words=round(median(lengths)) if lengths else 0,
        n_paragraphs=round(median(paragraphs)) if paragraphs else 0,
    )


def by_track(measured: Mapping[str, Wording]) -> dict[str, dict[str, float | int | None]]:
    """Return the JSON form of the wording of each track."""
    return {
        track: {
            "n_questions": one.n_questions,
            "repetition": None if one.repetition is None else round(one.repetition, 4),
            "described": None if one.described is None else round(one.described, 4),
            "unnamed": None if one.unnamed is None else round(one.unnamed, 4),
            "long_numbers": round(one.long_numbers, 4),
            "words": one.n_words,
            "paragraphs": one.n_paragraphs,
        }
        for track, one in measured.items()
    }
