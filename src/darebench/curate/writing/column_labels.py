"""What a question calls a column: by its meaning where that is clear, else by its name."""

from __future__ import annotations

import re
from collections.abc import Sequence

from darebench.curate.records import Table
from darebench.curate.writing.misnamed import misnamed
from darebench.instructions.columns import Columns
from darebench.instructions.facts import ColumnFacts
from darebench.instructions.ranges import Evidence

SHORTEST, LONGEST = 4, 60
_TYPE_WORDS = re.compile(r"\b(factor|numeric|categorical|integer|vector|variable|column|logical)\b")
_MARGIN = 0.1
"""How much better a phrase must fit its own column than any other one."""


def label_columns(table: Table, columns: Sequence[str], metadata: str) -> dict[str, str]:
    """Name columns by their description, or by their name in backticks if that is ambiguous."""
    named = {name: f"`{name}`" for name in columns}
    phrases = {name: _phrase(table.describe(name)) for name in columns}
    counts = [p.casefold() for p in phrases.values()]
    facts: list[ColumnFacts] = [{"name": name, "dtype": ""} for name in columns]
    known = Columns(list(columns), metadata, Evidence("", facts))
    for position, (name, phrase) in enumerate(phrases.items()):
        if not phrase or counts.count(phrase.casefold()) > 1:
            continue
        scores = known.scores(phrase)
        own = scores.pop(position)
        if own < max(scores, default=0.0) + _MARGIN:
            continue
        if not misnamed({name: phrase}, [*columns, *map(str, table.frame.columns)]):
            named[name] = phrase
    return named


def _phrase(description: str) -> str:
    """Cut a description down to a phrase that can stand in a list; empty if there is none."""
    phrase = re.split(r"[.,;:(\[=/<>]|\s[-–—]\s|\bwith levels\b|\band\b", description)[0]
    phrase = " ".join(phrase.strip(" '\"`*").split())
    phrase = re.sub(r"^(?:an?|the)\s+", "the ", phrase, flags=re.I)
    if not SHORTEST <= len(phrase) <= LONGEST or len(phrase.split()) < 2:
        return ""
    if not re.fullmatch(r"[A-Za-z][A-Za-z' -]*[A-Za-z]", phrase):
        return ""
    if _TYPE_WORDS.search(phrase):
        return ""
    first = phrase.split()[0]
    return phrase[0].lower() + phrase[1:] if first.istitle() else phrase
