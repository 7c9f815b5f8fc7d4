"""Draws the settings of an IF task from the seed (paper section 3).

Steps are drawn so that they matter: columns with missing values come first, and values are removed
where there are none. What a workflow's near misses did not change is told to the next draw.
"""

# pandas' indexing is typed as unions of everything that it can give.

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from darebench.curate.curation_options import Noise, Steps, Style
from darebench.curate.records import Draft, Workflow
from darebench.curate.writing.extra_steps import draw_extras
from darebench.curate.writing.gaps import ENOUGH, gap_shares
from darebench.curate.writing.lookup import draw_join
from darebench.curate.writing.models import SHRINKING, draw_model
from darebench.curate.writing.ranges import stated_range
from darebench.instructions.reader import read_ranges
from darebench.reference.coverage import Coverage
from darebench.reference.near_misses import Step
from darebench.reference.spec import IMPUTERS, SEEDLESS
from darebench.store.extras import Extras
from darebench.types import Family

SUFFIXES = (".csv", ".parquet", ".sqlite")
MAX_FILTERED = 12
MAX_LEVELS = 15
"""Values that a question can list for one category."""
MAX_SQLITE_COLUMNS = 500
NOISE_SHARES = (0.08, 0.3)
GAP_SHARES = (0.06, 0.15)
UNLABELLED = (0.03, 0.1)
UNLABELLED_SHARE = 0.4
"""Share of the workflows in which targets are removed from some rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lessons:
    """What earlier draws of a target's workflow showed."""

    models: tuple[str, ...] = ()
    """Models that were drawn."""
    dull: frozenset[Step] = frozenset()
    """Steps that changed nothing."""

    def after(self, model: str, coverage: Coverage | None) -> Lessons:
        """Return the lessons with those of a further draw; None if its proof ended before."""
        dull = coverage.dull if coverage else ()
        return Lessons(models=(*self.models, model), dull=self.dull | {*dull})


def draw_workflow(
    draft: Draft,
    rng: np.random.Generator,
    style: Style | None = None,
    lessons: Lessons | None = None,
) -> Workflow | None:
    """Draw settings; None if fewer than two features can be filtered by a stated range."""
    style, lessons = style or Style(), lessons or Lessons()
    columns, features = _draw_columns(draft, rng)
    if len(columns) < 2:
        return None
    train, design = draft.split.train, draft.design
    numerical = tuple(
        name
        for name in features
        if pd.api.types.is_numeric_dtype(train[name]) and name not in design.categorical
    )
    suffix = str(rng.choice(SUFFIXES))
    if suffix == ".sqlite" and len(design.features) > MAX_SQLITE_COLUMNS:
        suffix = ".parquet"
    is_dull = Step.FILTER in lessons.dull
    drawn = Workflow(
        targets=design.targets,
        task_kind="classification" if design.family is Family.CLASS else "regression",
        columns=tuple(columns),
        features=tuple(features),
        numerical=numerical,
        categorical=tuple(name for name in features if name not in numerical),
        ranges={name: _range(draft, name) for name in columns},
        imputer="mean",
        model=draw_model(draft, rng, rich=style.steps is Steps.RICH, tried=lessons.models),
        random_state=int(rng.integers(0, 100)),
        suffix=suffix,
        n_tables=int(rng.integers(2, 4)) if suffix == ".sqlite" and len(columns) > 2 else 1,
        noise=style.noise,
        noise_share=NOISE_SHARES[1] if is_dull else round(float(rng.uniform(*NOISE_SHARES)), 3),
    )
    drawn = _with_gaps(_enriched(drawn, draft, style, rng), draft, lessons, rng)
    return replace(drawn, random_state=None) if drawn.model in SEEDLESS else drawn


