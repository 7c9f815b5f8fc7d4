"""Validate the tables of one task: training and validation file, and the answer beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from darebench.errors import TaskFormatError
from darebench.store import layout
from darebench.store.format_problem import FormatProblem, format_problem
from darebench.store.tables import read_table
from darebench.types import Variant

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFiles:
    """Where one task's tables are, and what they should hold."""

    root: Path
    """The store's folder."""
    folder: Path
    """The dataset's."""
    variant: Variant
    train: str
    """Name of the training file in `source/`."""
    val: str
    """Name of the validation file there."""
    targets: tuple[str, ...]
    features: tuple[str, ...]
    """The selected ones, for IF."""
    time_column: str | None


def table_problems(files: TaskFiles) -> Iterator[FormatProblem]:
    """Find what is wrong with the tables of a task whose files are all there."""
    source = layout.source_folder(files.folder)
    train, problems = _read(files, source / files.train)
    yield from problems
    val, problems = _read(files, source / files.val)
    yield from problems
    if train is not None:
        fix = "add the column, or correct question.target in the settings"
        yield from _absent(files, source / files.train, train, files.targets, fix)
    if val is not None:
        yield from _val_problems(files, source / files.val, val)
    if files.variant is Variant.IF:
        clean = layout.clean_train_file(files.folder, files.train)
        _, problems = _read(files, clean)
        yield from problems
        return
    path = layout.truth_file(files.folder, files.variant)
    truth, problems = _read(files, path)
    yield from problems
    if truth is not None:
        yield from _truth_problems(files, path, truth, val)


def _read(files: TaskFiles, path: Path) -> tuple[pd.DataFrame | None, list[FormatProblem]]:
    try:
        return read_table(path), []
    except TaskFormatError as error:
        fix = f"write the table as {path.suffix.removeprefix('.')}"
        return None, [_problem(files, path, message=error, fix=fix)]


def _val_problems(files: TaskFiles, path: Path, val: pd.DataFrame) -> Iterator[FormatProblem]:
    """Check the file of the rows to predict: it names its rows, and holds no answer."""
    for target in files.targets:
        if target in val:
            what = "it holds the target, which is the answer"
            yield _problem(files, path, field=target, message=what, fix="remove the column")
    if len(val) == 0:
        yield _problem(files, path, message="it has no row", fix="add the rows to predict")
    if files.variant is Variant.CF:
        return
    fix = "number the rows to predict, as the answer does"
    yield from _absent(files, path, val, (layout.ROW_ID,), fix)
    fix = "add the column, or correct question.selected_features in the settings"
    yield from _absent(files, path, val, files.features, fix)


def _truth_problems(
    files: TaskFiles, path: Path, truth: pd.DataFrame, val: pd.DataFrame | None
) -> Iterator[FormatProblem]:
    """Check the answer: its columns, and that its keys are those of the rows to predict."""
    fix = "add the column with the true values"
    yield from _absent(files, path, truth, files.targets, fix)
    if files.variant is Variant.CF:
        keys = [name for name in truth.columns if name not in files.targets]
        time = files.time_column
        if not keys or (time is not None and time not in keys):
            field = time or ""
            fix = "add the columns that name a row: its time, and its series if there are several"
            yield _problem(files, path, field=field, message="a key column is missing", fix=fix)
            return
    else:
        keys = [layout.ROW_ID]
        if layout.ROW_ID not in truth:
            yield from _absent(files, path, truth, keys, "number the rows, as the val file does")
            return
    repeated = truth[truth.duplicated(keys)]
    if len(repeated):
        first = ", ".join(str(repeated[key].iloc[0]) for key in keys)
        what = f"{len(repeated)} rows have the key of an earlier row"
        fix = "write one row for each row to predict"
        yield _problem(files, path, field=", ".join(keys), value=first, message=what, fix=fix)
    if val is not None:
        yield from _unmatched(files, path, truth, val, keys)


def _unmatched(
    files: TaskFiles, path: Path, truth: pd.DataFrame, val: pd.DataFrame, keys: Sequence[str]
) -> Iterator[FormatProblem]:
    """Compare the answer's rows with the rows to predict."""
    if len(truth) != len(val):
        what = f"it has {len(truth)} rows, and {files.val} has {len(val)}"
        fix = "write one row for each row to predict"
        yield _problem(files, path, message=what, fix=fix)
    elif all(key in val for key in keys):
        asked = set(val[list(keys)].astype(str).itertuples(index=False, name=None))
        given = set(truth[list(keys)].astype(str).itertuples(index=False, name=None))
        stray = sorted(given - asked)
        if stray:
            what = f"{len(stray)} keys are not those of a row of {files.val}"
            yield _problem(
                files,
                path,
                field=", ".join(keys),
                value=", ".join(stray[0]),
                message=what,
                fix="write the keys as the val file has them",
            )
    else:
        fix = "add the column, by which the answer names its rows"
        yield from _absent(files, layout.source_folder(files.folder) / files.val, val, keys, fix)


def _absent(
    files: TaskFiles, path: Path, frame: pd.DataFrame, names: Sequence[str], fix: str
) -> Iterator[FormatProblem]:
    for name in names:
        if name not in frame:
            what = "the column is missing"
            yield _problem(files, path, field=name, message=what, fix=fix)


def _problem(
    files: TaskFiles,
    path: Path,
    *,
    field: str = "",
    value: str = "",
    message: object,
    fix: str,
) -> FormatProblem:
    return format_problem(
        files.root,
        path,
        files.folder.name,
        field=field,
        value=value,
        message=message,
        fix=fix,
    )
