"""Names the columns that give a target away, or are known only after it, by what a page says."""

from __future__ import annotations

import re
from typing import NamedTuple

import pandas as pd

from darebench.audit.identities import find_identity
from darebench.curate.designing import concepts
from darebench.curate.designing.naturalness import Judgement, are_alike, latest_year
from darebench.curate.designing.roles import is_duration, is_event
from darebench.curate.designing.wording import core, split_words, stems
from darebench.curate.records import Kind, Table

_AFTERWARDS = re.compile(
    r"\bafter (?:the )?(?:event|death|surgery|outcome|relapse|recurrence|diagnosis)|"
    r"\bfor subjects who|\b(?:cause|date|type|reason) (?:of|for) (?:the )?(?:death|failure|"
    r"event|relapse|termination)|\badjuvant|\bAdj\w*Ther|AnyAdj|\bmoney won|\bpayoff|"
    r"\bprize won|\bsecond half\b",
    re.I,
)


_DURING = re.compile(
    r"\bsum of\b|\b(?:are|is|were|was) counted\b|\bcumulative|\bduring (?:the |its |their )?"
    r"(?:whole |entire )?(?:test|trial|recording|period|stay|course|transit|ride|trip|visit)\b",
    re.I,
)
"""What grows with the time that something takes."""
_SPENT = re.compile(r"\b(?:expens|expendit|cost|charge|payment|spending|bill\b|outlay)", re.I)
_USED = re.compile(
    r"\b(?:visits?|admissions?|hospitali[sz]ations?|stays?|procedures?|claims?|prescriptions?|"
    r"purchases?|orders?|trips?|consultations?)\b",
    re.I,
)
"""What one pays for each time."""
_BEFORE_THE_HEAD = re.compile(
    r"[:;,(\[]|\b(?:on|of|in|at|by|per|for|from|to|with|among|during|who)\b"
)
_GENERIC = frozenset(
    (
        "rate", "rates", "number", "index", "score", "scores", "value", "values", "percent",
        "share", "percentage", "level", "levels", "time", "times", "year", "years", "amount",
        "size", "type", "variable", "indicator", "count", "average", "total", "measure", "length",
        "width", "ratio", "status", "area", "code", "group", "change", "mean", "data", "proportion",
        "per", "weight", "height", "age", "income",
    )
)  # fmt: skip
"""Nouns of which two columns may speak without being of one kind."""
MOST_TERMS = 4
SUM = 0.9999
"""R2 of a few columns from which on they make up another one."""
_INDICATES = re.compile(r"\bindicator\b", re.I)
SEPARATES = 0.99
"""Share of pairs of rows from which on a threshold of one column tells a column of two values."""


class GivenAway(NamedTuple):
    """Why a column may not be a feature of a target."""

    why: str
    is_sure: bool
    """False of another outcome, which may be a feature where hardly any other is left."""


def find_given_away(table: Table, judgement: Judgement, target: str) -> dict[str, GivenAway]:
    """Return the columns that may not be features of a target, each with the reason."""
    known = table.once(_nothing_yet)
    if target not in known:
        known[target] = _find_given_away(table, judgement, target)
    return dict(known[target])


def _nothing_yet(_: Table) -> dict[str, dict[str, GivenAway]]:
    return {}


def _find_given_away(table: Table, judgement: Judgement, target: str) -> dict[str, GivenAway]:
    related = dict(judgement.relations.related(target))
    for via in [name for name in related if name in judgement.relations.twins.get(target, ())]:
        related |= {n: why for n, why in judgement.relations.related(via).items() if n != target}
    found = {name: GivenAway(why, is_sure=True) for name, why in related.items()}
    terms = _terms(table, target)
    found |= {n: GivenAway(f"{', '.join(terms)} make up {target}", is_sure=True) for n in terms}
    _add_made_of_these(found, judgement, target)
    said = core(table.describe(target))
    survives = is_event(target, said) or target in _events(judgement)
    lasts = is_duration(target, said) or bool(judgement.formulas.durations[target])
    for column in table.profile.columns:
        name = column.name
        if name == target or name in found:
            continue
        why = _known_after(table, judgement, target, name, survives=survives, lasts=lasts)
        if why:
            found[name] = GivenAway(why, is_sure=True)
        elif _is_threshold(table, judgement, target, name):
            found[name] = GivenAway("one threshold tells it from the target", is_sure=True)
        elif _are_siblings(table, judgement, target, name):
            found[name] = GivenAway("it is another outcome", is_sure=False)
    _add_made_of_these(found, judgement, target)
    return found


def _terms(table: Table, target: str) -> tuple[str, ...]:
    """Return the few columns that make up a target: a weighted sum, a product or a ratio."""
    numbers = [c.name for c in table.profile.columns if c.kind is Kind.NUMBER]
    if target not in numbers or table.frame[target].nunique() <= 2:
        return ()
    left, right = table.frame.iloc[::2], table.frame.iloc[1::2]
    names = [name for name in numbers if name != target]
    sides = (left, left[target].to_numpy(float)), (right, right[target].to_numpy(float))
    identity = find_identity(*sides[0], *sides[1], names, SUM)
    return identity.terms if identity is not None and len(identity.terms) <= MOST_TERMS else ()


