"""Turns a draft into the files of a dataset: noise, formats, texts, settings."""

# pandas' indexing is typed as unions of everything that it can give.

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pandas as pd

from darebench.audit.textbook import recognise
from darebench.curate.curation_options import Noise
from darebench.curate.designing.draft import stated_format
from darebench.curate.naming import slug
from darebench.curate.records import Design, Draft, Table, Workflow
from darebench.curate.writing.column_labels import label_columns, with_names
from darebench.curate.writing.domains import find_domain
from darebench.curate.writing.fidelity import lost_in_workflow, lost_targets
from darebench.curate.writing.gaps import unlabelled_rows, with_gaps
from darebench.curate.writing.lookup import take_apart
from darebench.curate.writing.metadata import clean_title, write_metadata
from darebench.curate.writing.misnamed import misnamed
from darebench.curate.writing.noise import with_hard_noise, with_noise
from darebench.curate.writing.open_questions import horizon_of, write_forecast, write_modelling
from darebench.curate.writing.purpose import write_purpose
from darebench.curate.writing.questions import write_workflow
from darebench.curate.writing.settings import (
    common_settings,
    file_names,
    kind_of,
    numbered,
    series_settings,
    workflow_settings,
)
from darebench.errors import CurationReject
from darebench.instructions.facts import file_facts
from darebench.store import layout
from darebench.store.extras import Extras
from darebench.store.write import DatasetFiles
from darebench.types import Family, Variant

WORDINGS = 4
"""How often a question is written before a plainer one is, and before it is refused."""


def package_tabular(
    draft: Draft, workflow: Workflow, name: str, rng: np.random.Generator, *, alone: bool = False
) -> DatasetFiles:
    """Write the files and both questions of a dataset whose IF workflow is given.

    Args:
        draft: Its rows.
        workflow: The settings of its IF task.
        name: Its name.
        rng: Generator of all that is still open.
        alone: Write no MM task, because another dataset has the same.

    Raises:
        CurationReject: No text comes back as its settings.
    """
    table, design, (train, val, _) = draft.table, draft.design, draft.split
    files, targets = file_names(workflow.suffix), design.targets
    columns = list(workflow.columns)
    unlabelled = unlabelled_rows(draft, columns, rng)
    clean = _with_rows(train[[*columns, *targets]], unlabelled, rng)
    clean, asked_v1 = with_gaps(clean, numbered(val[columns]), workflow, rng)
    workflow = replace(workflow, lacks_targets=bool(len(unlabelled) or workflow.unlabelled))
    noisy = _noisy(clean, workflow, rng)
    metadata = write_metadata(table, [*design.features, *targets])
    asked_v2 = numbered(val[list(design.features)])
    names_v1 = (files["train_v1"], files["val_v1"])
    names_v2 = (files["train_v2"], files["val_v2"])
    question_v1 = _workflow_question(table, workflow, metadata, (noisy, asked_v1), names_v1, rng)
    question_v2 = _modelling_question(draft, workflow, metadata, asked_v2, names_v2, rng)
    only = {"variants": [Variant.IF]} if alone else {}
    settings = {**_settings(table, draft), **_workflow_settings(draft, workflow, name)}
    join, lookup = workflow.extras.join, {}
    if join is not None:
        (noisy, clean, asked_v1), entries = take_apart(noisy, (clean, asked_v1), workflow, rng)
        lookup = {join.file: entries}
        metadata += f"{join.key}: number of the row's entry in {join.file}\n"
    modelled = {
        files["train_v2"]: train[[*design.features, *targets]],
        files["val_v2"]: asked_v2,
    }
    shared = _shared(table, draft, name, metadata, settings)
    return DatasetFiles(
        **{**shared, "extra": {**shared["extra"], **only}},
        question_v1=question_v1,
        question_v2="" if alone else question_v2,
        sources={
            files["train_v1"]: noisy,
            files[layout.CLEAN_TRAIN_STEM]: clean,
            files["val_v1"]: asked_v1,
            **({} if alone else modelled),
            **lookup,
        },
        truths={layout.TRUTH_TABULAR: numbered(val[list(targets)])},
        needed_v1=(*names_v1, *lookup, layout.METADATA_TEXT),
        needed_v2=() if alone else (*names_v2, layout.METADATA_TEXT),
        split_tables=workflow.n_tables,
    )


