"""The only reader of `verify/`: true values, and the settings of the reference workflow.

Nothing that builds prompts or runs agents imports this module; a test proves it.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from darebench.errors import TaskFormatError
from darebench.store import layout
from darebench.store.extras import Extras
from darebench.store.wire import AllMetadata, QuestionSettings, StepEffect, check, read_json
from darebench.types import Family, Metric, Task, Truth, Variant


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings that an IF task's reference workflow is made of (paper section 3)."""

    targets: tuple[str, ...]
    features: tuple[str, ...]
    """The selected features, in the order that the question states."""
    numerical: tuple[str, ...]
    categorical: tuple[str, ...]
    expected_ranges: Mapping[str, tuple[object, ...]]
    """Column -> (low, high) for a numerical one, its allowed values for a categorical one."""
    column_types: Mapping[str, str]
    """Column -> `numerical` or `categorical`."""
    imputer: str
    model: str
    random_state: int
    train_file: str
    """The training file with noise rows, which the agent gets."""
    clean_train_file: str
    """The training file without them."""
    val_file: str
    extras: Extras = field(default_factory=Extras)
    """Steps beyond the paper's template."""


def read_settings(task: Task) -> Settings:
    """Read the settings of an IF task.

    Raises:
        TaskFormatError: The task is not an IF task, or a setting is missing.
    """
    if task.variant is not Variant.IF:
        raise TaskFormatError(f"{task.id} has no workflow; only IF tasks have one")
    q = _question(task)
    if not q.selected_features or q.imputer_type is None or q.model_type is None:
        path = layout.settings_file(_dataset(task))
        raise TaskFormatError(f"{path} lacks selected_features, imputer_type or model_type")
    types = q.column_type_inference
    numerical = q.numerical_features
    if numerical is None:
        numerical = [c for c in q.selected_features if types.get(c) == "numerical"]
    categorical = q.categorical_features
    if categorical is None:
        categorical = [c for c in q.selected_features if c not in numerical]
    train, val = _train_and_val(task)
    return Settings(
        targets=tuple(q.target),
        features=tuple(q.selected_features),
        numerical=tuple(numerical),
        categorical=tuple(categorical),
        expected_ranges={name: tuple(values) for name, values in q.expected_ranges.items()},
        column_types=types,
        imputer=q.imputer_type,
        model=q.model_type,
        random_state=0 if q.random_state is None else q.random_state,
        train_file=train,
        clean_train_file=layout.clean_train_file(_dataset(task), train).name,
        val_file=val,
        extras=q.extras.to_extras() if q.extras else Extras(),
    )


def read_step_effects(task: Task) -> dict[str, StepEffect]:
    """Read what the store records of each step of an IF task; empty where it records nothing.

    Raises:
        TaskFormatError: The settings cannot be read.
    """
    return dict(_question(task).process_coverage)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesKeys:
    """The columns that a forecast is drawn by."""

    time: str
    time_format: str | None
    """Its strptime format as the settings state it, which the file need not follow."""
    entities: tuple[str, ...]
    """Columns that tell series apart: what names a row of a CF answer beside the time."""


def read_series_keys(task: Task) -> SeriesKeys | None:
    """Read by which columns the forecasts of a task are drawn; None if none is a time.

    Raises:
        TaskFormatError: The settings cannot be read.
    """
    q = _question(task)
    if q.time_column is None:
        return None
    path = layout.truth_file(_dataset(task), Variant.CF)
    header = _header(path.read_bytes()) if path.is_file() else []
    known = {layout.ROW_ID, q.time_column, *task.targets}
    return SeriesKeys(
        time=q.time_column,
        time_format=q.time_format,
        entities=tuple(name for name in header if name not in known),
    )


def read_truth(task: Task) -> Truth:
    """Read the true values of an MM, XF or CF task.

    The answer of an IF task is not on disk: `darebench.reference` computes it.

    Raises:
        TaskFormatError: The task is an IF task, or its answer file is missing or broken.
    """
    if task.variant is Variant.IF:
        raise TaskFormatError(f"{task.id}: the answer is the reference, which is not in the store")
    path = layout.truth_file(_dataset(task), task.variant)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise TaskFormatError(f"{path} cannot be read ({error.strerror}); fetch it again") from None
    return make_truth(task, content)


def metric_of(task: Task) -> str:
    """Return the name of the metric that a task is scored by.

    An IF task is compared with its reference. For the others the settings of the dataset may name
    a metric; without one it is the family's (paper section 3).

    Raises:
        TaskFormatError: The settings cannot be read.
    """
    is_class = task.family is Family.CLASS
    if task.variant is Variant.IF:
        return Metric.EXACT_LABELS if is_class else Metric.CLOSE_NUMBERS
    return _question(task).metric or (Metric.MACRO_F1 if is_class else Metric.CLIPPED_R2)


def make_truth(task: Task, content: bytes, environment: str | None = None) -> Truth:
    """Return the truth of a task, given the bytes of its answer file.

    Raises:
        TaskFormatError: A target column is not in the file.
    """
    header = _header(content)
    absent = [name for name in task.targets if name not in header]
    if absent:
        raise TaskFormatError(f"{task.id}: the answer file has no column {absent[0]!r}: {header}")
    by_row = task.variant is not Variant.CF
    keys = [layout.ROW_ID] if by_row else [name for name in header if name not in task.targets]
    if not keys or keys[0] not in header:
        raise TaskFormatError(f"{task.id}: the answer file has no key column: {header}")
    q = _question(task)
    return Truth(
        task=task.id,
        metric=metric_of(task),
        keys=tuple(keys),
        targets=task.targets,
        csv=content,
        hash=hashlib.sha256(content).hexdigest()[:12],
        time_column=q.time_column if q.time_column in keys else None,
        time_format=q.time_format,
        environment=environment,
    )


def _question(task: Task) -> QuestionSettings:
    path = layout.settings_file(_dataset(task))
    return check(AllMetadata, read_json(path), str(path)).question


def _dataset(task: Task) -> Path:
    return task.source.parent


def _train_and_val(task: Task) -> tuple[str, str]:
    tables = [name for name in task.files if Path(name).suffix in layout.TABLE_SUFFIXES]
    train = [name for name in tables if name.startswith("train")]
    val = [name for name in tables if name.startswith("val")]
    if len(train) != 1 or len(val) != 1:
        raise TaskFormatError(f"{task.id}: it needs one train and one val file, and has {tables}")
    return train[0], val[0]


def _header(content: bytes) -> list[str]:
    text = content.decode("utf-8-sig", errors="replace")
    try:
        return next(csv.reader(io.StringIO(text, newline="")), [])
    except csv.Error as error:
        raise TaskFormatError(f"the header of an answer cannot be read: {error}") from None
