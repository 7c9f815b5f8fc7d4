"""Draws workflow steps beyond the paper's template, writes them, and reads them back."""

# pandas' indexing is typed as unions of everything that it can give.

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from darebench.store.extras import (
    DERIVATIONS,
    ENCODERS,
    SCALERS,
    STATISTICS,
    Derived,
    Extras,
    GroupStatistic,
    Join,
)

MOST_DERIVED = 3
CLIPS = ((0.01, 0.99), (0.02, 0.98), (0.05, 0.95))
_OPERATIONS = {
    "ratio": "{0} divided by {1}",
    "product": "{0} times {1}",
    "difference": "{0} minus {1}",
    "log1p": "the natural logarithm of one plus {0}",
}
_JOINS = {
    "left": (
        "`{file}` is a lookup table. Before anything else, put its columns to both tables with a "
        "left join on `{key}`: a row without an entry in it stays, with these columns missing.",
        "Some columns stand in `{file}`; first add them to the training rows and to the rows to "
        "predict by a left join on `{key}`, which leaves them empty where there is no entry.",
    ),
    "inner": (
        "`{file}` is a lookup table. Before anything else, put its columns to the training rows "
        "with an inner join on `{key}`, which drops rows without an entry; the rows to predict get "
        "them too, but all of these stay, with the columns missing where there is no entry.",
        "Some columns stand in `{file}`; first add them to the training rows by an inner join on "
        "`{key}`, so that rows without an entry go, and to the rows to predict in such a way that "
        "every one stays, empty where there is no entry.",
    ),
}
_REPEATS = (
    "After the filter, drop every training row that repeats an earlier one in all columns but "
    "`row_id`.",
    "Then keep each training row once: drop those that are equal to an earlier row in every column "
    "other than `row_id`.",
)
_TEXTS = "Text in a numeric column breaks its rule as well."
_CLIPS = (
    "Clip every numeric feature in both files: below at the quantile {low} of its remaining "
    "training values, above at the quantile {high} of them.",
    "Outliers are clipped in both files, each numeric feature at two quantiles of its remaining "
    "training values, the quantile {low} below; the quantile {high} above.",
)
_DERIVES = "Then make the column {name}: {what}, empty where that is not defined."
_GROUPS = (
    "Also make the column {name}: the {how} of {column} over the training rows with the same {by}, "
    "empty in the rows to predict where training does not have that value."
)
_APPENDED = (
    "The made columns go behind the other numeric features, in the order in which they are made."
)
_LOGS = "The model learns log1p of the target, and its predictions are turned back with expm1."


def draw_extras(
    train: pd.DataFrame,
    numerical: Sequence[str],
    categorical: Sequence[str],
    targets: Sequence[str],
    rng: np.random.Generator,
    *,
    is_class: bool,
) -> Extras:
    """Draw steps that the columns allow; each is there in some workflows only."""
    taken = {*train.columns}
    groups = ()
    if categorical and numerical and rng.random() < 0.5:
        groups = (_draw_group(numerical, categorical, rng),)
    values = train[list(targets)]
    can_log = not is_class and bool((values.min() >= 0).all())
    clip = CLIPS[int(rng.integers(len(CLIPS)))] if numerical and rng.random() < 0.5 else None
    return Extras(
        clip=clip,
        derived=tuple(d for d in _draw_derived(train, numerical, rng) if d.name not in taken),
        groups=tuple(g for g in groups if g.name not in taken),
        log_target=can_log and bool(rng.random() < 0.4),
        scaler=str(rng.choice(SCALERS)),
        encoder=str(rng.choice(ENCODERS)) if categorical else ENCODERS[0],
    )


def _draw_derived(
    train: pd.DataFrame, numerical: Sequence[str], rng: np.random.Generator
) -> list[Derived]:
    made: dict[str, Derived] = {}
    for _ in range(int(rng.integers(0, MOST_DERIVED + 1))):
        how = str(rng.choice(DERIVATIONS))
        n_inputs = 1 if how == "log1p" else 2
        able = [n for n in numerical if how != "log1p" or train[n].min() > -1]
        if len(able) < n_inputs:
            continue
        inputs = tuple(str(n) for n in rng.choice(able, n_inputs, replace=False))
        name = f"{how}_{len(made) + 1}"
        made[name] = Derived(name=name, how=how, inputs=inputs)
    return list(made.values())


