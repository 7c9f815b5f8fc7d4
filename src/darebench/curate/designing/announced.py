"""Finds what a page says its table is there to explain or to predict."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from darebench.curate.designing.wording import core, split_words, stem, stems
from darebench.curate.records import Kind, Table

_END = (
    r"(?:\s+(?:from|using|based|by|with|as an? function|on the basis|given|through|via|when|for "
    r"each|for (?:use|the purpose)|in terms|depend\w*|according|because|so that|between|collected)"
    r"\b|[.;:!?\n]|,(?!\s*(?:and|or)\b)|$)"
)
_PURPOSES = (
    r"(?:predict|forecast|explain|estimat|classif|determin|diagnos|detect|identify|recogni[sz])"
    r"(?:s|e|es|ing|y|ying|ed|ion of)?(?:\s+(?:how|if|whether|which|the|an?))?",
    r"(?:prediction|predictors?|forecasting|determinants?|model(?:l?ing)?|classification|"
    r"risk factors?) (?:of|for)",
    r"effects? of .{3,80}? (?:on|upon)",
    r"(?:influences?|impact|depends?|dependence|affect\w*) .{0,60}?\bon\b",
    r"(?:affect|influence|associated with|related to)",
    r"(?:relation(?:ship)?|association|correlation)s? (?:of|between)",
    r"(?:main|primary|chief|principal|major)? ?interests? (?:here )?(?:\([^)]*\) )?(?:is|was|"
    r"lies in|centers on)",
    r"interested in",
    r"(?:target|response|outcome|dependent|predicted|label)(?: variable| column| attribute|"
    r" feature| measure|s)*,? ?(?:\([^)]*\) )?(?:is|are|was|were|being|:|=|called|named|"
    r"of interest is)+(?:\s+an?(?: \w+){0,3} variable,?)?",
    r"(?:data|study|experiment|trial|investigat\w+|research)\b.{0,40}? (?:to (?:assess|measure|"
    r"study|investigate|examine|test|compare|evaluate)|on)\b",
    r"(?:demand for|decision to|choice of|willingness to|attitudes? (?:to|towards?))",
)
_WEAK = frozenset((3, 4, 5, 9))
"""Of these, those that name what is explained beside what explains it."""
_SURE = frozenset((0, 1, 8))
"""Those that name a response in so many words."""
_REVERSED = re.compile(
    r"([`'\"]?[\w .'-]{2,50}?[`'\"]?)(?:,| \()? ?(?:is|was|as|are|serves? as|being)? (?:the |"
    r"a |our )?(?:target|response|outcome|dependent)(?: variable| column| attribute|"
    r" feature)?\b",
    re.I,
)
_OWN = re.compile(
    r"\bresponse (?:variable|value)|\bordered response|\b(?:the|study|main|primary|mortality|"
    r"clinical) (?:outcome|response)\b|\boutcome (?:variable|measure|of)|\bdependent variable|"
    r"\btarget\b(?! (?:population|group|area))|\bto be predicted|\bto predict\b|"
    r"\bclass(?:ification)? label|^response|^outcome|\(response\)|\(outcome\)|"
    r"\bvalues? to predict|\bclass attribute",
    re.I,
)
_SYNONYMS = {
    stem(word): group[0]
    for group in (
        ("price", "value", "worth"),
        ("wage", "earnings", "salary", "pay"),
        ("death", "mortality", "died", "dead", "survival", "survived", "fatalities"),
        ("accident", "crash", "collision"),
        ("crime", "offence", "arrest"),
        ("mpg", "mileage", "economy"),
    )
    for word in group
}
_KINDS = frozenset(
    ("type", "class", "species", "kind", "categ", "group", "diagn", "label", "varie")
)


_ENTRIES = re.compile(
    r"\n\s*Format\b.*?(?=\n\s*(?:Details?|Notes?|Background|Description|Usage|Value)\b|$)|"
    r"=== ?Columns.*$",
    re.S,
)
"""What a page says column by column, which is read as descriptions."""


class Announced(NamedTuple):
    """That a page names a column as what matters, how strongly, and its words."""

    points: float
    words: str


def find_announced(table: Table) -> dict[str, Announced]:
    """Find the columns that the page, its title or their own description announce."""
    found: dict[str, Announced] = {}
    for column in table.profile.columns:
        own = _OWN.search(table.describe(column.name))
        if own:
            found[column.name] = Announced(5.0, f"its description says {own[0]!r}")
    known = {c.name: _meaning(table, c.name) for c in table.profile.columns}
    for phrase, points, words in _phrases(table):
        named = _named(phrase, known, table)
        for name in named if len(named) <= 3 else ():
            if found.get(name, Announced(0.0, "")).points < points:
                found[name] = Announced(points, f"the page says {words!r}")
    return found


def find_titled(table: Table) -> dict[str, Announced]:
    """Find the columns that the title of the page, or its first sentence, speaks of."""
    known = {
        c.name: _one_word(stems(split_words(c.name)) | stems(_start(core(table.describe(c.name)))))
        for c in table.profile.columns
    }
    found: dict[str, Announced] = {}
    title = _one_word(stems(table.raw.title))
    about = re.sub(r"^\s*(?:Description|About this file)\s*", "", table.raw.about)
    opening = _one_word(stems(re.split(r"(?<=[a-z)])\.\s|\n\n", about, maxsplit=1)[0][:300]))
    is_word = len(table.raw.title.split()) == 1
    joined = table.raw.title.lower()
    if is_word:
        title = frozenset(w for own in known.values() for w in own if len(w) > 2 and w in joined)
    for said, points, where in ((title, 2.5, "the title"), (opening - title, 1.0, "the opening")):
        for word in sorted(said):
            named = [name for name, own in known.items() if word in own]
            if 1 <= len(named) <= 3:
                share = points if len(named) == 1 else points * 0.6
                for name in named:
                    before = found.get(name, Announced(0.0, ""))
                    if before.points < share:
                        found[name] = Announced(share, f"{where} speaks of it ({word}...)")
    for name in known if is_word else ():
        if len(name) > 2 and re.fullmatch(rf"{re.escape(name.lower())}[\d_]*", joined):
            found[name] = Announced(2.5, "the title is its name")
    return found


def _start(text: str) -> str:
    return " ".join(text.split()[:6])


def _one_word(words: frozenset[str]) -> frozenset[str]:
    """Write words of one meaning as one."""
    return frozenset(_SYNONYMS.get(word, word) for word in words)


def _meaning(table: Table, name: str) -> frozenset[str]:
    return stems(split_words(name)) | stems(core(table.describe(name)))


def _phrases(table: Table) -> Iterator[tuple[str, float, str]]:
    """Yield what follows the words of a purpose, with how much they mean."""
    about = f"{table.raw.title}.\n\n{table.raw.about}"
    about = re.split(r"\n\s*(?:Source|References?)\b", about)[0]
    about = _ENTRIES.sub("\n\n", about)
    about = re.sub(r"(?<!\n)\n(?!\n)", " ", about)
    for number, pattern in enumerate(_PURPOSES):
        points = 1.5 if number in _WEAK else 4.0 if number in _SURE else 3.0
        whole = re.compile(rf"\b(?:{pattern})\s+(.{{2,90}}?){_END}", re.I)
        for match in whole.finditer(about):
            yield match[1], points, " ".join(match[0].split())[:80]
    for match in _REVERSED.finditer(about):
        yield match[1], 3.5, " ".join(match[0].split())[:80]


def _named(phrase: str, known: Mapping[str, frozenset[str]], table: Table) -> list[str]:
    """List the columns that a phrase names: by its name, else by most of its first words."""
    exact = [
        name
        for name in known
        if len(name) > 2 and re.search(rf"(?<![\w.]){re.escape(name)}(?![\w.])", phrase, re.I)
    ]
    if exact:
        return exact
    wanted = stems(" ".join(phrase.split()[:9]))
    shared = {name: len(own & wanted) for name, own in known.items()}
    most = max(shared.values(), default=0)
    if most:
        best = [name for name, count in shared.items() if count == most]
        closest = max(len(known[n] & wanted) / len(known[n]) for n in best)
        return [n for n in best if len(known[n] & wanted) / len(known[n]) > closest - 1e-9]
    if wanted & _KINDS:
        kinds = [c.name for c in table.profile.columns if c.kind is Kind.CATEGORY]
        return [name for name in kinds if stems(name) & _KINDS]
    return []
