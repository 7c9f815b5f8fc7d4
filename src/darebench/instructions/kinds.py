"""Find which features a text calls numeric or categorical: by name, by place, or all at once."""

from __future__ import annotations

import re
from collections.abc import Sequence

from darebench.instructions.columns import Columns, split_list
from darebench.instructions.ranges import words

NUMERICAL, CATEGORICAL = "numerical", "categorical"
_KIND = re.compile(
    r"\b(?P<no>no|without|without any|zero|any|no features as|none as|empty list for)?\s*"
    r"\b(?P<kind>numeric(?:al)?|continuous|quantitative|categorical|nominal)\b",
    re.IGNORECASE,
)
_ABOUT_STEPS = re.compile(r"imput|missing|scal|encod|standardi|gaps?\b|blank|fill", re.IGNORECASE)
_CLAUSE = re.compile(
    r"\.\s(?!(?-i:[a-z]))|;\s|\n|,?\s(?:while|whereas|but)\s|,?\sand\s"
    r"(?=(?:treat|consider|handl|regard|use|the\snumeric|the\scategorical)\w*\s)",
    re.IGNORECASE,
)
_NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven")
_PLACES = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")
_RUN = re.compile(rf"\b(first|initial|last|final)\s+(\d+|{'|'.join(_NUMBERS)})\b")
_PLACE = re.compile(rf"\b({'|'.join(_PLACES)}|last|final)\b(?!,)")
_WHOLE = re.compile(
    r"\b(?:all|every|each|both|these|those|they|them|following|it|same|this)\b", re.IGNORECASE
)
_REST = re.compile(r"\b(?:remaining|rest|others?)\b", re.IGNORECASE)


def said_kinds(text: str, named: Sequence[tuple[str, str]], columns: Columns) -> list[str | None]:
    """Return the kind of each (phrase, column), or None where the text does not state it."""
    by_name: dict[int, str] = {}
    by_place: dict[int, str] = {}
    rest = whole = None
    for clause in re.split(_CLAUSE, text):
        said = _without(clause, named)
        kinds = _kinds(said)
        if not kinds or _ABOUT_STEPS.search(said):
            continue
        mentions = _mentions(clause, named, columns)
        places = {} if mentions else _places(clause, len(named))
        prefix = bool(mentions) and kinds[0][0] < min(mentions.values())
        for position, start in mentions.items():
            by_name.setdefault(position, _governing(start, kinds, prefix=prefix))
        for position, start in places.items():
            by_place.setdefault(position, _governing(start, kinds, prefix=False))
        if found := _REST.search(clause):
            rest = rest or _governing(found.start(), kinds, prefix=False)
        elif not mentions and not places and _WHOLE.search(clause):
            whole = whole or kinds[0][1]
    whole = whole or _other_than_absent(text)
    return [by_name.get(p) or by_place.get(p) or rest or whole for p in range(len(named))]


def _without(clause: str, named: Sequence[tuple[str, str]]) -> str:
    """Blank out the features' phrases, whose own words say nothing of kinds: `nominal income`."""
    for phrase, _ in named:
        if len(words(_KIND.sub(" ", phrase))) > 1:
            clause = clause.replace(phrase, "_" * len(phrase))
    return clause


def _kinds(clause: str) -> list[tuple[int, str]]:
    """List the words for kinds with their offsets, without those that are said to be absent."""
    return [
        (m.start("kind"), CATEGORICAL if m["kind"][:3].lower() in ("cat", "nom") else NUMERICAL)
        for m in _KIND.finditer(clause)
        if not m["no"]
    ]


def _governing(start: int, kinds: Sequence[tuple[int, str]], *, prefix: bool) -> str:
    """Choose the kind whose word governs an offset: the word before it, or the one after."""
    before = [kind for place, kind in kinds if place < start]
    after = [kind for place, kind in kinds if place >= start]
    return before[-1] if before and (prefix or not after) else after[0]


def _mentions(clause: str, named: Sequence[tuple[str, str]], columns: Columns) -> dict[int, int]:
    """Find where a clause names features, as offsets: by the list's words, else by similar ones."""
    found: dict[int, int] = {}
    left = clause
    order = sorted(range(len(named)), key=lambda p: -len(named[p][0]))
    for position in order:
        phrase, column = (re.escape(text) for text in named[position])
        match = re.search(rf"(?<!\w)(?:{phrase}|`{column}`)(?!\w)", left, re.IGNORECASE)
        if match:
            found[position] = match.start()
            left = left[: match.start()] + "\0" * len(match[0]) + left[match.end() :]
    for piece in split_list(left.replace("\0", " "), columns):
        spoken = _KIND.sub(" ", re.sub(r"\b(?:treat|consider|handle)\w*\b|\bas\b", " ", piece))
        said = set(words(spoken))
        scores = [
            columns.score_of(spoken, column) if said & set(words(f"{phrase} {column}")) else 0.0
            for phrase, column in named
        ]
        best = max(range(len(named)), key=scores.__getitem__)
        if scores[best] > 0.5 and best not in found:
            found[best] = max(0, clause.find(piece[:20]))
    return found


def _places(clause: str, n_features: int) -> dict[int, int]:
    """Read `the first three`, `the last one`, `the second`: positions of features, and offsets."""
    found: dict[int, int] = {}
    lowered = clause.lower()
    for match in _RUN.finditer(lowered):
        count = int(match[2]) if match[2].isdigit() else _NUMBERS.index(match[2]) + 1
        from_start = match[1] in ("first", "initial")
        run = range(count) if from_start else range(n_features - count, n_features)
        found |= {position: match.start() for position in run}
    for match in _PLACE.finditer(_RUN.sub(lambda m: " " * len(m[0]), lowered)):
        word = match[1]
        position = _PLACES.index(word) if word in _PLACES else n_features - 1
        found.setdefault(position, match.start())
    return {p: start for p, start in found.items() if 0 <= p < n_features}


def _other_than_absent(text: str) -> str | None:
    """Return the kind of all features where the text says that none is of the other kind."""
    absent = {m["kind"][:3].lower() for m in _KIND.finditer(text) if m["no"]}
    if absent & {"cat", "nom"}:
        return NUMERICAL
    return CATEGORICAL if absent else None
