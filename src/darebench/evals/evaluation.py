"""What is asked of an evaluation, and what it gives; `darebench.evals.run` carries it out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from darebench.evals.builtin import AGENTS
from darebench.evals.frame import attempts_frame, attempts_html
from darebench.evals.run_records import read_records
from darebench.types import Family, TaskProblem, Trajectory, Variant

if TYPE_CHECKING:
    import pandas as pd

    from darebench.evals.comparison import RunComparison


@dataclass(frozen=True, slots=True, kw_only=True)
class EvalConfig:
    """What is evaluated, and how. Two runs with equal configurations are repeats of each other."""

    store: str | None = None
    """A folder, an archive, or `hf://owner/name`; the starter store without it."""
    model: str = "baseline"
    """An Inspect model such as `openai/gpt-5`, or a built-in agent (`darebench.evals.builtin`)."""
    agent: str | None = None
    """How the model works: `tool` or `notebook` (`darebench.evals.inspect.loops`), or
    `module:function` of an own agent; `tool` without it."""
    branches: int = 1
    """Approaches that the notebook agent explores from one state; the best by its own validation
    counts."""
    tasks: tuple[str, ...] = ()
    """Task ids, dataset names or globs; all tasks without one."""
    family: Family | None = None
    variant: Variant | None = None
    limit: int | None = None
    """Most tasks to run."""
    seed: int | None = None
    """Random seed for choosing which `limit` tasks to run; the first ones without it."""
    epochs: int = 1
    """Attempts at each task."""
    turns: int = 5
    """Model turns that may call the tool."""
    seconds: float = 200.0
    """Wall-clock limit of each call of the tool."""
    sandbox: str | None = None
    """Address of a SandboxFusion server that runs the calls, or several with commas between; this
    machine runs them without it."""
    warm: tuple[str, ...] | None = None
    """Modules that programs here find imported; the usual ones without it."""
    base_url: str | None = None
    """Address of an OpenAI-compatible server that serves the model."""
    model_args: Mapping[str, Any] = field(default_factory=dict)
    """Arguments of the model's provider."""
    generation: Mapping[str, Any] = field(default_factory=dict)
    """Sampling options of Inspect's `GenerateConfig`, for example `temperature`."""
    token_limit: int | None = None
    """Most tokens of a whole attempt."""
    time_limit: int | None = None
    """Most seconds of an attempt: its model's turns and its programs, without the queue."""

    @property
    def inspect_model(self) -> str:
        """The model's name as Inspect spells it."""
        return f"darebench/{self.model}" if self.model in AGENTS else self.model


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Run:
    """A run as it stands."""

    folder: Path
    trajectories: tuple[Trajectory, ...]
    expected: int
    """Attempts that were asked for."""
    new_attempts: int = 0
    """Attempts that this call made; 0 if the folder already held all of them."""
    problems: tuple[TaskProblem, ...] = ()
    """Datasets of the store that could not be used."""

    @property
    def unscored(self) -> int:
        """Attempts that ended without a score, through our fault."""
        return sum(t.score is None for t in self.trajectories)

    @property
    def missing(self) -> int:
        """Attempts that have not ended yet."""
        return self.expected - len(self.trajectories)

    def to_frame(self) -> pd.DataFrame:
        """Return the attempts as a table, a row for each."""
        return attempts_frame(self.trajectories)

    def compare(self, other: Run) -> RunComparison:
        """Compare this run with another one, task by task, as `darebench compare` does.

        Raises:
            ConfigError: They have no scored task in common, or a folder has no records.
        """
        from darebench.evals.comparison import compare_runs

        long = self.folder.name == other.folder.name
        return compare_runs(*(_compared(run, long=long) for run in (self, other)))

    def __repr__(self) -> str:
        counts = {"unscored": self.unscored, "missing": self.missing}
        more = "".join(f", {n} {name}" for name, n in counts.items() if n)
        return f"<Run {self.folder}: {len(self.trajectories)} attempts{more}>"

    def _repr_html_(self) -> str:
        return attempts_html(repr(self), self.trajectories)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Compared:
    """A run as comparisons read it."""

    name: str
    model: str
    folder: Path
    config: Mapping[str, Any]
    environment: Mapping[str, Any]
    trajectories: tuple[Trajectory, ...]
    missing: int


def _compared(run: Run, *, long: bool) -> _Compared:
    """Read the records of a run; `long` names it by its whole path."""
    records = read_records(run.folder)
    return _Compared(
        name=str(run.folder) if long else run.folder.name,
        model=str(records.config.get("config", {}).get("model")),
        folder=run.folder,
        config=records.config,
        environment=records.environment,
        trajectories=run.trajectories,
        missing=run.missing,
    )
