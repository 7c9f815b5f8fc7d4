"""What a question calls a column: by its meaning where that is clear, else by its name.

A description that could mean another column as well gets the column's name beside it in backticks;
one that several columns share is not used at all.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from darebench.curate.records import Table
from darebench.curate.writing.misnamed import misnamed, words_of
from darebench.instructions.columns import Columns
from darebench.instructions.facts import ColumnFacts
from darebench.instructions.ranges import Evidence
from darebench.instructions.reader import read_ranges

SHORTEST, LONGEST, MOST_WORDS = 3, 100, 16
_MARGIN = 0.1
"""How much better a phrase must fit its own column than any other one."""
_KINDS = (
    r"(?:numeric|integer|character|logical|factor|ordered|nominal|discrete|continuous|categorical|"
    r"double|string|ordinal|multi-?level)"
)
_STORED_AS = re.compile(
    rf"^(?:an?|the)?\s*(?:{_KINDS}[\s,-]+)*(?:{_KINDS}|vector|variable|column)s?\b\s*"
    r"(?:with levels?|that|which)?\s*"
    r"(?:of|for|denoting|indicating|giving|specifying|representing|showing|containing|identifying|"
    r"describing|designating|coding|recording|reporting|consisting of|measuring|"
    r"stating)\s+(?:the\s+)?",
    re.IGNORECASE,
)
"""How R describes what a column is stored as, before it says what it means."""
_LEADING_KIND = re.compile(rf"^{_KINDS}(?: variable)?\s*[.,:;]\s+", re.IGNORECASE)
_TYPE_ONLY = re.compile(
    r"\b(?:factor|numeric|character|integer|vector|variable|logical|categorical|levels)\b",
    re.IGNORECASE,
)
_INDICATOR = re.compile(r"=?\s*[01]\s*=?\s*(?:if|when|for|=)\s+(?P<what>.+)", re.IGNORECASE)
_CODED = re.compile(r"1 ?= ?(?P<what>[a-z][^=;,]{6,}?)[;,] *0 ?=", re.IGNORECASE)
"""What a column of ones and zeros says where it is one."""
_ASKED = re.compile(r"^(is|was|are|were) (there|the \w+) ([^?]+?)\s*\?.*", re.IGNORECASE)
_SHORT_FORMS = frozenset(
    re.findall(
        r"\S+",
        "u.s u.k u.n e.g i.e vs no st dr mr mrs approx avg min max hus fam gov dept est incl yr "
        "yrs hr hrs wk lb lbs oz sq ft in cm mm km kg pct ed int std temp vol",
    )
)
_DANGLING = re.compile(
    r"(?:^|\s)(?:and|or|of|the|a|an|in|to|by|for|with|from|on|at|per|between|than|as|is|are|was|"
    r"which|that|if|not|e\.g|i\.e)$",
    re.IGNORECASE,
)
_SENTENCE_LIKE = re.compile(
    r"^(?:did|does|do|is|are|was|were|has|have|had|can|as|same|"
    r"each|every|all|see|note|this|these|those|it|there|we|i|if|in|at|on|for|from|to|of|not|no)\b",
    re.IGNORECASE,
)
_UNIT = re.compile(r"\s*\((?:in |as )?[A-Za-z%°$/ ]{1,24}\)")
_MEASURE = re.compile(
    r"\b(?:divid|multipl|times|log|square|thousand|million|hundred|per)", re.IGNORECASE
)
"""What a bracket must not say that is left out: it changes what the numbers mean."""


def label_columns(table: Table, columns: Sequence[str], metadata: str) -> dict[str, str]:
    """Call columns by their description, with their name beside it where it is not clear alone."""
    named = {name: f"`{name}`" for name in columns}
    phrases = {name: phrase_of(table.describe(name)) for name in columns}
    counts = Counter(_key(phrase_of(table.describe(c))) for c in map(str, table.frame.columns))
    facts: list[ColumnFacts] = [{"name": name, "dtype": ""} for name in columns]
    known = Columns(list(columns), metadata, Evidence("", facts))
    every = [*columns, *map(str, table.frame.columns)]
    for position, (name, phrase) in enumerate(phrases.items()):
        if not phrase or counts[_key(phrase)] > 1:
            continue
        scores = known.scores(phrase)
        own = scores.pop(position)
        is_clear = own >= max(scores, default=0.0) + _MARGIN and len(phrase.split()) > 1
        is_clear = is_clear and not re.search(r"[\d/]", phrase)
        label = phrase if is_clear and not misnamed({name: phrase}, every) else ""
        label = label or with_name(phrase, name)
        named[name] = f"`{name}`" if misnamed({name: label}, every) else label
    return named


def with_name(phrase: str, name: str) -> str:
    """Write a column's name beside what describes it; a name says nothing beside itself."""
    if words_of(phrase) == words_of(name):
        return f"`{name}`"
    return f"{phrase} (`{name}`)"


