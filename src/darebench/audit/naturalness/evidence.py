"""Collect what speaks for a column as a target, and what speaks against it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from darebench.audit.naturalness import words
from darebench.audit.naturalness.page import Page, content, split_name, stems

FEW_LEFT = "one of few that are measured"
"""The one kind of evidence that the other columns' roles decide."""
_YES_OR_NO = (("is",), ("has",), ("did",), ("was",), ("will",))
_LONG = tuple(sorted(word for word in words.OUTCOME_NAMES if len(word) > 4))
"""Words that are known for what they are where they are joined with others, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A column beside the others of its table, which may be asked for."""

    name: str
    others: Sequence[str]
    """The other columns, in the order of the table."""
    page: Page
    n_distinct: int
    is_number: bool
    is_series: bool = False
    """Whether it is to be forecast."""

    @property
    def words(self) -> tuple[str, ...]:
        """Return the words of the name."""
        return split_name(self.name)

    @property
    def text(self) -> str:
        """Return the description, empty if there is none."""
        return self.page.descriptions.get(self.name, "")


def collect(candidate: Candidate, n_left: int) -> tuple[str, ...]:
    """Return which kinds of evidence there are, by the names that `verdicts.WEIGHTS` has.

    Args:
        candidate: The column.
        n_left: Columns of its table, itself included, that have no role of their own.
    """
    names, text, page = {*candidate.words}, candidate.text, candidate.page
    own = content(f"{' '.join(candidate.words)} {text}")
    title = content(page.title)
    found = {
        "outcome by name": bool(names & words.OUTCOME_NAMES)
        or any(word in candidate.name.casefold() for word in _LONG),
        "outcome by description": bool(words.OUTCOME_TEXT.search(text)),
        "in the title": bool(own & title),
        "named by the title": bool(title) and stems(candidate.words) <= title,
        "asked for by the text": bool((own | {candidate.name.casefold()}) & page.asked),
        "a yes or no": candidate.n_distinct == 2 and candidate.words[:1] in _YES_OR_NO,
        "a number": candidate.is_number,
        "a series": candidate.is_series,
        FEW_LEFT: n_left <= 2,
        "measured earlier": bool(words.EARLIER_TEXT.search(text) or names & words.EARLIER_NAMES)
        or _has_later(candidate),
        "a transformation": bool(words.TRANSFORMED_TEXT.search(text)) or _is_copy(candidate),
        "of somebody else": bool(words.KIN_TEXT.search(text)),
        "one of many alike": _has_alike(candidate),
        "an indicator": bool(words.INDICATOR_TEXT.search(text)),
        "a property of the context": bool(words.CONTEXT_TEXT.search(text)),
    }
    return tuple(kind for kind, there in found.items() if there)


def _has_later(candidate: Candidate) -> bool:
    """Check whether another column is the same at a later time, as `re78` beside `re74`."""
    found = re.fullmatch(r"(.*?)(\d{2}|\d{4})", candidate.name)
    if found is None or not found[1]:
        return False
    same = (
        re.fullmatch(re.escape(found[1]) + r"(\d{2}|\d{4})", other) for other in candidate.others
    )
    return any(int(other[1]) > int(found[2]) for other in same if other)


def _is_copy(candidate: Candidate) -> bool:
    """Check whether the name is that of another column and a mark of a transformation."""
    name = candidate.name.casefold()
    stem = re.sub(r"^(?:ln|log|l|c|d|g)[_.]?|[_.]?(?:sq|squared|2|_1|log|lag\d*)$", "", name)
    return stem != name and len(stem) > 1 and stem in {o.casefold() for o in candidate.others}


def _has_alike(candidate: Candidate) -> bool:
    """Check whether several columns are described alike, as the items of a scale are."""
    start = candidate.text.split()[:3]
    texts = (candidate.page.descriptions.get(other, "") for other in candidate.others)
    return len(start) == 3 and sum(text.split()[:3] == start for text in texts) >= 3
