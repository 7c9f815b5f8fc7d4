"""Draws the settings of an IF task from the seed (paper section 3)."""

# pandas' indexing is typed as unions of everything that it can give.

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd

from darebench.curate.curation_options import Noise, Style, Workflows
from darebench.curate.records import Draft, Workflow
from darebench.curate.writing.extra_steps import draw_extras
from darebench.curate.writing.lookup import draw_join
from darebench.curate.writing.settings import expected_range
from darebench.instructions.reader import read_ranges
from darebench.reference.spec import IMPUTERS, MODELS, MORE_MODELS, SEEDLESS
from darebench.store.extras import Extras
from darebench.types import Family

SUFFIXES = (".csv", ".parquet", ".sqlite")
MAX_FILTERED = 12
FOREST_ROWS = 3_000
MAX_LEVELS = 15
"""Values that a question can list for one category."""
MLP_ROWS, SVC_ROWS = 1_000, 4_000
"""More rows would make the reference slow."""
MAX_SQLITE_COLUMNS = 500


def draw_workflow(
    draft: Draft, rng: np.random.Generator, style: Style | None = None
) -> Workflow | None:
    """Draw settings; None if fewer than two features can be filtered by a stated range."""
    style = style or Style()
    train = draft.split.train
    able = [name for name in draft.design.features if _can_filter(train[name])]
    if len(able) < 2:
        return None
    chosen = set(rng.permutation(able)[:MAX_FILTERED].tolist())
    columns = [name for name in able if name in chosen]
    n_selected = int(rng.integers(max(2, len(columns) // 2), len(columns) + 1))
    features = [str(name) for name in rng.permutation(columns)[:n_selected]]
    coded = draft.design.categorical
    numerical = [
        name
        for name in features
        if pd.api.types.is_numeric_dtype(train[name]) and name not in coded
    ]
    suffix = str(rng.choice(SUFFIXES))
    if suffix == ".sqlite" and len(draft.design.features) > MAX_SQLITE_COLUMNS:
        suffix = ".parquet"
    family = draft.design.family
    drawn = Workflow(
        targets=draft.design.targets,
        task_kind="classification" if family == "class" else "regression",
        columns=tuple(columns),
        features=tuple(features),
        numerical=tuple(numerical),
        categorical=tuple(name for name in features if name not in numerical),
        ranges={name: expected_range(train[name]) for name in columns},
        imputer=str(rng.choice(IMPUTERS)),
        model=_draw_model(_models(draft), len(train), rng),
        random_state=int(rng.integers(0, 100)),
        suffix=suffix,
        n_tables=int(rng.integers(2, 4)) if suffix == ".sqlite" and len(columns) > 2 else 1,
        noise=style.noise,
    )
    full = _enriched(drawn, draft, style, rng)
    return replace(full, random_state=None) if full.model in SEEDLESS else full


def _enriched(drawn: Workflow, draft: Draft, style: Style, rng: np.random.Generator) -> Workflow:
    """Add what a style asks for beyond the paper; draws nothing for the paper's own."""
    extras, model, family = Extras(), drawn.model, draft.design.family
    joined: tuple[str, ...] = ()
    if style.workflows is Workflows.RICH:
        extras = draw_extras(
            draft.split.train,
            drawn.numerical,
            drawn.categorical,
            drawn.targets,
            rng,
            is_class=family is Family.CLASS,
        )
        if rng.random() < 0.5:
            model = _draw_model(MORE_MODELS[family], len(draft.split.train), rng)
        found = draw_join(draft.split.train, drawn.columns, drawn.suffix, rng)
        if found is not None and rng.random() >= 0.5:
            join, joined = found
            extras = replace(extras, join=join)
    if style.noise is Noise.HARD:
        extras = replace(extras, drop_duplicates=True)
    return replace(drawn, extras=extras, model=model, joined=joined)


def _models(draft: Draft) -> tuple[str, ...]:
    """List the models that can learn the targets; scikit-learn's MLPClassifier takes one only."""
    models = MODELS[draft.design.family]
    alone = len(draft.design.targets) == 1
    return tuple(m for m in models if alone or m != "MLPClassifier")


def _draw_model(models: tuple[str, ...], n_rows: int, rng: np.random.Generator) -> str:
    slow = {"MLPClassifier": MLP_ROWS, "MLPRegressor": MLP_ROWS, "LinearSVC": SVC_ROWS}
    slow |= {m: FOREST_ROWS for m in models if m.startswith(("RandomForest", "ExtraTrees"))}
    return str(rng.choice([m for m in models if n_rows <= slow.get(m, n_rows)]))


def _can_filter(values: pd.Series) -> bool:
    """Check whether a question can state the range of a column."""
    known = values.dropna()
    if known.nunique() < 2 or len(known) < 0.5 * len(values):
        return False
    if pd.api.types.is_numeric_dtype(values):
        return True
    if known.nunique() > MAX_LEVELS:
        return False
    texts = known.unique()
    # A value such as `10 to 20` would be read as the range of a number.
    plain = all(re.fullmatch(r"[^\"`;]{1,40}", text) for text in texts)
    return plain and not read_ranges(", ".join(f'"{text}"' for text in texts))
