"""Names the columns that give a target away, or are known only after it, by what a page says."""

from __future__ import annotations

import re
from typing import NamedTuple

import pandas as pd

from darebench.curate.designing import concepts
from darebench.curate.designing.naturalness import Judgement, are_alike, latest_year
from darebench.curate.designing.roles import is_duration, is_event
from darebench.curate.designing.wording import core, stems
from darebench.curate.records import Table

_AFTERWARDS = re.compile(
    r"\bafter (?:the )?(?:event|death|surgery|outcome|relapse|recurrence|diagnosis)|"
    r"\bfor subjects who|\b(?:cause|date|type|reason) (?:of|for) (?:the )?(?:death|failure|"
    r"event|relapse|termination)|\badjuvant|\bAdj\w*Ther|AnyAdj|\bmoney won|\bpayoff|"
    r"\bprize won|\bsecond half\b",
    re.I,
)


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
    related = dict(judgement.relations.related(target))
    for via in [name for name in related if name in judgement.relations.twins.get(target, ())]:
        related |= {n: why for n, why in judgement.relations.related(via).items() if n != target}
    found = {name: GivenAway(why, is_sure=True) for name, why in related.items()}
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
        elif _is_threshold(table, target, name):
            found[name] = GivenAway("one threshold tells it from the target", is_sure=True)
        elif _are_siblings(table, judgement, target, name):
            found[name] = GivenAway("it is another outcome", is_sure=False)
    return found


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


def _is_threshold(table: Table, target: str, name: str) -> bool:
    """Check whether one of two columns has two values, which the order of the other tells apart."""
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
    if any({target, name} <= group for group in judgement.formulas.together):
        return True
    if are_alike(table, target, name) and other.column.kind is own.column.kind:
        return True
    return other.is_natural or (_AFTERWARDS.search(table.describe(name)) is not None)


def _is_earlier(table: Table, target: str, name: str) -> bool:
    """Check whether a column is of an earlier year than the target, or said to be of before."""
    if concepts.EARLIER.search(table.describe(name)):
        return True
    own, other = latest_year(target, table), latest_year(name, table)
    return own is not None and other is not None and other < own
