"""Read what a task's metadata says: its title, its text, and a description for each column."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from darebench.audit.naturalness.words import ASKED_TEXT, BOILERPLATE, vocabulary
from darebench.text import spaced

LONGEST = 400
"""Characters of a sentence; what is longer is a list."""
SHORT = 4
"""Letters from which on a word of a text is taken for one of content."""
_COMMON = vocabulary(
    "data dataset variable variables factor levels level numeric vector frame number value values "
    "following containing contains observations observation with from that this which the and for "
    "each were was are per one two three average mean total rate indicator whether type time year "
    "years name based used using than other group into over under between yes have been only"
)
_BULLET = r"[\s>*•#`'\"|_-]*"
_LICENCE = re.compile(r"^licence: .*$|^columns:$", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What the metadata says, in lower case."""

    title: str
    """Its first line of text."""
    about: str
    """What is not the description of a column."""
    asked: frozenset[str]
    """Stems of the words of sentences that speak of a purpose, an effect or a prediction."""
    descriptions: Mapping[str, str]
    """Column -> description without its beginning; columns without one are not there."""


def read_page(metadata: str, columns: Iterable[str]) -> Page:
    """Read a metadata file; a line that begins with a column's name describes the column."""
    lines = metadata.splitlines()
    described: dict[str, str] = {}
    taken: set[int] = set()
    for name in columns:
        start = re.compile(
            rf"{_BULLET}{re.escape(name)}(?:{_BULLET}[:=|–—;]|\s+-|`|\*\*|\s*\()\s*(.*)",
            re.IGNORECASE,
        )
        for number, line in enumerate(lines):
            found = start.fullmatch(line)
            if found is None or number in taken:
                continue
            taken.add(number)
            text = found[1].strip(" *`|_.:)-–—=").casefold()
            if (
                text
                and text not in ("number", "category")
                and len(text) >= len(described.get(name, ""))
            ):
                described[name] = BOILERPLATE.sub("", text, count=1)
    rest = [line for number, line in enumerate(lines) if number not in taken]
    about = _LICENCE.sub("", "\n".join(rest)).casefold()
    words = (line.strip(" #*=_") for line in about.splitlines())
    title = next((line for line in words if re.search(r"[a-z]{3}", line)), "")
    sentences = re.split(r"[.;!?]\s|\n\s*\n", about)
    purposes = (s for s in sentences if len(s) < LONGEST and ASKED_TEXT.search(s))
    asked = frozenset[str]().union(*map(content, purposes))
    return Page(title=title[:200], about=about, asked=asked, descriptions=described)


def content(text: str) -> frozenset[str]:
    """Return the stems of a text's words that say what it is about."""
    found = re.findall(r"[^\W\d_]+", text)
    return stems([word for word in found if len(word) >= SHORT and word not in _COMMON])


def stems(names: Iterable[str]) -> frozenset[str]:
    """Return words without their endings, numbers left out."""
    ending = r"(?:ings?|ed|es|s|ly|al)$"
    return frozenset(
        re.sub(ending, "", name) if len(name) > SHORT else name
        for name in names
        if not name.isdigit()
    )


def split_name(name: str) -> tuple[str, ...]:
    """Take a column's name apart into words: `FloodOccurrence` and `flood_occurrence` are alike."""
    return tuple(re.findall(r"[^\W\d_]+|\d+", spaced(name, acronyms=True).casefold()))
