"""One task as the checks see it: its texts, its tables, and the true values beside them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from darebench.errors import TaskFormatError
from darebench.store import layout
from darebench.store.tables import read_table
from darebench.store.wire import AllMetadata, check, read_json
from darebench.types import Family, Task, Variant

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskTables:
    """What an agent gets of a task, and the truth beside it."""

    family: Family
    variant: Variant
    question: str
    metadata: str
    """Text of `metadata.txt`."""
    train: pd.DataFrame
    """What a model learns from: for IF, the rows without noise."""
    val: pd.DataFrame
    """The rows to predict, in the order of `truth`."""
    truth: pd.DataFrame
    """The true target columns, one row for each row of `val`."""
    targets: tuple[str, ...]
    features: tuple[str, ...]
    """Columns that are in `train` and in `val`, without keys that mean nothing (`row_id`)."""
    files: tuple[str, ...] = ()
    """Names of the files that the agent gets."""
    time_column: str | None = None
    time_format: str | None = None
    """Its strptime format as the settings state it, which the file need not follow."""
    entities: tuple[str, ...] = ()
    """Columns that tell the series of a forecast apart."""
    is_grouped: bool = False
    """Whether rows of one group are on one side, so that the rows cannot be split anew."""


def read_tables(task: Task) -> TaskTables:
    """Read one task from its store, as the checks see it.

    Raises:
        TaskFormatError: One of its files is missing or broken.
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
    question = check(AllMetadata, read_json(path), str(path)).question
    skipped = {layout.ROW_ID, *task.targets}
    return TaskTables(
        family=task.family,
        variant=task.variant,
        question=task.question,
        metadata=_text(task.source / layout.METADATA_TEXT),
        train=train,
        val=val,
        truth=truth[list(task.targets)],
        targets=task.targets,
        features=tuple(c for c in val.columns if c in train.columns and c not in skipped),
        files=task.files,
        time_column=question.time_column,
        time_format=question.time_format,
        entities=_entities(task, question.time_column),
        is_grouped=bool(question.split_groups),
    )


def _text(path: Path) -> str:
    if not path.is_file():
        return ""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise TaskFormatError(f"{path} is not UTF-8 text: {error}") from None


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
    return tuple(name for name in read_header(path) if name not in skipped)


def read_header(path: Path) -> list[str]:
    """Read the column names of a csv file."""
    import pandas as pd

    return [str(name) for name in pd.read_csv(path, nrows=0).columns]
