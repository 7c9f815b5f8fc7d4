"""Makes a starter dataset with curation's own drafts, settings and texts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from darebench.curate.designing.draft_series import draft_series
from darebench.curate.designing.draft_tabular import draft_tabular
from darebench.curate.profiling.clean import clean
from darebench.curate.profiling.iso_times import DAY
from darebench.curate.profiling.profile import profile
from darebench.curate.records import Design, Draft, RawTable, Table, Workflow
from darebench.curate.starter_tables import ChosenWorkflow, StarterDataset
from darebench.curate.writing.draw_workflow import draw_workflow
from darebench.curate.writing.package import package_series, package_tabular
from darebench.errors import CurationReject
from darebench.store.write import DatasetFiles

UPDATED = "2025-01-01T00:00:00Z"


def build(chosen: StarterDataset) -> DatasetFiles:
    """Make one dataset of its table.

    Raises:
        CurationReject: The table does not give what was chosen by hand.
    """
    table, rng = _table(chosen), np.random.default_rng(chosen.seed)
    design = _design(chosen, table.frame)
    if chosen.workflow is None:
        draft = draft_series(table, design, rng, share=chosen.share)
        return package_series(draft, chosen.name, rng)
    draft = draft_tabular(table, design, rng)
    workflow = _workflow(draft, chosen.workflow, rng)
    return package_tabular(draft, workflow, chosen.name, rng)


def _table(chosen: StarterDataset) -> Table:
    frame = clean(chosen.load())
    raw = RawTable(
        title=chosen.title,
        about=chosen.about,
        licence=chosen.licence,
        updated=UPDATED,
        frame=frame,
        descriptions=chosen.columns,
    )
    return Table(slug=chosen.slug, owner=chosen.owner, raw=raw, frame=frame, profile=profile(frame))


def _design(chosen: StarterDataset, frame: pd.DataFrame) -> Design:
    target, *others = chosen.targets
    taken = {*chosen.targets, chosen.time_column, *chosen.entities}
    return Design(
        family=chosen.family,
        target=target,
        others=tuple(others),
        features=tuple(str(name) for name in frame.columns if name not in taken),
        domain=chosen.domain,
        time_column=chosen.time_column,
        time_format=DAY if chosen.time_column else "",
        entities=chosen.entities,
    )


def _workflow(draft: Draft, chosen: ChosenWorkflow, rng: np.random.Generator) -> Workflow:
    """Draw a workflow, and put what is chosen by hand in the place of what was drawn."""
    drawn = draw_workflow(draft, rng)
    if drawn is None or not {*chosen.features} <= {*drawn.columns}:
        raise CurationReject(f"{draft.table.ref} lacks one of {', '.join(chosen.features)}")
    train = draft.split.train
    is_number = {name: pd.api.types.is_numeric_dtype(train[name]) for name in chosen.features}
    return replace(
        drawn,
        features=chosen.features,
        numerical=tuple(name for name in chosen.features if is_number[name]),
        categorical=tuple(name for name in chosen.features if not is_number[name]),
        imputer=chosen.imputer,
        model=chosen.model,
        suffix=chosen.suffix,
        n_tables=2 if chosen.suffix == ".sqlite" else 1,
    )
