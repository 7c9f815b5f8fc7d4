"""More near misses than a proof needs: what a wrong answer may have done otherwise.

Curation asks what a step is worth, and one way to miss it is enough (`near_misses`). A diagnosis
asks which of many ways was taken, alone or two at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from darebench.reference.near_misses import (
    DRAWLESS,
    EXACT,
    TREES,
    Fact,
    NearMiss,
    Step,
    near_misses,
)
from darebench.reference.spec import (
    MODELS,
    MORE_MODELS,
    PipelineSpec,
    Slips,
    literal_spec,
    reference_spec,
)
from darebench.store.extras import SCALERS
from darebench.store.layout import ROW_ID
from darebench.store.truth import Settings
from darebench.types import Task

WORKFLOW = (
    Step.READING, Step.JOIN, Step.FILTER, Step.RULES, Step.MISSING_ROWS, Step.REPEATS, Step.TARGETS,
    Step.CLIP, Step.MADE, Step.FEATURES, Step.KINDS, Step.ORDER, Step.FITTING, Step.IMPUTER,
    Step.SCALING, Step.ENCODING, Step.LOG, Step.MODEL, Step.SEED,
)  # fmt: skip
"""The steps in the order in which a workflow takes them."""
SEEDS = (0, 1, 42)
"""What people write who do not write the stated random_state."""
MOST_CATEGORIES = 50
"""Distinct values of a number from which on nobody takes it for a category."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One or two near misses that an answer may equal."""

    steps: tuple[Step, ...]
    """In the order of the workflow."""
    name: str
    """What is done, as it follows "equals the reference"."""
    spec: PipelineSpec
    needs: Fact | None = None
    """What the tables must hold, else it is the reference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """What the training table holds."""

    names: tuple[str, ...]
    """In the order of the file."""
    n_values: Mapping[str, int]
    """Distinct values of each column."""


def candidates(task: Task, settings: Settings, columns: Columns) -> list[Candidate]:
    """List every single near miss of an IF task, those that concern single columns last.

    Raises:
        TaskFormatError: The settings name an unknown imputer or model.
    """
    clean, literal = reference_spec(task, settings), literal_spec(task, settings)
    known = [m for m in near_misses(task, settings) if m.spec is not None]
    found = [*_of_order(clean, columns)]  # whose names say more than "in reverse" does
    found += [m for m in known if m.step is not Step.RULES]
    found += _of_rows(clean, literal)
    found += _of_columns(clean)
    found += _of_model(task, clean)
    found += _of_features(clean, settings, columns)
    found += [m for m in known if m.step is Step.RULES]
    distinct: dict[str, Candidate] = {}
    for m in found:
        if m.spec is not None:
            made = Candidate(steps=(m.step,), name=m.name, spec=m.spec, needs=m.needs)
            distinct.setdefault(m.spec.hash, made)
    return [*distinct.values()]


def combine(
    task: Task, settings: Settings, first: Candidate, second: Candidate
) -> Candidate | None:
    """Return the workflow that misses two steps; None if they are not two, or exclude each other.

    Raises:
        TaskFormatError: The settings name an unknown imputer or model.
    """
    if set(first.steps) & set(second.steps):
        return None
    clean, literal = reference_spec(task, settings), literal_spec(task, settings)
    bases = [literal if c.spec.train == literal.train else clean for c in (first, second)]
    changes = [_changes(base, c.spec) for base, c in zip(bases, (first, second), strict=True)]
    shared = changes[0].keys() & changes[1].keys()
    if any(changes[0][name] != changes[1][name] for name in shared):
        return None
    base = literal if literal in bases else clean
    both = sorted((first, second), key=lambda c: WORKFLOW.index(c.steps[0]))
    return Candidate(
        steps=tuple(c.steps[0] for c in both),
        name=" and ".join(c.name for c in both),
        spec=_changed(base, changes[0] | changes[1]),
    )


def _changes(base: PipelineSpec, spec: PipelineSpec) -> dict[tuple[str, str], Any]:
    """Return what a near miss changes: field, or field and the one inside of it -> value."""
    found: dict[tuple[str, str], Any] = {}
    for name in asdict(base):
        before, after = getattr(base, name), getattr(spec, name)
        if name in ("extras", "slips"):
            inner = ((inside, getattr(after, inside)) for inside in asdict(before))
            found |= {(name, i): v for i, v in inner if v != getattr(before, i)}
        elif before != after:
            found[name, ""] = after
    return found


def _changed(base: PipelineSpec, changes: Mapping[tuple[str, str], Any]) -> PipelineSpec:
    outer = {name: value for (name, inside), value in changes.items() if not inside}
    for part in ("extras", "slips"):
        inner = {inside: value for (name, inside), value in changes.items() if name == part}
        outer[part] = replace(getattr(base, part), **inner)
    return replace(base, **outer)


def _of_rows(clean: PipelineSpec, literal: PipelineSpec) -> Iterator[NearMiss]:
    if literal.ranges:
        yield NearMiss(
            step=Step.FILTER,
            name="with the ends of the ranges dropped too",
            spec=replace(literal, slips=Slips(exclusive=True)),
        )
    yield NearMiss(
        step=Step.MISSING_ROWS,
        name="with training rows dropped in which a feature is missing",
        spec=replace(clean, slips=Slips(drop_incomplete=True)),
    )


def _of_columns(clean: PipelineSpec) -> Iterator[NearMiss]:
    """Make those of imputing, scaling and encoding, beyond one of each."""
    extras = clean.extras
    has_numbers = bool(clean.numerical or extras.derived or extras.groups)
    yield NearMiss(
        step=Step.FITTING,
        name="with imputers, scaler and encoder fitted to the rows to predict too",
        spec=replace(clean, slips=Slips(fit_on_all=True)),
    )
    if has_numbers:
        yield NearMiss(
            step=Step.IMPUTER,
            name="with missing numbers filled by 0",
            spec=replace(clean, imputer="constant"),
            needs=Fact.NUMBERS,
        )
        # A tree does not depend on the scale, but for how its thresholds are rounded.
        others = ("", *SCALERS) if clean.model.startswith(TREES) else SCALERS
        for other in others:
            if other != extras.scaler:
                spec = replace(clean, extras=replace(extras, scaler=other))
                name = f"with {other}" if other else "without scaling"
                yield NearMiss(step=Step.SCALING, name=name, spec=spec)
    if clean.categorical:
        yield NearMiss(
            step=Step.IMPUTER,
            name="with a category of its own for missing ones",
            spec=replace(clean, slips=Slips(own_category=True)),
        )
        if extras.encoder == "OneHotEncoder":
            yield NearMiss(
                step=Step.ENCODING,
                name="with the first category left out",
                spec=replace(clean, slips=Slips(drop_first=True)),
            )


def _of_order(clean: PipelineSpec, columns: Columns) -> Iterator[NearMiss]:
    if clean.model.startswith(EXACT):
        return
    place = {name: position for position, name in enumerate(columns.names)}
    keys = {
        "with the features in the order of the file": lambda name: place.get(name, -1),
        "with the features in alphabetical order": lambda name: name,
    }
    for name, key in keys.items():
        ordered = [
            tuple(sorted(part, key=key))
            for part in (clean.features, clean.numerical, clean.categorical)
        ]
        spec = replace(clean, features=ordered[0], numerical=ordered[1], categorical=ordered[2])
        if (spec.numerical, spec.categorical) != (clean.numerical, clean.categorical):
            yield NearMiss(step=Step.ORDER, name=name, spec=spec)
    if clean.categorical and clean.numerical:
        yield NearMiss(
            step=Step.ORDER,
            name="with the categorical features first",
            spec=replace(clean, slips=Slips(categorical_first=True)),
        )


def _of_model(task: Task, clean: PipelineSpec) -> Iterator[NearMiss]:
    for other in (*MODELS[task.family], *MORE_MODELS[task.family]):
        if other != clean.model:
            spec = replace(clean, model=other)
            yield NearMiss(step=Step.MODEL, name=f"with {other} as the model", spec=spec)
    if clean.model in DRAWLESS:
        return
    for seed in SEEDS:
        if seed not in (clean.random_state, clean.random_state + 1):
            spec = replace(clean, random_state=seed)
            yield NearMiss(step=Step.SEED, name=f"with random_state {seed}", spec=spec)


def _of_features(clean: PipelineSpec, settings: Settings, columns: Columns) -> Iterator[NearMiss]:
    """Make those of which columns are features, and of which kind."""
    types = settings.column_types
    more = [
        name
        for name in columns.names
        if name in types and name not in (*clean.features, *clean.targets, ROW_ID)
    ]
    numerical = tuple(name for name in more if types[name] == "numerical")
    categorical = tuple(name for name in more if name not in numerical)
    if more and all(columns.n_values[name] <= MOST_CATEGORIES for name in categorical):
        yield NearMiss(
            step=Step.FEATURES,
            name="with every column as a feature",
            spec=replace(
                clean,
                features=(*clean.features, *more),
                numerical=(*clean.numerical, *numerical),
                categorical=(*clean.categorical, *categorical),
            ),
        )
    for name in clean.features if len(clean.features) > 1 else ():
        left = {
            part: tuple(other for other in getattr(clean, part) if other != name)
            for part in ("features", "numerical", "categorical")
        }
        spec = replace(clean, **left)
        yield NearMiss(step=Step.FEATURES, name=f"without the feature {name!r}", spec=spec)
    for name in clean.numerical:
        if columns.n_values.get(name, MOST_CATEGORIES + 1) <= MOST_CATEGORIES:
            spec = replace(
                clean,
                numerical=tuple(other for other in clean.numerical if other != name),
                categorical=(*clean.categorical, name),
            )
            yield NearMiss(step=Step.KINDS, name=f"with {name!r} taken for a category", spec=spec)
