"""A written task as the checks see it, and all that curation asks of it before it is kept."""

from __future__ import annotations

import asyncio
import atexit
import csv
import io
from functools import cache
from pathlib import Path

import pandas as pd

from darebench.audit.answers import perfect_answer, strict_join
from darebench.audit.checks import check_task
from darebench.audit.findings import Finding, Severity, TaskTables
from darebench.environment import current_environment
from darebench.errors import TaskFormatError
from darebench.reference.prove import prove
from darebench.sandbox.local import LocalExecutor
from darebench.store import layout
from darebench.store.tables import read_table
from darebench.store.truth import read_truth
from darebench.store.wire import AllMetadata, read_json
from darebench.store.wire import check as check_wire
from darebench.types import Family, Task, Variant


def find_all(task: Task, tables: TaskTables) -> list[Finding]:
    """Run every check but those that fit models: tables, answers, the reference.

    Raises:
        TaskFormatError: its answer is missing or broken.
        SandboxFault: the sandbox does not work here.
    """
    findings = check_task(tables)
    if task.variant is Variant.IF:
        return findings + asyncio.run(_reference_findings(task, tables))
    truth = read_truth(task)
    findings += perfect_answer(truth)
    if task.variant is Variant.CF:
        findings += strict_join(truth)
    return findings


def read_tables(task: Task) -> TaskTables:
    """Read one task from its store, as the checks see it.

    Raises:
        TaskFormatError: one of its files is missing or broken.
    """
    dataset = task.source.parent
    train_name, val_name = _file(task, "train"), _file(task, "val")
    train_path = task.source / train_name
    if task.variant is Variant.IF:
        train_path = layout.clean_train_file(dataset, train_name)
    train, val = read_table(train_path), read_table(task.source / val_name)
    truth_path = layout.truth_file(dataset, task.variant)
    truth = read_table(truth_path)
    _refuse_ragged(truth_path, truth, val, task)
    path = layout.settings_file(dataset)
    question = check_wire(AllMetadata, read_json(path), str(path)).question
    skipped = {layout.ROW_ID, *task.targets}
    features = tuple(c for c in val.columns if c in train.columns and c not in skipped)
    metadata = task.source / layout.METADATA_TEXT
    return TaskTables(
        family=task.family,
        variant=task.variant,
        question=task.question,
        metadata=_text(metadata),
        train=train,
        val=val,
        truth=pd.DataFrame(truth[list(task.targets)]),
        targets=task.targets,
        features=features,
        files=task.files,
        time_column=question.time_column,
        time_format=question.time_format,
        entities=_entities(task, question.time_column),
        environment=question.environment.get("hash"),
    )


def _text(path: Path) -> str:
    if not path.is_file():
        return ""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise TaskFormatError(f"{path} is no UTF-8 text: {error}") from None


def _file(task: Task, part: str) -> str:
    found = [name for name in task.files if name.startswith(part)]
    if not found:
        raise TaskFormatError(f"{task.id}: none of its files {list(task.files)} starts with {part}")
    return found[0]


def _refuse_ragged(path: Path, truth: pd.DataFrame, val: pd.DataFrame, task: Task) -> None:
    absent = [name for name in task.targets if name not in truth]
    if absent:
        raise TaskFormatError(f"{path} has no column {absent[0]!r}, which is the target")
    if len(truth) != len(val):
        raise TaskFormatError(f"{path} has {len(truth)} rows, the validation file {len(val)}")


def _entities(task: Task, time_column: str | None) -> tuple[str, ...]:
    """Find the columns that tell series apart: what else names a row of a CF answer."""
    path = layout.truth_file(task.source.parent, Variant.CF)
    if task.family is not Family.TS or not path.is_file():
        return ()
    skipped = {layout.ROW_ID, time_column, *task.targets}
    return tuple(str(c) for c in pd.read_csv(path, nrows=0).columns if c not in skipped)


async def _reference_findings(task: Task, tables: TaskTables) -> list[Finding]:
    """Find references that do not run, do not follow from the text, or say nothing."""
    here = current_environment().hash
    problems: list[tuple[Severity, str, str]] = []
    try:
        proof = await prove(task, executor())
    except TaskFormatError as error:
        problems.append((Severity.DEFECT, "reference", f"it does not run: {error}"))
    else:
        rows = list(csv.reader(io.StringIO(proof.answer.decode("utf-8"))))
        if len({tuple(row[1:]) for row in rows[1:]}) < 2:
            told = "the reference is the same for every row, so a constant is right"
            problems.append((Severity.DEFECT, "solvable_without_data", told))
        if proof.problem:
            told = f"the reference is not reproduced: {proof.problem}"
            problems.append((Severity.DEFECT, "reference", told))
    if tables.environment is None:
        told = "the library versions that the reference depends on are not recorded"
        problems.append((Severity.WARNING, "environment", told))
    elif tables.environment != here:
        told = f"the reference was proven in environment {tables.environment}; this one is {here}"
        problems.append((Severity.NOTE, "environment", told))
    return [
        Finding(check=check, severity=severity, figure=1.0, message=message)
        for severity, check, message in problems
    ]


@cache
def executor() -> LocalExecutor:
    """Keep one sandbox for each worker process, which lives as long as the process."""
    executor = LocalExecutor(1)
    atexit.register(executor.close_now)
    return executor
