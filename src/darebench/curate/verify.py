"""Proves a written dataset: its checks, its references, its answers; nothing unproven is kept."""

from __future__ import annotations

import asyncio
import atexit
import csv
import io
from functools import cache
from pathlib import Path

import pandas as pd

from darebench.curate.checks import check_task
from darebench.curate.findings import Severity, TaskTables
from darebench.errors import CurationReject, TaskFormatError
from darebench.reference.prove import prove
from darebench.sandbox.local import LocalExecutor
from darebench.scoring import score_prediction
from darebench.store import layout
from darebench.store.read import open_store
from darebench.store.tables import read_table
from darebench.store.truth import read_truth
from darebench.store.wire import AllMetadata, read_json
from darebench.store.wire import check as check_wire
from darebench.types import Family, Task, Variant


def verify(store: Path) -> None:
    """Prove both tasks of a store of one dataset.

    Raises:
        CurationReject: a check fails; the reason names the task and the figure.
    """
    opened = open_store(store)
    if opened.problems:
        raise CurationReject(opened.problems[0].message)
    for task in opened.tasks:
        _prove_checks(task)
        if task.variant is not Variant.IF:
            _prove_answer(task)
    for task in opened.tasks:
        if task.variant is Variant.IF:
            _prove_reference(task)


def read_tables(task: Task) -> TaskTables:
    """Read one task from its store, as the checks see it.

    Raises:
        TaskFormatError: one of its files is missing or broken.
    """
    dataset = task.source.parent
    train_name = next(name for name in task.files if name.startswith("train"))
    val_name = next(name for name in task.files if name.startswith("val"))
    train_path = task.source / train_name
    if task.variant is Variant.IF:
        train_path = layout.clean_train_file(dataset, train_name)
    train, val = read_table(train_path), read_table(task.source / val_name)
    truth = read_table(layout.truth_file(dataset, task.variant))
    path = layout.settings_file(dataset)
    question = check_wire(AllMetadata, read_json(path), str(path)).question
    skipped = {layout.ROW_ID, *task.targets}
    features = tuple(c for c in val.columns if c in train.columns and c not in skipped)
    metadata = task.source / layout.METADATA_TEXT
    return TaskTables(
        family=task.family,
        variant=task.variant,
        question=task.question,
        metadata=metadata.read_text(encoding="utf-8") if metadata.is_file() else "",
        train=train,
        val=val,
        truth=pd.DataFrame(truth[list(task.targets)]),
        targets=task.targets,
        features=features,
        files=task.files,
        time_column=question.time_column,
        time_format=question.time_format,
        entities=_entities(task, question.time_column),
    )


def _entities(task: Task, time_column: str | None) -> tuple[str, ...]:
    """Find the columns that tell series apart: what else names a row of a CF answer."""
    path = layout.truth_file(task.source.parent, Variant.CF)
    if task.family is not Family.TS or not path.is_file():
        return ()
    skipped = {layout.ROW_ID, time_column, *task.targets}
    return tuple(str(c) for c in pd.read_csv(path, nrows=0).columns if c not in skipped)


def _prove_checks(task: Task) -> None:
    for finding in check_task(read_tables(task)):
        if finding.severity is not Severity.NOTE:
            raise CurationReject(f"{task.variant}: {finding.check}: {finding.message}")


def _prove_answer(task: Task) -> None:
    """The true values themselves must score 1."""
    truth = read_truth(task)
    score = score_prediction(truth.csv, truth)
    if score.score != 1.0:
        reason = score.reason.message if score.reason else f"it scores {score.score}"
        raise CurationReject(f"{task.variant}: the true values do not score 1: {reason}")


def _prove_reference(task: Task) -> None:
    try:
        proof = asyncio.run(prove(task, _executor()))
    except TaskFormatError as error:
        raise CurationReject(f"the reference does not run: {error}") from None
    rows = list(csv.reader(io.StringIO(proof.answer.decode("utf-8"))))
    if len({tuple(row[1:]) for row in rows[1:]}) < 2:
        raise CurationReject("the reference predicts the same for every row")
    if proof.problem:
        raise CurationReject(f"the reference is not reproduced: {proof.problem}")


@cache
def _executor() -> LocalExecutor:
    """Keep one sandbox for each worker process, which lives as long as the process."""
    executor = LocalExecutor(1)
    atexit.register(executor.close_now)
    return executor