def _add_made_of_these(found: dict[str, GivenAway], judgement: Judgement, target: str) -> None:
    """Add what is computed of a column that may be no feature, again and again."""
    derived = judgement.relations.derived.values()
    while more := [
        one
        for one in derived
        if one.name not in found and one.name != target and any(n in found for n in one.of)
    ]:
        for one in more:
            is_sure = any(found[n].is_sure for n in one.of if n in found)
            found[one.name] = GivenAway(one.why, is_sure=is_sure)


def _events(judgement: Judgement) -> set[str]:
    has_pair = bool(judgement.formulas.durations)
    return {n for n in judgement.formulas.modelled if n in judgement.columns} if has_pair else set()


def _known_after(
    table: Table, judgement: Judgement, target: str, name: str, *, survives: bool, lasts: bool
) -> str:
    """Return why a column is known only with or after the target; empty for one that is not."""
    said = core(table.describe(name))
    whole = table.describe(name)
    if concepts.UNTIL_NOW.search(said):
        return "it is known only with what happened until then"
    if survives and (is_duration(name, said) or judgement.formulas.durations[name]):
        return "the time until an event is known only after it"
    if survives and is_event(name, said) and not concepts.EARLIER.search(said):
        return "it says how the observation ended, as the target does"
    if (survives or lasts) and _INDICATES.search(said) and _has_time(table, name, said):
        return "it says that something happened in the same course of events"
    if lasts and is_event(name, said):
        return "whether an event came is known only at its time"
    if lasts and is_duration(name, said) and not concepts.EARLIER.search(said):
        return "it is a time of the same course of events"
    if concepts.SHARE.search(f"{name} {said}") and stems(said) & stems(target):
        return "it is a share of the target, or a ratio with it"
    if (survives or lasts) and _AFTERWARDS.search(f"{name} {whole}"):
        return "it is known only afterwards"
    return ""


def _has_time(table: Table, name: str, said: str) -> bool:
    """Check whether another column is the time until what a column indicates."""
    words = stems(said)
    others = (core(table.describe(c.name)) for c in table.profile.columns if c.name != name)
    return any(concepts.DURATION.search(other) and words & stems(other) for other in others)


def _is_threshold(table: Table, judgement: Judgement, target: str, name: str) -> bool:
    """Check whether one of two columns has two values, which the order of the other tells apart."""
    if 2 not in (judgement.columns[n].column.n_distinct for n in (target, name)):
        return False
    pair = table.frame[[target, name]].dropna()
    for two, many in ((name, target), (target, name)):
        codes, levels = pd.factorize(pair[two])
        values = pair[many]
        if len(levels) != 2 or not pd.api.types.is_numeric_dtype(values) or values.nunique() < 10:
            continue
        ones = int(codes.sum())
        zeros = len(codes) - ones
        if min(ones, zeros) < 10:
            continue
        above = values.rank().to_numpy()[codes == 1].sum() - ones * (ones + 1) / 2
        share = above / (ones * zeros)
        if max(share, 1 - share) >= SEPARATES:
            return True
    return False


def _are_siblings(table: Table, judgement: Judgement, target: str, name: str) -> bool:
    """Check whether a column is an outcome beside the target, and not one of its causes."""
    other, own = judgement.columns[name], judgement.columns[target]
    if name == target + name[-1:] and name[-1:].isdigit():
        return True
    if judgement.formulas.explains[name] or _is_earlier(table, target, name):
        return False
    if other.column.kind is own.column.kind is Kind.NUMBER and _go_together(table, target, name):
        return True
    if any({target, name} <= group for group in judgement.formulas.together):
        return True
    if are_alike(table, target, name) and other.column.kind is own.column.kind:
        return True
    return other.is_natural or (_AFTERWARDS.search(table.describe(name)) is not None)


def _go_together(table: Table, target: str, name: str) -> bool:
    """Check whether two numbers are of one kind, or one is what the other is paid or lasts for."""
    said, other = (core(table.describe(n)) for n in (target, name))
    heads = [_head(table.describe(n)) for n in (target, name)]
    if concepts.SURROUNDINGS.search(said) or concepts.SURROUNDINGS.search(other):
        return False
    if all(heads) and any(a.startswith(b) for a, b in (heads, heads[::-1])):
        return True
    if _SPENT.search(said) and _USED.search(other):
        return True
    if _USED.search(said) and _SPENT.search(other):
        return True
    return is_duration(target, said) and _DURING.search(other) is not None


def _head(said: str) -> str:
    """Return the noun that a description is about: the last word before `of`, `on` and the like."""
    said = core(said) if len(core(said).split()) > 1 else said  # `acc. on county roads`
    words = re.findall(r"[a-z]{3,}", _BEFORE_THE_HEAD.split(said, maxsplit=1)[0].lower())
    if len(words) < 2 and _BEFORE_THE_HEAD.search(said) is None:
        return ""
    head = words[-1] if words else ""
    return "" if head in _GENERIC else head.removesuffix("s")


def _is_earlier(table: Table, target: str, name: str) -> bool:
    """Check whether a column is of an earlier year than the target, or said to be of before."""
    if concepts.EARLIER.search(table.describe(name)) or concepts.ASKED.search(
        f"{' '.join(split_words(name))}; {table.describe(name)}"
    ):
        return True
    own, other = latest_year(target, table), latest_year(name, table)
    return own is not None and other is not None and other < own
