"""The settings of an IF task -> the program that computes its answer, two ways."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from functools import cache
from importlib.resources import files
from pathlib import Path

from darebench.environment import fingerprint
from darebench.errors import TaskFormatError
from darebench.sandbox.program import with_settings
from darebench.store.extras import DERIVATIONS, ENCODERS, JOINS, SCALERS, STATISTICS, Extras
from darebench.store.layout import PREDICTION
from darebench.store.truth import Settings
from darebench.types import Task

IMPUTERS = ("mean", "median", "most_frequent")
MODELS = {
    "class": (
        "LogisticRegression",
        "DecisionTreeClassifier",
        "GaussianNB",
        "LinearSVC",
        "MLPClassifier",
    ),
    "reg": ("LinearRegression", "DecisionTreeRegressor", "Ridge", "Lasso", "MLPRegressor"),
}
"""The paper's models."""
MORE_MODELS = {
    "class": ("RandomForestClassifier", "ExtraTreesClassifier", "KNeighborsClassifier"),
    "reg": ("RandomForestRegressor", "ExtraTreesRegressor", "KNeighborsRegressor", "ElasticNet"),
}
"""Models of richer workflows."""
SEEDLESS = ("GaussianNB", "LinearRegression", "KNeighborsClassifier", "KNeighborsRegressor")
"""Models that take no random_state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slips:
    """What a run does other than any question asks; a reference does none of it."""

    na_words: bool = False
    """Read csv with pandas' own words for missing values, such as NA and null."""
    drop_missing: bool = False
    """Let the filter drop rows whose value is missing."""
    parse_numbers: bool = False
    """Take text in a numerical column for a missing value."""
    fill_targets: bool = False
    """Fill missing targets by their mean or most frequent value."""
    exclusive: bool = False
    """Let the filter drop rows whose value is an end of its range."""
    drop_incomplete: bool = False
    """Drop training rows in which a feature is missing."""
    own_category: bool = False
    """Fill missing categories by a category of their own."""
    drop_first: bool = False
    """Leave the first category of each column out of the one-hot encoding."""
    categorical_first: bool = False
    """Move the categorical features before the numerical ones."""
    fit_on_all: bool = False
    """Let imputers, scaler and encoder learn from the rows to predict too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineSpec:
    """One run of the reference workflow: what it reads, and every choice that it makes."""

    train: str
    val: str
    targets: tuple[str, ...]
    features: tuple[str, ...]
    numerical: tuple[str, ...]
    categorical: tuple[str, ...]
    imputer: str
    model: str
    random_state: int
    ranges: dict[str, list[object]] | None
    """Expected ranges to filter the training rows by; None for a file without noise."""
    types: dict[str, str]
    extras: Extras = field(default_factory=Extras)
    """Steps beyond the paper's template."""
    slips: Slips = field(default_factory=Slips)
    """What is done otherwise, for near misses."""
    threads: int = 1
    """Threads of BLAS and OpenMP: part of the definition, because sums depend on it."""
    output: str = PREDICTION

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the files that the program reads."""
        join = self.extras.join
        return (self.train, self.val, *([join.file] if join else []))

    def renamed(self, prefix: str) -> PipelineSpec:
        """Return the same run over files whose names begin with `prefix`, for a shared folder."""
        join = self.extras.join
        if join is not None:
            join = replace(join, file=f"{prefix}{join.file}")
        return replace(
            self,
            train=f"{prefix}{self.train}",
            val=f"{prefix}{self.val}",
            output=f"{prefix}{self.output}",
            extras=replace(self.extras, join=join),
        )

    @property
    def hash(self) -> str:
        """Twelve hex digits of the choices and of the program's own text."""
        return fingerprint([asdict(self), fingerprint(workflow_text())])

    def render(self) -> str:
        """Return the program: its settings in one line, then the workflow's text."""
        return with_settings(workflow_text(), asdict(self))


@cache
def workflow_text() -> str:
    """Return the workflow's source."""
    return files("darebench.reference").joinpath("workflow.py").read_text(encoding="utf-8")


def reference_spec(task: Task, settings: Settings, *, threads: int = 1) -> PipelineSpec:
    """Return the reference: the workflow on the training rows without noise.

    Raises:
        TaskFormatError: The settings name an unknown imputer or model.
    """
    return _spec(task, settings, settings.clean_train_file, with_ranges=False, threads=threads)


def literal_spec(task: Task, settings: Settings, *, threads: int = 1) -> PipelineSpec:
    """Return the literal path: the noisy file, filtered by the stated ranges, then the same.

    Raises:
        TaskFormatError: The settings name an unknown imputer or model.
    """
    return _spec(task, settings, settings.train_file, with_ranges=True, threads=threads)


def _refuse_extras(task: Task, extras: Extras) -> None:
    known = {
        "scaler": ([extras.scaler], SCALERS),
        "encoder": ([extras.encoder], ENCODERS),
        "derived column": ([d.how for d in extras.derived], DERIVATIONS),
        "group statistic": ([g.how for g in extras.groups], STATISTICS),
        "join": ([extras.join.how] if extras.join else [], JOINS),
    }
    for what, (given, allowed) in known.items():
        stray = [how for how in given if how not in allowed]
        if stray:
            raise TaskFormatError(f"{task.id}: unknown {what} {stray[0]!r}, not in {allowed}")
    if extras.join and extras.join.file not in task.files:
        raise TaskFormatError(f"{task.id}: {extras.join.file!r} is not among its files")


def _spec(
    task: Task, settings: Settings, train: str, *, with_ranges: bool, threads: int
) -> PipelineSpec:
    if settings.imputer not in IMPUTERS:
        raise TaskFormatError(f"{task.id}: unknown imputer {settings.imputer!r}, not in {IMPUTERS}")
    if settings.model not in (*MODELS[task.family], *MORE_MODELS[task.family]):
        raise TaskFormatError(f"{task.id}: unknown {task.family} model {settings.model!r}")
    stray = set(settings.features) ^ {*settings.numerical, *settings.categorical}
    if stray:
        raise TaskFormatError(
            f"{task.id}: {sorted(stray)[0]!r} is not both a selected feature and a typed one"
        )
    _refuse_extras(task, settings.extras)
    ranges = {name: list(values) for name, values in settings.expected_ranges.items()}
    return PipelineSpec(
        train=Path(train).name,
        val=settings.val_file,
        targets=settings.targets,
        features=settings.features,
        numerical=settings.numerical,
        categorical=settings.categorical,
        imputer=settings.imputer,
        model=settings.model,
        random_state=settings.random_state,
        ranges=ranges if with_ranges else None,
        types=dict(settings.column_types),
        extras=settings.extras,
        threads=threads,
    )