def _noisy(clean: pd.DataFrame, workflow: Workflow, rng: np.random.Generator) -> pd.DataFrame:
    """Add noise rows, and numbers to rows that are stored in several tables."""
    of = (clean, workflow.ranges, workflow.targets, workflow.noise_share, rng)
    is_hard = workflow.noise is Noise.HARD
    noisy = with_hard_noise(*of, malformed=workflow.malformed) if is_hard else with_noise(*of)
    if workflow.n_tables > 1:
        noisy.insert(0, layout.ROW_ID, range(1, len(noisy) + 1))
    return noisy


def _with_rows(train: pd.DataFrame, more: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Add further rows among others, whose order stays."""
    if not len(more):
        return train
    both = pd.concat([train, more], ignore_index=True)
    places = rng.integers(0, len(train) + 1, len(more))
    position = np.concatenate([np.arange(len(train)) + 0.5, places])
    return both.iloc[np.argsort(position, kind="stable")].reset_index(drop=True)


def package_series(draft: Draft, name: str, rng: np.random.Generator) -> DatasetFiles:
    """Write the files and both questions of a forecasting dataset.

    Raises:
        CurationReject: A text does not come back as its settings.
    """
    table, design, (train, val, _) = draft.table, draft.design, draft.split
    targets, keys = design.targets, [design.time_column, *design.entities]
    columns = [*keys, *design.features]
    metadata = write_metadata(table, [*columns, *targets])
    asked = {"val_v1.csv": numbered(val[columns]), "val_v2.csv": val[keys]}
    truths = {
        layout.TRUTH_XF: numbered(val[list(targets)]),
        layout.TRUTH_CF: val[[*keys, *targets]],
    }
    if Variant.XF not in draft.headroom:
        del asked["val_v1.csv"], truths[layout.TRUTH_XF]
    if Variant.CF not in draft.headroom:
        # The answer stays: its columns say what tells the series apart.
        del asked["val_v2.csv"]
    purpose = write_purpose(table, targets, rng)
    horizon = horizon_of(train, val, design.time_column, design.entities)
    texts = {
        file: write_forecast(targets, file, horizon, rng, purpose, exogenous=file == "val_v1.csv")
        for file in asked
    }
    first = next(iter(asked))
    names = ("train.csv", first)
    facts = file_facts(train, asked[first], names, metadata)
    _refuse_lost(lost_targets(texts[first], targets, facts, names))
    rows = train[[*columns, *targets]]
    settings = _series_settings(table, draft, rows)
    return DatasetFiles(
        **_shared(table, draft, name, metadata, settings),
        question_v1=texts.get("val_v1.csv", ""),
        question_v2=texts.get("val_v2.csv", ""),
        sources={"train.csv": rows, **asked},
        truths=truths,
        needed_v1=_needed("val_v1.csv", asked),
        needed_v2=_needed("val_v2.csv", asked),
    )


def _needed(file: str, asked: Mapping[str, pd.DataFrame]) -> tuple[str, ...]:
    """Name the files of one variant's task; none where it is not asked."""
    return ("train.csv", file, layout.METADATA_TEXT) if file in asked else ()


def _series_settings(table: Table, draft: Draft, rows: pd.DataFrame) -> dict[str, Any]:
    design = draft.design
    start = draft.split.val[design.time_column].iloc[0]
    return {
        **_settings(table, draft),
        **series_settings(rows, design.time_column, stated_format(design), start),
        "is_resampled": bool(design.interval),
        "resampling": {"interval": design.interval, "aggregation": design.aggregation}
        if design.interval
        else None,
        "entity_columns": list(design.entities),
    }


def _modelling_question(
    draft: Draft,
    workflow: Workflow,
    metadata: str,
    asked: pd.DataFrame,
    names: tuple[str, str],
    rng: np.random.Generator,
) -> str:
    targets = draft.design.targets
    purpose = write_purpose(draft.table, targets, rng)
    text = write_modelling(workflow.task_kind, targets, *names, rng, purpose)
    facts = file_facts(draft.split.train, asked, names, metadata)
    _refuse_lost(lost_targets(text, targets, facts, names))
    return text


def _workflow_question(
    table: Table,
    workflow: Workflow,
    metadata: str,
    frames: Sequence[pd.DataFrame],
    names: tuple[str, str],
    rng: np.random.Generator,
) -> str:
    """Write the text with meanings for names; if it does not come back, with plainer names."""
    facts = file_facts(frames[0], frames[1], names, metadata)
    meanings = label_columns(table, workflow.columns, metadata)
    plain = {name: f"`{name}`" for name in workflow.columns}
    purpose = write_purpose(table, workflow.targets, rng)
    lost = ""
    for labels, said in (
        (meanings, purpose),
        (with_names(meanings), purpose),
        (with_names(meanings), ""),
        (plain, ""),
    ):
        for _ in range(WORDINGS):
            text = write_workflow(workflow, *names, labels, rng, said)
            lost = lost_in_workflow(text, workflow, facts, names)
            lost = lost or misnamed(labels, map(str, table.frame.columns))
            if not lost:
                return text
    _refuse_lost(lost)
    return ""


def _refuse_lost(lost: str) -> None:
    if lost:
        raise CurationReject(f"the question cannot be read back: {lost}")


def _settings(table: Table, draft: Draft) -> dict[str, Any]:
    design = draft.design
    ratio = draft.split.ratio
    return {
        **common_settings(design.family, design.targets, design.features, ratio),
        "dropped_features": list(draft.dropped),
        "split_groups": list(design.groups),
        "source_notes": list(table.raw.notes),
        "textbook": table.once(_textbook),
        "headroom": {
            f"v{layout.version_of(design.family, variant)}": room.as_dict()
            for variant, room in draft.headroom.items()
        },
    }


def _textbook(table: Table) -> str | None:
    """Name the textbook table that a table is from; a target's several draws share the answer."""
    return recognise(table.frame) or None


def _workflow_settings(draft: Draft, workflow: Workflow, name: str) -> dict[str, Any]:
    frame = draft.table.frame
    # Codes have a range, as other numbers; that they are encoded is said of the features.
    types = {c: kind_of(frame[c]) for c in [*draft.design.features, *workflow.targets]}
    written = workflow_settings(
        name,
        features=workflow.features,
        numerical=workflow.numerical,
        types=types,
        ranges=workflow.ranges,
        imputer=workflow.imputer,
        model=workflow.model,
        random_state=workflow.random_state,
        suffix=workflow.suffix,
    )
    return {
        **written,
        "related_features": list(workflow.columns),
        "noise": str(workflow.noise),
        "noise_share": workflow.noise_share,
        "has_unlabelled_rows": workflow.lacks_targets,
        "removed_values": {
            "features": list(workflow.emptied),
            "share": workflow.gap_share,
            "target_share": workflow.unlabelled,
        },
        "extras": asdict(workflow.extras) if workflow.extras != Extras() else None,
    }


def _shared(
    table: Table, draft: Draft, name: str, metadata: str, settings: dict[str, Any]
) -> dict[str, Any]:
    raw = table.raw
    return {
        "name": name,
        "family": draft.design.family,
        "metadata": metadata,
        "settings": settings,
        "info": {
            "ref": table.ref,
            "title": clean_title(raw.title),
            "licenseName": raw.licence,
            "lastUpdated": raw.updated,
            "tags": list(raw.keywords),
        },
        "domain": draft.design.domain or find_domain(table),
        "extra": {
            "headroom": settings["headroom"],
            "source_ref": table.ref,
            **({"variants": list(draft.headroom)} if _lacks_one(draft) else {}),
        },
    }


def _lacks_one(draft: Draft) -> bool:
    """Check whether a series is asked for in one way only."""
    return draft.design.family is Family.TS and len(draft.headroom) == 1


def dataset_name(table: Table, design: Design, taken: Sequence[str]) -> str:
    """Name a dataset's folder after its table and targets."""
    family, base = design.family, f"{table.owner}_{table.slug}-{slug(design.title)}"
    name, number = f"{base}_{family}", 2
    while name in taken:
        name, number = f"{base}-{number}_{family}", number + 1
    return name