def _draw_group(
    numerical: Sequence[str], categorical: Sequence[str], rng: np.random.Generator
) -> GroupStatistic:
    how = str(rng.choice(STATISTICS))
    return GroupStatistic(
        name=f"{how}_in_group",
        by=str(rng.choice(list(categorical))),
        column=str(rng.choice(list(numerical))),
        how=how,
    )


def write_cleaning(extras: Extras, rng: np.random.Generator, *, malformed: bool) -> list[str]:
    """Write what is done to the training rows behind the filter."""
    parts = [_TEXTS] if malformed else []
    if extras.drop_duplicates:
        parts.append(str(rng.choice(_REPEATS)))
    return parts


def write_join(extras: Extras, rng: np.random.Generator) -> list[str]:
    """Write how the lookup table is joined."""
    join = extras.join
    if join is None:
        return []
    return [str(rng.choice(_JOINS[join.how])).format(file=join.file, key=join.key)]


def write_features(extras: Extras, rng: np.random.Generator) -> list[str]:
    """Write what is done to the selected features before they are imputed."""
    parts = []
    if extras.clip is not None:
        low, high = extras.clip
        parts.append(str(rng.choice(_CLIPS)).format(low=low, high=high))
    for made in extras.derived:
        what = _OPERATIONS[made.how].format(*(f"`{name}`" for name in made.inputs))
        parts.append(_DERIVES.format(name=f"`{made.name}`", what=what))
    parts += [
        _GROUPS.format(name=f"`{g.name}`", how=g.how, column=f"`{g.column}`", by=f"`{g.by}`")
        for g in extras.groups
    ]
    return [*parts, _APPENDED] if extras.derived or extras.groups else parts


def write_target(extras: Extras) -> list[str]:
    """Write what is done to the target."""
    return [_LOGS] if extras.log_target else []


def lost_extras(text: str, extras: Extras, unsaid: Sequence[str] = ()) -> str:
    """Name the first step that does not come back from the text; empty if all do.

    Args:
        text: The question.
        extras: The steps.
        unsaid: Names of those that a text has no reason to state.
    """
    read = read_extras(text)
    for name in Extras.__slots__:
        if name in unsaid and not getattr(read, name):
            continue
        if getattr(read, name) != getattr(extras, name):
            return f"{name} {getattr(extras, name)!r} comes back as {getattr(read, name)!r}"
    return ""


def read_extras(text: str) -> Extras:
    """Read steps out of a text, by what they say and not by the wording that we write."""
    quantiles = [float(q) for q in re.findall(r"quantile (0?\.\d+)", text)]
    return Extras(
        drop_duplicates=bool(re.search(r"(repeat\w*|equal to|duplicat\w*)[^.]*`row_id`", text)),
        clip=(quantiles[0], quantiles[1]) if len(quantiles) == 2 else None,
        derived=tuple(_read_derived(text)),
        groups=tuple(
            GroupStatistic(name=name, by=by, column=column, how=how)
            for name, how, column, by in re.findall(
                r"column `([^`]+)`: the (\w+) of `([^`]+)` over [^`]*same `([^`]+)`", text
            )
        ),
        log_target="log1p" in text and "expm1" in text,
        scaler=_only(SCALERS, text),
        encoder=_only(ENCODERS, text),
        join=_read_join(text),
    )


def _read_join(text: str) -> Join | None:
    found = re.search(r"`(lookup\w*\.\w+)`[^`]*?\b(left|inner) join on `([^`]+)`", text)
    return Join(file=found[1], how=found[2], key=found[3]) if found else None


def _read_derived(text: str) -> list[Derived]:
    found = []
    for name, what in re.findall(r"column `([^`]+)`: ((?:`[^`]*`|(?!, empty)[^.`])*)", text):
        inputs = tuple(re.findall(r"`([^`]+)`", what))
        spoken = re.sub(r"`[^`]+`", "", what)
        signs = {"divid": "ratio", "times": "product", "minus": "difference", "logarithm": "log1p"}
        how = [means for sign, means in signs.items() if sign in spoken]
        if how and len(inputs) <= 2:
            found.append(Derived(name=name, how=how[0], inputs=inputs))
    return found


def _only(names: Sequence[str], text: str) -> str:
    found = [name for name in names if re.search(rf"\b{name}\b", text)]
    return found[0] if len(found) == 1 else ""
