"""Scores how natural a target each column is: would somebody want to know it from the others?

The score is a sum of parts, each with its reason: the page's words, models and plots in its code,
what the column measures, its place, and how few others could be meant. A column is a target from
`THRESHOLD` on. Ids, design variables, parts of dates and the like are none at any score.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from darebench.curate.designing import concepts
from darebench.curate.designing.announced import Announced, find_announced, find_titled
from darebench.curate.designing.derived import Relations, find_relations
from darebench.curate.designing.formulas import Formulas, find_formulas
from darebench.curate.designing.roles import NEVER, ColumnRole, Role, find_roles
from darebench.curate.designing.wording import core, split_words, stems
from darebench.curate.records import Column, Kind, Table

THRESHOLD = 4.0
LIKE = 0.5
"""Share of the words of two descriptions from which on they describe siblings."""
SECOND = 0.7
"""Share of the best column's score that a further target of a table must have."""
MOST_MISSING = 0.5
"""Share of a target that may be missing."""
MAX_CLASSES = 30
LONG_SERIES = 20
"""Times of a panel from which on its columns are forecast within series."""
_OFTEN = ("size", "value", "level", "risk", "hours", "distance", "temp", "rain", "flow")


_LONG = tuple(name for name in concepts.QUANTITY_NAMES if len(name) >= 4 and name not in _OFTEN)
_SUMS_UP = "it sums up"
_EVENT_NAMES = frozenset(("event", "status", "delta", "cens", "death", "died", "dead", "survived"))
_YEARS = re.compile(r"(?<!\d)(?:1[6-9]|20)\d\d(?!\d)|(?<=[a-z])\d\d(?=\s|$)")
_PER_HEAD = re.compile(r"\bper (?:1,?000|10,?000|100,?000|1,?000,?000|million|thousand)\b", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """How natural a target one column is, and why."""

    column: Column
    role: Role
    parts: Mapping[str, float] = field(default_factory=dict)
    """Reason -> points."""
    on_page: bool = False
    """Whether the page itself speaks of it as a target: its words, its models, its plots."""
    why_not: str = ""
    """Why it cannot be a target at any score; empty for one that may be."""
    why_weaker: str = ""
    """Why it is none beside the table's best target; empty where it differs and is as good."""

    @property
    def name(self) -> str:
        """The column's name."""
        return self.column.name

    @property
    def score(self) -> float:
        """The sum of all parts."""
        return round(sum(self.parts.values()), 2)

    @property
    def is_natural(self) -> bool:
        """Whether it may be a target; one that is weaker only where the better ones fail."""
        return not self.why_not and self.score >= THRESHOLD


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """All columns of a table, judged, with what was found on the way."""

    columns: Mapping[str, Judged]
    relations: Relations
    formulas: Formulas
    announced: Mapping[str, Announced]

    @property
    def together(self) -> list[frozenset[str]]:
        """Sets of columns that the page names together as what is to be explained."""
        phrases: dict[str, set[str]] = {}
        for name, said in self.announced.items():
            phrases.setdefault(said.words, set()).add(name)
        named = [frozenset(names) for names in phrases.values() if len(names) > 1]
        return sorted({*named, *self.formulas.together}, key=sorted)

    @property
    def ranked(self) -> list[Judged]:
        """All columns, the most natural target first; equal ones in the table's order."""
        return sorted(
            self.columns.values(), key=lambda j: (bool(j.why_not), bool(j.why_weaker), -j.score)
        )


def judge(table: Table) -> Judgement:
    """Judge every column of a table as a target; a table is judged once."""
    return table.once(_judge)


def _judge(table: Table) -> Judgement:
    relations = find_relations(table)
    roles = find_roles(table, relations)
    formulas = find_formulas(table.raw.code, [c.name for c in table.profile.columns])
    announced, titled = find_announced(table), find_titled(table)
    fixed = _fixed(table, roles)
    blocked = {
        c.name: _blocked(c, roles[c.name], formulas, announced) or fixed.get(c.name, "")
        for c in table.profile.columns
    }
    able = [name for name, why in blocked.items() if not why]
    judged = {}
    for column in table.profile.columns:
        said = {
            **_code_parts(column.name, formulas),
            **_page_parts(column.name, announced, titled),
        }
        parts = {
            **said,
            **_concept_parts(column, table),
            **_place_parts(column, table, able),
            **_course_parts(column.name, table, able),
        }
        judged[column.name] = Judged(
            column=column,
            role=roles[column.name],
            parts=parts,
            on_page=max(said.values(), default=0.0) >= 1.5,
            why_not=blocked[column.name],
        )
    judged = _untransformed(_alone(judged), relations)
    return Judgement(
        columns=_weaker_refused(_without_twins(judged, relations), table),
        relations=relations,
        formulas=formulas,
        announced=announced,
    )


def _fixed(table: Table, roles: Mapping[str, Role]) -> dict[str, str]:
    """Find columns that are the same for all rows of one time, or never change in a long series."""
    axis, frame = table.profile.time, table.frame
    keys = {
        c.name: f"all rows of one {c.name} have the same"
        for c in table.profile.columns
        if roles[c.name].role is ColumnRole.CALENDAR and 2 <= c.n_distinct <= len(frame) / 5
    }
    groups = [([name], why) for name, why in keys.items()]
    if axis is not None and axis.entities and axis.n_times >= LONG_SERIES:
        groups.append((list(axis.entities), "it never changes within a series"))
    found: dict[str, str] = {}
    for by, why in groups:
        others = [c.name for c in table.profile.columns if c.name not in by]
        counts = frame.groupby(by, dropna=False)[others].nunique().max()
        found |= {str(name): why for name in counts.index[counts.to_numpy() <= 1]}
    return found


def why_no_target(column: Column) -> str:
    """Return why a column cannot be predicted at all; empty for one that may be."""
    if column.missing > MOST_MISSING:
        return f"{column.missing:.0%} of it is missing"
    if column.kind not in (Kind.NUMBER, Kind.CATEGORY):
        return f"it is a column of kind {column.kind}"
    if column.kind is Kind.CATEGORY and column.n_distinct > MAX_CLASSES:
        return f"it has {column.n_distinct} classes; {MAX_CLASSES} are the most"
    return ""


def _blocked(
    column: Column, role: Role, formulas: Formulas, announced: Mapping[str, Announced]
) -> str:
    why = why_no_target(column)
    if why:
        return why
    said_so = (
        formulas.modelled[column.name] or announced.get(column.name, Announced(0, "")).points > 3
    )
    if role.role in NEVER and not (
        role.role is ColumnRole.DESIGN and _surely(column, formulas, announced)
    ):
        return f"its role is {role.role}: {role.why}"
    if role.role in (ColumnRole.DEMOGRAPHIC, ColumnRole.DERIVED) and not said_so:
        return f"its role is {role.role}: {role.why}"
    return ""


def _surely(column: Column, formulas: Formulas, announced: Mapping[str, Announced]) -> bool:
    """Check whether the page models or announces a column and never explains with it."""
    name = column.name
    if formulas.explains[name] or formulas.against[name]:
        return False
    return bool(formulas.modelled[name]) or announced.get(name, Announced(0, "")).points >= 5


def _code_parts(name: str, formulas: Formulas) -> dict[str, float]:
    parts = {}
    left, right = formulas.modelled[name], formulas.explains[name]
    if left > right:
        parts["models of the page explain it"] = 5.0
    elif left:
        parts["models of the page explain it, and use it"] = 2.0
    elif right:
        parts["models of the page use it to explain others"] = -3.0
    if formulas.durations[name]:
        parts["it is the time of an event"] = 3.0
    drawn, against = formulas.drawn[name], formulas.against[name]
    if drawn > against and not left:
        parts["plots of the page have it on the vertical axis"] = 2.5
    elif against > drawn and not left and not right:
        parts["plots of the page have it on the horizontal axis"] = -1.5
    return parts


def _page_parts(
    name: str, announced: Mapping[str, Announced], titled: Mapping[str, Announced]
) -> dict[str, float]:
    found = [said[name] for said in (announced, titled) if name in said]
    return {said.words: said.points for said in found}


def _concept_parts(column: Column, table: Table) -> dict[str, float]:
    """Rate what a column measures, by its name and its description."""
    said = core(table.describe(column.name))
    now = concepts.AT_A_TIME.sub("", said)
    words = {w for w in split_words(column.name) if len(w) > 2} | {column.name.lower()}
    is_last = column.name == table.profile.columns[-1].name
    parts = {}
    if words & concepts.OUTCOME_NAMES:
        parts["its name is that of an outcome"] = 3.5
    elif words & concepts.CLASS_NAMES and is_last and column.n_distinct <= MAX_CLASSES:
        parts["its name is that of classes"] = 3.5
    elif concepts.OUTCOME.search(now):
        parts["its description is that of an outcome"] = 3.0
    elif words & concepts.QUANTITY_NAMES or column.name.lower().endswith(_LONG):
        both = concepts.QUANTITY.search(now) is not None
        parts["its name is that of a quantity that people want to know"] = 3.0 if both else 2.5
    elif concepts.QUANTITY.search(now):
        parts["its description is that of a quantity that people want to know"] = 2.0
    if concepts.EARLIER.search(said) or words & {
        "pre",
        "prior",
        "previous",
        "baseline",
        "base",
        "lag",
    }:
        parts["it is known before"] = -3.0
    if concepts.INDICATOR.search(said) and not concepts.OUTCOME.search(said):
        parts["it is one of several indicators"] = -1.5
    if concepts.COMPOSITION.search(said) and table.profile.time is None:
        parts["it is a share, a ratio or a size of something else"] = -1.5
    if _is_of_another(column.name, said, table):
        parts["it is of somebody else, or of the surroundings"] = -2.0
    if concepts.NEGATED.search(said):
        parts["it counts what did not happen"] = -1.0
    if concepts.WHOLE.search(" ".join([*words, *said.split()[:4]])) and parts:
        parts[_SUMS_UP] = 1.5
    if _PER_HEAD.search(said) and parts:
        parts["it is a rate, which rows of any size can be compared by"] = 1.0
    return parts


def _is_of_another(name: str, said: str, table: Table) -> bool:
    """Check whether a column is of somebody or something beside what the table is of."""
    found = concepts.SURROUNDINGS.search(said)
    if found is not None and not stems(found[0]) & stems(table.raw.title):
        return True
    return name[-1:].isdigit() and any(c.name == name[:-1] for c in table.profile.columns)


def _place_parts(column: Column, table: Table, able: list[str]) -> dict[str, float]:
    """Rate where a column stands, and how few others could be meant."""
    names = [c.name for c in table.profile.columns]
    parts = {}
    if column.name == names[-1]:
        parts["it is the last column"] = 1.5
    elif able and column.name == able[0]:
        parts["it is the first column that could be one"] = 1.0
    if column.name in able and len(able) <= 2 and len(names) > len(able):
        parts["hardly another column could be one"] = 3.0 if len(able) == 1 else 1.5
    if table.profile.time is not None and column.kind is Kind.NUMBER:
        parts["it is measured in time"] = 1.0
    return parts


def _course_parts(name: str, table: Table, able: list[str]) -> dict[str, float]:
    """Rate events beside the time until them, and the latest of several years."""
    said = {c.name: core(table.describe(c.name)) for c in table.profile.columns}
    parts = {}
    events = [n for n in able if concepts.EVENT.search(said[n]) or n.lower() in _EVENT_NAMES]
    lasting = [n for n in said if concepts.DURATION.search(said[n]) and n not in events]
    if lasting and name in events and name not in lasting:
        parts["it says how an observation ended, beside its time"] = 1.5
    elif events and name in lasting:
        parts["its time is that of an event, or only until observation ended"] = -2.0
    year = latest_year(name, table)
    if year is None:
        return parts
    dated = [n for n in able if n != name and latest_year(n, table) is not None]
    years = [latest_year(n, table) or 0 for n in dated if are_alike(table, n, name)]
    if years and year > max(years):
        parts["it is the latest of several years"] = 1.5
    return parts


def latest_year(name: str, table: Table) -> int | None:
    """Return the last two digits of the latest year in a name and its description."""
    found = _YEARS.findall(f"{name} {table.describe(name)}")
    return max((int(year[-2:]) for year in found), default=None)


def _untransformed(judged: Mapping[str, Judged], relations: Relations) -> dict[str, Judged]:
    """Move what the page says of a logarithm or a square to what it is of."""
    kept = dict(judged)
    for name, one in judged.items():
        of = relations.raw_of(name)
        if of is None or of not in kept or kept[of].why_not:
            continue
        raw = kept[of]
        moved = {f"of its transform {name}: {w}": p for w, p in one.parts.items() if p >= 2.5}
        kept[of] = replace(raw, parts={**raw.parts, **moved}, on_page=raw.on_page or one.on_page)
        if not one.why_not:
            kept[name] = replace(one, why_not=f"it is a transform of {of}")
    return kept


def _alone(judged: Mapping[str, Judged]) -> dict[str, Judged]:
    """Add to the columns that measure what people want to know, where hardly any other does."""
    reasons = ("its name is that of", "its description is that of")
    meant = [
        name
        for name, one in judged.items()
        if not one.why_not and any(why.startswith(reasons) for why in one.parts)
    ]
    added = {0: 0.0, 1: 2.0, 2: 1.0}.get(len(meant), 0.0)
    if not added or len(judged) <= 2:
        return dict(judged)
    extra = {"hardly another column measures what people want to know": added}
    return {
        name: replace(one, parts={**one.parts, **extra}) if name in meant else one
        for name, one in judged.items()
    }


def _weaker_refused(judged: Mapping[str, Judged], table: Table) -> dict[str, Judged]:
    """Refuse what is less natural than the table's best target, or has only its name for it."""
    natural = [one for one in judged.values() if one.is_natural]
    if not natural:
        return dict(judged)
    best = max(natural, key=lambda one: one.score)
    kept = dict(judged)
    for one in natural:
        if one is best:
            continue
        why = ""
        if one.score < SECOND * best.score:
            why = (
                f"{best.name}, the best target, has {best.score:g} points; {SECOND:.0%} are needed"
            )
        elif min(one.parts.values()) < 0:
            why = f"{best.name} is the better target, and this has points taken off"
        elif best.parts.get(_SUMS_UP) and _share_a_word(table, best.name, one.name):
            why = f"{best.name} sums it up"
        elif not one.on_page and not are_alike(table, best.name, one.name):
            why = f"{best.name} is the better target, and the page does not speak of this"
        if why:
            kept[one.name] = replace(one, why_weaker=why)
    return kept


def _share_a_word(table: Table, one: str, other: str) -> bool:
    return bool(stems(core(table.describe(one))) & stems(core(table.describe(other))))


def are_alike(table: Table, one: str, other: str) -> bool:
    """Check whether two descriptions share most of their words: siblings, measured the same way."""
    tails = [split_words(name)[-1:] for name in (one, other)]
    if tails[0] == tails[1] and {*tails[0]} & (concepts.QUANTITY_NAMES - {"value", "count"}):
        return True
    if any(one.lower().endswith(q) and other.lower().endswith(q) for q in _LONG):
        return True
    a, b = (stems(core(table.describe(name))) for name in (one, other))
    if a and a == b:
        return True
    return len(a & b) >= 2 and len(a & b) >= LIKE * len(a | b)


def _without_twins(judged: Mapping[str, Judged], relations: Relations) -> dict[str, Judged]:
    """Refuse each column that has a twin with a higher score, or as high and ahead of it."""
    kept = dict(judged)
    order = [*judged]
    for name, one in judged.items():
        if one.why_not:
            continue
        for other in relations.twins.get(name, ()):
            rival = kept[other]
            better = (rival.score, -order.index(other)) > (one.score, -order.index(name))
            if not rival.why_not and better and rival.role.role is not ColumnRole.DERIVED:
                why = f"it is a twin of {other}, which is the better target"
                kept[name] = replace(one, why_not=why)
                break
    return kept
