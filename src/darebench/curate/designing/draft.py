"""What a dataset is before its settings are drawn, and how features that leak are left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from darebench.audit.headroom import LEAST_ROOM, SOLVED, Headroom
from darebench.audit.leaks import find_leaks
from darebench.audit.task_tables import TaskTables
from darebench.curate.records import INDEX, Design, Split
from darebench.errors import CurationReject
from darebench.types import Family, Variant


class TooNoisy(CurationReject):
    """There is something to win, but scores vary too much with the rows that are drawn."""


ROUNDS = 4
"""How often leaking features are left out before it is given up."""


class Cleared(NamedTuple):
    """A design and its split without features that leak a target."""

    design: Design
    split: Split
    dropped: tuple[str, ...]


def without_leaks(
    design: Design,
    variant: Variant,
    make_split: Callable[[Design], Split],
    *,
    least: int,
    keys: Sequence[str] = (),
) -> Cleared:
    """Split, look for features that leak a target, and again without them.

    Args:
        design: All features.
        variant: Of the task that is looked at.
        make_split: Makes the rows of a design, split.
        least: So many features must be left.
        keys: Columns that cannot be left out.

    Raises:
        CurationReject: Too few features are left, or one of `keys` gives a target away.
    """
    dropped: list[str] = []
    for _ in range(ROUNDS):
        split = make_split(design)
        leaks = [leak.feature for leak in find_leaks(tables_of(split, design, variant))]
        if not leaks:
            return Cleared(design, split, tuple(sorted(dropped)))
        if any(name in keys for name in leaks):
            raise CurationReject(f"{leaks[0]!r} gives it away: the series do not change")
        dropped += leaks
        left = tuple(name for name in design.features if name not in leaks)
        if len(left) < least:
            raise CurationReject(f"without {leaks[0]!r}, which gives it away, no features are left")
        design = replace(design, features=left)
    raise CurationReject(f"ever more features give it away: {', '.join(dropped)}")


def tables_of(split: Split, design: Design, variant: Variant) -> TaskTables:
    """Show a draft's rows to the checks."""
    features = design.features
    if design.family is Family.TS:
        features = (design.time_column, *design.entities)
        features += design.features if variant is Variant.XF else ()
    return TaskTables(
        family=design.family,
        variant=variant,
        question="",
        metadata="",
        train=split.train,
        val=split.val,
        truth=split.val[list(design.targets)],
        targets=design.targets,
        features=features,
        time_column=design.time_column or None,
        time_format=stated_format(design),
        entities=design.entities,
        is_grouped=bool(design.groups),
    )


def stated_format(design: Design) -> str | None:
    """Return the strptime format of the times, where they have one."""
    return None if design.time_format in ("", INDEX) else design.time_format


def check_room(headroom: Headroom) -> None:
    """Refuse what nothing predicts, what a naive answer or anything solves, and what is noise.

    Raises:
        CurationReject: The task is one of these.
    """
    best = max(headroom.naive, key=lambda name: headroom.naive[name].score, default="none")
    figures = (
        f"the best model scores {headroom.reference:.3f}, the best naive answer ({best}) "
        f"{headroom.floor:.3f}"
    )
    if headroom.reference >= SOLVED:
        raise CurationReject(f"the features determine it: {figures}")
    if headroom.room < LEAST_ROOM:
        raise CurationReject(f"nothing to win: {figures}")
    if headroom.usual_room is not None and headroom.usual_room < LEAST_ROOM:
        raise CurationReject(
            f"nothing to win over several splits: {headroom.usual_room:.3f} on average; {figures}"
        )
    if headroom.is_noise:
        raise TooNoisy(
            f"its scores are noise: they vary by {headroom.deviation:.3f} with the rows that are "
            f"drawn, and {headroom.whole_room:.3f} can be won"
        )
