"""Scores the kept predictions of a run again, as the store and the scorer are now."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from darebench.errors import ConfigError
from darebench.evals.attempts_file import ATTEMPTS
from darebench.evals.batch import read_truths
from darebench.evals.evaluation import Run
from darebench.evals.run_content import check_given, content_record, store_of
from darebench.evals.run_folder import PREDICTIONS, KeptRun, predictions_of, read_run
from darebench.evals.run_records import CONFIG, ENVIRONMENT
from darebench.evals.summary import as_json as run_json
from darebench.evals.trajectory import TRAJECTORIES, trajectory_of, write_trajectories
from darebench.files import write_json, written_whole
from darebench.scoring.score import score_prediction, scorer_hash
from darebench.store.content import describe_changes
from darebench.store.layout import PREDICTION
from darebench.store.read import Store, open_store
from darebench.store.truth import metric_of
from darebench.types import Progress, ReasonCode, Task, Trajectory, Truth
from darebench.work import held


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An attempt whose score is another one now."""

    task: str
    epoch: int
    before: float
    after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescored:
    """A run whose predictions were scored again."""

    run: Run
    scored: int
    """Attempts whose prediction was scored."""
    changed: tuple[Change, ...]


def rescore(
    folder: Path, store: str | None = None, *, progress: Progress | None = None
) -> Rescored:
    """Score the kept predictions of a run again, without asking a model anything.

    The scores, their provenance and the record of the store's content are written anew, whole or
    not at all. Attempts that have no score stay as they are: the run's own command makes them.

    Args:
        folder: The folder of the run, finished or not.
        store: The store to score with; the run's own without it.
        progress: Progress callback.

    Raises:
        ConfigError: The folder is not that of a run, another process is at work in it, or the
            kept predictions cannot be scored with this store.
        StoreError: The store does not exist.
    """
    if not (folder / CONFIG).is_file():
        raise ConfigError(f"{folder} is not a run folder: it has no {CONFIG}")
    with held(folder):
        kept = read_run(folder)
        opened = open_store(store or store_of(kept.config))
        tasks = _tasks_of(kept, opened)
        truths = _truths_of([*tasks.values()])
        again: list[Trajectory] = []
        for number, trajectory in enumerate(kept.trajectories, 1):
            if _is_scored(trajectory):
                task = tasks[trajectory.task]
                trajectory = _score(trajectory, task, folder, truths[task.id], opened.hash)
            again.append(trajectory)
            if progress is not None:
                progress("scores", number, len(kept.trajectories))
        _write(kept, again, opened)
    changed = [
        Change(task=old.task, epoch=old.epoch, before=old.score, after=new.score)
        for old, new in zip(kept.trajectories, again, strict=True)
        if old.score is not None and new.score is not None and old.score != new.score
    ]
    run = Run(
        folder=folder,
        trajectories=tuple(again),
        expected=kept.expected,
        problems=opened.problems,
    )
    return Rescored(run=run, scored=sum(map(_is_scored, again)), changed=tuple(changed))


def as_json(rescored: Rescored) -> dict[str, Any]:
    """Return the documented JSON form: that of a run, and what has changed."""
    return {
        **run_json(rescored.run),
        "rescored": rescored.scored,
        "changed": [asdict(change) for change in rescored.changed],
    }


def _is_scored(trajectory: Trajectory) -> bool:
    return trajectory.score is not None


def _tasks_of(kept: KeptRun, store: Store) -> dict[str, Task]:
    """Return the tasks of a run's scored attempts as they are in the store now."""
    ids = list(dict.fromkeys(t.task for t in kept.trajectories if _is_scored(t)))
    there = {task.id: task for task in store.tasks}
    gone = describe_changes(dict.fromkeys(ids, ""), dict.fromkeys(there, ""))
    if gone is not None:
        raise ConfigError(
            f"the attempts in {kept.folder} cannot be scored with {store.root}: {gone}; "
            "mend the store, or name another one with --store"
        )
    tasks = [there[task] for task in ids]
    check_given(kept.config, store, tasks)
    return {task.id: task for task in tasks}


def _truths_of(tasks: Sequence[Task]) -> dict[str, Truth]:
    truths, problems = read_truths(tasks)
    for error in problems.values():
        raise error
    return truths


def _score(
    trajectory: Trajectory, task: Task, folder: Path, truth: Truth, store: str
) -> Trajectory:
    path = predictions_of(folder / PREDICTIONS, task, trajectory.epoch) / PREDICTION
    had_none = trajectory.reason and trajectory.reason.code == ReasonCode.NO_PREDICTION
    if not had_none and not path.exists():
        raise ConfigError(
            f"{path} is missing, though the attempt left it; bring it back, or make the run again "
            "with --fresh"
        )
    score = score_prediction(path, truth, store=store)
    again = trajectory_of(task, trajectory, score, epoch=trajectory.epoch, model=trajectory.model)
    return replace(again, cluster=task.cluster)


def _write(kept: KeptRun, again: Sequence[Trajectory], store: Store) -> None:
    """Write the new scores first: what is cut off between two files is done again as a whole."""
    folder = kept.folder
    write_trajectories(again, folder / ATTEMPTS)
    if (folder / TRAJECTORIES).is_file():
        write_trajectories(again, folder / TRAJECTORIES)
    wanted = set(kept.config["task_ids"])
    tasks = [task for task in store.tasks if task.id in wanted]
    known, content = kept.config["store"], content_record(store, tasks)
    for name in ("tasks", "given"):  # those of tasks that are gone stay
        content[name] = {**known[name], **content[name]}
    scorer = scorer_hash(*(metric_of(task) for task in tasks))
    _replace({**kept.environment, "scorer": scorer}, folder / ENVIRONMENT)
    _replace({**kept.config, "store": content}, folder / CONFIG)


def _replace(value: object, path: Path) -> None:
    with written_whole(path) as part:
        write_json(value, part)
        with part.open("rb") as stream:
            os.fsync(stream.fileno())
