"""Read run folders for reports: what is there by now, and what cannot be read, with the reason."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from darebench.errors import ConfigError
from darebench.evals.against.shape import AgainstTruth
from darebench.evals.attempts_file import Key
from darebench.evals.run_folder import Place, read_run
from darebench.evals.run_records import CONFIG
from darebench.reference.diagnosis import Diagnosis
from darebench.report.prices import Price
from darebench.types import Trajectory
from darebench.work import is_set_aside

METRICS = "metrics.jsonl"
"""What a training run leaves in its folder, and no other run."""
_SHOWN = 3
"""Most reasons that one message gives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedRun:
    """The content of a run folder."""

    name: str
    """What the run is called in tables: its folder's name, longer where two would be equal."""
    model: str
    trajectories: tuple[Trajectory, ...]
    """The attempts that have ended, without their messages, codes and outputs."""
    expected: int
    """Number of attempts that were asked for."""
    config: Mapping[str, Any]
    """The record of what is run, `config.json`."""
    environment: Mapping[str, Any]
    """The record of what it is run with, `env.json`."""
    folder: Path | None = None
    places: tuple[Place, ...] = ()
    """Where each attempt can be read with its texts."""
    against: Mapping[Key, AgainstTruth] = field(default_factory=dict)
    """Predictions against the truth, where they were asked for; reports show what is here."""
    price: Price | None = None
    """What the tokens of its model cost; None where nobody has said so."""
    diagnoses: Mapping[Key, Diagnosis] = field(default_factory=dict)
    """What IF answers show of the steps that were followed, where it was asked for."""

    figures: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    """Groups of figures that `darebench.report.figures` has made of it, which take their time."""

    @property
    def missing(self) -> int:
        """Attempts that have not ended yet."""
        return self.expected - len(self.trajectories)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A path that was given and is not in the report."""

    path: str
    reason: str
    """A clause that goes on after the path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """What a report shows: runs in the order in which they were given, and what it leaves out."""

    runs: tuple[LoadedRun, ...]
    left_out: tuple[LeftOut, ...] = field(default=())
    tables: tuple[str, ...] = ()
    """Names of the tables to show; all without one."""


def read_paths(paths: Sequence[Path]) -> Results:
    """Read every path that is a run folder, and say of the others why they are left out.

    A run that was set aside is left out beside others: it is an earlier state of one of them.
    """
    apart = {path for path in paths if is_set_aside(path)}
    if len(apart) == len(set(paths)):
        apart = set()
    runs: dict[Path, LoadedRun] = {}
    left: list[LeftOut] = []
    for path in paths:
        if path.resolve() in runs:
            left.append(LeftOut(path=str(path), reason="was given twice"))
        elif path in apart:
            why = "was set aside when a run started over; give it alone to see it"
            left.append(LeftOut(path=str(path), reason=why))
        else:
            try:
                runs[path.resolve()] = load_run(path)
            except ConfigError as error:
                left.append(LeftOut(path=str(path), reason=_clause(path, str(error))))
    names = short_names([*runs])
    named = (replace(run, name=name) for run, name in zip(runs.values(), names, strict=True))
    return Results(runs=tuple(named), left_out=tuple(left))


def load_run(folder: Path) -> LoadedRun:
    """Read a run folder, whether the run has ended or not.

    Raises:
        ConfigError: The folder is not a run folder, or what it holds cannot be used.
    """
    try:
        _check_folder(folder)
        kept = read_run(folder, with_texts=False)
    except OSError as error:
        raise ConfigError(f"{folder} cannot be read: {error.strerror}") from None
    try:
        model = str(kept.config["config"]["model"])
    except (KeyError, TypeError):
        raise ConfigError(f"{folder} is not a run folder: {CONFIG} names no model") from None
    for trajectory in kept.trajectories:
        _check(folder, trajectory)
    return LoadedRun(
        name=folder.name or folder.resolve().name,
        model=model,
        trajectories=kept.trajectories,
        expected=kept.expected,
        config=kept.config,
        environment=kept.environment,
        folder=folder,
        places=kept.places,
    )


def short_names(folders: Sequence[Path]) -> list[str]:
    """Name folders by their last parts, as many of them as tell one folder from another."""
    depth = 1
    names = [folder.name for folder in folders]
    while len(set(names)) < len(set(folders)):
        depth += 1
        names = [str(Path(*folder.parts[-depth:])) for folder in folders]
    return names


def _check_folder(folder: Path) -> None:
    """Refuse what is not a run folder at a glance, in words that say what it is."""
    if not folder.exists():
        raise ConfigError(f"{folder} does not exist; give the folder of a run")
    if not folder.is_dir():
        raise ConfigError(f"{folder} is a file; give the folder of a run")
    if (folder / METRICS).is_file():
        raise ConfigError(
            f"{folder} is a training run; `darebench report {folder} --format html` draws its "
            "learning curves"
        )
    if (folder / CONFIG).is_file():
        return
    inside = [child for child in sorted(folder.iterdir()) if (child / CONFIG).is_file()]
    if inside:
        raise ConfigError(f"{folder} is not a run folder, but holds some: give {folder}/*")
    holds = "does not hold the file config.json" if any(folder.iterdir()) else "is empty"
    raise ConfigError(f"{folder} is not a run folder: it {holds}")


def _check(folder: Path, t: Trajectory) -> None:
    """Refuse an attempt whose figures are none, since means would be made of them."""
    figures = (t.seconds, t.tokens.input, t.tokens.output)
    scores = [s for s in (t.score, t.strict_score) if s is not None]
    usable = all(_is_number(x) for x in figures) and all(
        _is_number(s) and 0.0 <= s <= 1.0 for s in scores
    )
    if not usable:
        raise ConfigError(
            f"{folder} holds an attempt at {t.task} (epoch {t.epoch}) whose score, seconds or "
            "tokens are not numbers that can be; take its line out"
        )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _clause(path: Path, message: str) -> str:
    return message.removeprefix(f"{path} ")


def none_of(paths: Sequence[Path], left: Sequence[LeftOut]) -> str:
    """Return the sentence that says why none of some paths can be shown."""
    if len(left) == 1:
        return f"{left[0].path} {left[0].reason}"
    more = f"; and {len(left) - _SHOWN} more" if len(left) > _SHOWN else ""
    reasons = "; ".join(f"{item.path} {item.reason}" for item in left[:_SHOWN])
    return f"none of these {len(paths)} is a run that can be shown: {reasons}{more}"