def _draw_columns(draft: Draft, rng: np.random.Generator) -> tuple[list[str], list[str]]:
    """Draw the columns of the files and the selected ones, those with missing values first."""
    able = [name for name in draft.design.features if _can_filter(draft, name)]
    gaps = gap_shares(draft, able)
    shuffled = [able[i] for i in rng.permutation(len(able))]
    preferred = sorted(shuffled, key=lambda name: gaps[name] < ENOUGH)
    columns = [name for name in able if name in preferred[:MAX_FILTERED]]
    if len(columns) < 2:
        return columns, []
    n_selected = int(rng.integers(max(2, len(columns) // 2), len(columns) + 1))
    chosen = [name for name in preferred if name in columns][:n_selected]
    return columns, [chosen[i] for i in rng.permutation(len(chosen))]


def _range(draft: Draft, name: str) -> list[object]:
    parts = [draft.split.train[name], draft.split.val[name]]
    return stated_range(parts, f"{name} {draft.table.describe(name)}")


def _with_gaps(
    drawn: Workflow, draft: Draft, lessons: Lessons, rng: np.random.Generator
) -> Workflow:
    """Decide which values are removed, and draw the imputer where it makes a difference."""
    gaps = gap_shares(draft, drawn.numerical)
    is_dull = Step.IMPUTER in lessons.dull
    emptied: tuple[str, ...] = ()
    if is_dull or sum(gaps.values()) < ENOUGH:
        complete = [name for name in drawn.numerical if gaps[name] < ENOUGH]
        few = len(complete) if is_dull else min(len(complete), 1 + len(complete) // 2)
        emptied = tuple(str(name) for name in rng.permutation(complete)[:few])
    low, high = GAP_SHARES
    share = high if is_dull else round(float(rng.uniform(low, high)), 3)
    unlabelled = 0.0
    if rng.random() < UNLABELLED_SHARE or lessons.models:
        unlabelled = round(float(rng.uniform(*UNLABELLED)), 3)
    missing = [name for name in drawn.numerical if name in emptied or gaps[name] > 0]
    return replace(
        drawn,
        emptied=emptied,
        gap_share=share if emptied else 0.0,
        unlabelled=unlabelled,
        imputer=_draw_imputer(draft.split.train, missing, rng),
    )


def _draw_imputer(train: pd.DataFrame, missing: Sequence[str], rng: np.random.Generator) -> str:
    """Draw one of the imputers that fill otherwise than each other one does."""
    filled: list[Mapping[str, float]] = []
    for name in missing:
        values = train[name].dropna().astype(float)
        mode = float(values.mode().iloc[0])
        filled.append({"mean": values.mean(), "median": values.median(), "most_frequent": mode})
    able = [
        one
        for one in IMPUTERS
        if all(any(told[one] != told[o] for told in filled) for o in IMPUTERS if o != one)
    ]
    return str(rng.choice(able or IMPUTERS))


def _enriched(drawn: Workflow, draft: Draft, style: Style, rng: np.random.Generator) -> Workflow:
    """Add what a style asks for beyond the paper; draws nothing for the paper's own."""
    extras = Extras()
    joined: tuple[str, ...] = ()
    if style.steps is Steps.RICH:
        extras = draw_extras(
            draft.split.train,
            drawn.numerical,
            drawn.categorical,
            drawn.targets,
            rng,
            is_class=draft.design.family is Family.CLASS,
        )
        if drawn.model in SHRINKING:  # nothing is left of the spread of a logarithm
            extras = replace(extras, log_target=False)
        found = draw_join(draft.split.train, drawn.columns, drawn.suffix, rng)
        if found is not None and rng.random() >= 0.5:
            join, joined = found
            extras = replace(extras, join=join)
    if style.noise is Noise.HARD:
        extras = replace(extras, drop_duplicates=True)
    return replace(drawn, extras=extras, joined=joined)


def _can_filter(draft: Draft, name: str) -> bool:
    """Check whether a question can state the range of a column."""
    values = pd.concat([draft.split.train[name], draft.split.val[name]], ignore_index=True)
    known = values.dropna()
    if draft.split.train[name].nunique() < 2 or len(known) < 0.5 * len(values):
        return False
    if pd.api.types.is_numeric_dtype(values):
        return True
    if known.nunique() > MAX_LEVELS:
        return False
    texts = known.unique()
    # A value such as `10 to 20` would be read as the range of a number.
    plain = all(re.fullmatch(r"[^\"`;]{1,40}", text) for text in texts)
    return plain and not read_ranges(", ".join(f'"{text}"' for text in texts))
