"""Words of names, descriptions and pages, in a form in which they can be compared."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from darebench.text import spaced

_BOILERPLATE = re.compile(
    r"^(?:(?:an?|the)\s+)?(?:numeric|numerical|integer|character|logical|ordered|factor|binary|string|"
    r"real|continuous|categorical|dummy|double|int|num|chr|dbl|a)\b(?:\s+(?:vector|factor|variable|"
    r"string|column|scalar|indicator|value|data|vector of))*\s*"
    r"(?:(?:giving|indicating|denoting|specifying|containing|recording|representing|"
    r"describing|showing|for|of|with|that|which|is|the)\s+)*[:;,.–-]*\s*",
    re.I,
)
_STOP = frozenset(
    (
        "the", "of", "and", "for", "with", "in", "to", "an", "on", "by", "at", "or", "is", "are",
        "was", "were", "be", "as", "from", "that", "this", "these", "their", "its", "it", "if",
        "data", "dataset", "table", "variable", "variables", "numeric", "vector",
        "factor", "levels", "level", "number", "per", "each", "into", "who", "which", "between",
        "among", "using", "about", "three", "two", "four", "some", "several", "all", "other",
    )
)  # fmt: skip


def split_words(name: str) -> list[str]:
    """Split a name into words, `FloodOccurrence` as `flood_occurrence` and `flood.occurrence`."""
    return re.findall(r"[a-z]+|\d+", spaced(name).lower())


def stem(word: str) -> str:
    """Return what forms of a word share, roughly: `migrants` and `migration` are both `migra`."""
    word = word.lower()
    if re.search(r"(?:[sxz]|ch|sh)es$", word) and len(word) > 5:
        word = word[:-2]
    elif word.endswith("ies") and len(word) > 5:
        word = f"{word[:-3]}y"
    elif word.endswith("s") and not word.endswith("ss") and len(word) > 3:
        word = word[:-1]
    return word[:5]


def stems(text: str | Iterable[str]) -> frozenset[str]:
    """Return the stems of the words that carry meaning."""
    return _stems(text if isinstance(text, str) else " ".join(text))


@lru_cache(maxsize=20_000)
def _stems(text: str) -> frozenset[str]:
    words = split_words(text)
    return frozenset(
        stem(word) for word in words if len(word) > 2 and not word.isdigit() and word not in _STOP
    )


@lru_cache(maxsize=20_000)
def core(description: str) -> str:
    """Return the clause of a description that says what is measured: without type and levels."""
    clause = _BOILERPLATE.sub("", description.strip(), count=1)
    clause = re.split(
        r"[;.](?:\s|$)|\bwith (?:the )?levels?\b|\bcoded\b|\blevels?:", clause, maxsplit=1
    )[0]
    return re.sub(r"\([^()]*\)|\([^()]*$", " ", clause).strip()[:160]
