"""Draws the model of an IF workflow."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from darebench.curate.records import Draft
from darebench.reference.spec import MODELS, MORE_MODELS
from darebench.types import Family

FOREST_ROWS = 1_000
MLP_ROWS, SVC_ROWS = 500, 4_000
"""More rows would make the reference slow."""
RICH_SHARE = 0.35
"""Share of the rich workflows with a model that the paper does not have."""
SHRINKING = ("Lasso", "ElasticNet")
"""Models whose default penalty leaves nothing but a constant of a target with little spread."""
LEAST_SPREAD = 3.0
"""Standard deviation of a target from which they are drawn."""
WEIGHTS = {"LinearRegression": 0.2, "GaussianNB": 0.1}
"""How often a model is drawn beside others' 1: neither scale, nor order, nor seed matter to it."""


def draw_model(draft: Draft, rng: np.random.Generator, *, rich: bool, tried: Sequence[str]) -> str:
    """Draw a model that is quick on so many rows and was not tried, as long as there is one."""
    family = draft.design.family
    papers = _able(MODELS[family], draft)
    more = _able(MORE_MODELS[family], draft) if rich else []
    first = more if rng.random() < RICH_SHARE else papers
    untried = [[m for m in models if m not in tried] for models in (first, [*papers, *more])]
    left = untried[0] or untried[1] or papers
    weights = np.array([WEIGHTS.get(model, 1.0) for model in left])
    return str(rng.choice(left, p=weights / weights.sum()))


def _able(models: Sequence[str], draft: Draft) -> list[str]:
    """List the models that can learn the targets in time; MLPClassifier takes one target only."""
    is_class, targets = draft.design.family is Family.CLASS, list(draft.design.targets)
    alone = len(targets) == 1
    shrinks = not is_class and bool((draft.split.train[targets].std() < LEAST_SPREAD).any())
    n_rows = len(draft.split.train)
    slow = {"MLPClassifier": MLP_ROWS, "MLPRegressor": MLP_ROWS, "LinearSVC": SVC_ROWS}
    slow |= {m: FOREST_ROWS for m in models if m.startswith(("RandomForest", "ExtraTrees"))}
    return [
        model
        for model in models
        if n_rows <= slow.get(model, n_rows)
        and (alone or model != "MLPClassifier")
        and not (shrinks and model in SHRINKING)
    ]