def with_names(labels: dict[str, str]) -> dict[str, str]:
    """Write every column's name beside its description."""
    return {
        name: label if f"`{name}`" in label else with_name(label, name)
        for name, label in labels.items()
    }


def phrase_of(description: str) -> str:
    """Return the first whole phrase of a description that can stand in a list; empty if none can.

    A description is cut where a sentence, a clause or a bracket of its own begins, never inside a
    phrase: what is cut off would change what is left, so that nothing is used.
    """
    text = " ".join(description.replace("\\", "").split()).strip(" '\"`*")
    text = re.sub(r"^#\s*(?:of\b)?", "number of", text) if text.startswith("# ") else text
    text = _STORED_AS.sub("", _LEADING_KIND.sub("", text, count=1), count=1)
    text = _ASKED.sub(lambda m: f"whether {m[2].lower()} {m[1].lower()} {m[3]}", text)
    phrase = _first_clause(text)
    if found := _CODED.match(text):
        return phrase_of(found["what"])
    if found := _INDICATOR.fullmatch(phrase):
        what = found["what"]
        phrase = f"whether {what}" if re.search(r"\bif\b|\bwhen\b", phrase) else what
    phrase = re.sub(r"^(?:an?|the)\s+", "the ", phrase.strip(" '\"`*,-"), flags=re.IGNORECASE)
    if not _can_stand(phrase):
        return ""
    first, *more = phrase.split()
    is_name = bool(more) and more[0][:1].isupper()
    return first.lower() + phrase[len(first) :] if first.istitle() and not is_name else phrase


def _first_clause(text: str) -> str:
    """Cut a text where its first sentence or clause ends; a short unit in brackets stays."""
    for found in re.finditer(r"[.,;:?!(\[=<>]|\s[-–—]+\s", text):
        start, mark, rest = found.start(), found[0], text[found.end() :]
        inside = text[start - 1 : start].isdigit() and rest[:1].isdigit()
        if (mark in ".," and inside) or (mark == "." and not _ends_sentence(text, start)):
            continue
        if mark in "=<>" and _INDICATOR.match(text):
            continue
        if mark in "([" and (unit := _UNIT.match(text, max(0, start - 1))):
            after = re.match(r"\s*(?:[.,;:(\[]|$|[-–—])", text[unit.end() :])
            if after and " or " not in unit[0] and not re.search(r"\d", unit[0]):
                return text[: unit.end()]
        return "" if inside or _is_torn(text, start, mark, rest) else text[:start]
    return text


def _is_torn(text: str, start: int, mark: str, rest: str) -> bool:
    """Check whether a cut here would change what is left."""
    if mark in "=<>?":
        return True
    if mark == ",":
        sentence = re.split(r"[.;:(]", rest)[0]
        is_list = re.search(r"\b(?:and|or)\b", sentence)
        return not rest.strip() or bool(is_list or re.match(r"\s*\d{4}\b", rest))
    if mark in "([":
        return not text[start - 1 : start].isspace() or not _may_lose(text[start:])
    return False


def _ends_sentence(text: str, dot: int) -> bool:
    before = re.search(r"[\w.]*$", text[:dot])
    word = before[0].casefold() if before else ""
    follows = text[dot + 1 : dot + 3]
    if not follows.strip():
        return True
    return follows[0] == " " and word not in _SHORT_FORMS and not re.fullmatch(r"[a-z]", word)


def _may_lose(rest: str) -> bool:
    """Check whether a bracket can be left out: it ends the phrase, and scales no number."""
    closed = re.match(r"[(\[]((?:[^()\[\]]|\([^()]*\))*)[)\]]\s*", rest)
    if closed is None:  # the source's own text is cut inside a list of codes
        return bool(re.match(r"[(\[]\S+ *[=:]", rest))
    if _MEASURE.search(closed[1]):
        return False
    return bool(re.match(r"$|[.,;:]|[-–—]\s", rest[closed.end() :]))


def _can_stand(phrase: str) -> bool:
    if not SHORTEST <= len(phrase) <= LONGEST or len(phrase.split()) > MOST_WORDS:
        return False
    if not re.fullmatch(r"(?:[A-Za-z$%]|\d{4} )[\w'’ $%&/.+()°-]*[\w)%]", phrase):
        return False
    if len(phrase.split()) == 1 and (phrase.isupper() or re.search(r"\b\w{1,3}/", phrase)):
        return False
    if _TYPE_ONLY.search(phrase) or _DANGLING.search(phrase) or _SENTENCE_LIKE.match(phrase):
        return False
    if re.search(r"(?<!s)['’]\s", phrase) or re.fullmatch(r"\w+ (?:or|and) \w+", phrase):
        return False
    return phrase.count("(") == phrase.count(")") and not read_ranges(phrase)


def _key(phrase: str) -> str:
    return " ".join(words_of(phrase))
