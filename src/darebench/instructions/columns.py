"""Find the column that a phrase means: by its name, by its description, by how rare words are."""

from __future__ import annotations

import difflib
import math
import re
from collections import Counter
from collections.abc import Sequence

from darebench.instructions.ranges import Evidence, words

_NOTHING = re.compile(
    r"(?:.*no description.*|(?:u?int|float|double|bool|str)\w*|integer|string|object|text|number|"
    r"numeric(?:al)?|categor\w+|date(?:time)?\w*)\W*",
    re.IGNORECASE,
)

_QUOTES = " `'\".,:;"
_CLOSING = " )'\".,:;"


class Columns:
    """The columns of a table, and what their names and descriptions say they mean."""

    def __init__(self, names: Sequence[str], metadata: str, evidence: Evidence) -> None:
        self.names = list(names)
        self._evidence = evidence
        self._known: dict[str, list[float]] = {}
        self._spelled = [re.sub(r"[\W_]", "", name.lower()) for name in names]
        meanings = [[{*words(name)}] for name in names]
        for name, known in zip(self.names, meanings, strict=True):
            for told in described(name, metadata):
                known.append({*words(told)})
                known.append({*words(re.split(r"[.;(]", told)[0])})
                known.append({*words(name)} | {*words(told)})
        counts = Counter(w for known in meanings for w in set[str]().union(*known))
        self._weights = {w: 1 / (1 + math.log(n)) for w, n in counts.items()}
        self._meanings = [[(m, self._mass(m)) for m in known if m] for known in meanings]

    def scores(self, phrase: str) -> list[float]:
        """Rate every column for a phrase, in [0, 1.8]: by its words and by the range behind it.

        Returns:
            One rating for each column, in the order of `names`.
        """
        asked = phrase.strip(_QUOTES)
        if asked not in self._known:
            own = {*words(asked)}
            spelled = re.sub(r"\W", "", asked.lower())
            bonus = self._evidence.bonus(asked)
            self._known[asked] = [
                (1.2 if _names(asked, name) else self._score(spelled, own, position)) + more
                for position, (name, more) in enumerate(zip(self.names, bonus, strict=True))
            ]
        return self._known[asked]

    def score_of(self, phrase: str, name: str) -> float:
        """Rate one column for a phrase, as `scores` does."""
        return self.scores(phrase)[self.names.index(name)]

    def is_stated(self, phrase: str) -> bool:
        """Check whether the text puts a column's range or values behind this phrase."""
        return max(self._evidence.stated(phrase, near=16), default=0.0) > 0

    def _score(self, spelled: str, asked: set[str], position: int) -> float:
        mass = self._mass(asked)
        overlaps = (self._overlap(asked, mass, *known) for known in self._meanings[position])
        return max(max(overlaps, default=0.0), _alike(spelled, self._spelled[position]))

    def _overlap(self, asked: set[str], mass: float, meaning: set[str], its_mass: float) -> float:
        """Return the weighted F1 of two word sets; a word that no column has weighs half."""
        return 2 * self._mass(asked & meaning) / (mass + its_mass) if asked else 0.0

    def _mass(self, of: set[str]) -> float:
        return sum(self._weights.get(word, 0.5) for word in of)


def _names(phrase: str, name: str) -> bool:
    """Check whether a phrase is a column's name or has it in backticks: `age in years (`age`)`."""
    return phrase == name or f"`{name}`" in phrase


def _alike(phrase: str, name: str) -> float:
    """Rate how alike two spellings are; those that are far apart rate 0."""
    matcher = difflib.SequenceMatcher(None, phrase, name)
    # Each of these bounds the next from above, and is much cheaper.
    for ratio in (matcher.real_quick_ratio, matcher.quick_ratio, matcher.ratio):
        if (alike := ratio()) <= 0.7:
            return 0.0
    return 0.9 * alike


def described(name: str, metadata: str) -> list[str]:
    """Find the lines of the metadata that describe a column in more than a type's name."""
    pattern = (
        rf"^[\s*\-•\d.|]*[`*\"']*{re.escape(name)}[`*\"']*\s*(?:\([^)\n]*\)\s*)?[:\-–—|=]+\s*(.+)$"
    )
    found = re.findall(pattern, metadata, re.MULTILINE | re.IGNORECASE)
    return [text for text in dict.fromkeys(found) if not _NOTHING.fullmatch(text.strip())]


def assign(phrases: Sequence[str], columns: Columns) -> list[int]:
    """Assign a column of its own to every phrase, so that the total rating is best.

    There must be at least as many columns as phrases.

    Returns:
        The position of each phrase's column.
    """
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    scores = np.array([columns.scores(phrase) for phrase in phrases])
    return linear_sum_assignment(-scores)[1].tolist()


def split_list(text: str, columns: Columns) -> list[str]:
    """Split an enumeration into phrases, and keep together what only makes sense together."""
    text = _closed_brackets(text)
    pieces = [p.strip().replace("\0", ",") for p in re.split(r"(,|;|\band\b|\n)", text)]
    items: list[tuple[str, str]] = []
    separator = ""
    for piece in pieces:
        if piece in (",", ";", "and", ""):
            separator = f"{separator} {piece}".strip() if piece else separator
        else:
            items.append((separator, piece))
            separator = ""
    merged: list[str] = []
    for separator, piece in items:
        if merged and _belongs(merged[-1], separator, piece, columns):
            merged[-1] = f"{merged[-1]} {separator} {piece}"
        else:
            merged.append(piece)
    return merged


def _closed_brackets(text: str) -> str:
    """Hide the commas inside brackets, if the list itself is outside them."""
    outside = re.sub(r"\([^()]*\)", "", text)
    if len(re.findall(r"[,;]", outside)) < 2:
        return text
    return re.sub(r"\([^()]*\)", lambda m: re.sub(r"[,;]", "\0", m[0]), text)


def _belongs(before: str, separator: str, piece: str, columns: Columns) -> bool:
    """Check whether a piece continues the phrase before it: joined, they name one column better."""
    bare = [text.strip(_QUOTES) for text in (before, piece, f"{before} {separator} {piece}")]
    if [text in columns.names for text in bare] == [True, True, False]:
        return False
    if before.rstrip(_CLOSING).endswith("`"):  # the name beside a description ends its phrase
        return False
    beside = re.search(r"^(.+?)\s*\(`([^`]+)`\)\W*$", piece)
    if beside and beside[2] in columns.names:  # the piece names its column; has it more words?
        alone, together = (
            columns.score_of(text, beside[2])
            for text in (beside[1], f"{before} {separator} {beside[1]}")
        )
        return together > alone
    joint = f"{' '.join(before.split()[-2:])} and {piece}"
    if separator == "and" and columns.is_stated(joint):
        return True
    scores = [columns.scores(text) for text in (before, piece, f"{before} {separator} {piece}")]
    first, alone, together = (max(found, default=0.0) for found in scores)
    if together >= 0.3 and len({found.index(max(found)) for found in scores}) == 1:
        return together >= max(first, alone)
    return together > first and together > alone and alone < 0.35
