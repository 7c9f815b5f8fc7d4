"""The kept predictions of a run set against the truths of its store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from darebench.errors import ConfigError, DareError
from darebench.evals.against.compare import against_truth
from darebench.evals.against.shape import AgainstTruth
from darebench.evals.attempts_file import Key
from darebench.evals.batch import read_truths
from darebench.evals.run_content import store_of
from darebench.evals.run_folder import PREDICTIONS, predictions_of
from darebench.store.content import describe_changes
from darebench.store.layout import PREDICTION
from darebench.store.read import open_store
from darebench.types import ReasonCode, Task, Trajectory, Truth


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAnswer:
    """A scored attempt with all that its answer can be judged by."""

    trajectory: Trajectory
    task: Task
    truth: Truth
    prediction: Path | None
    """The csv file; None if the attempt left none."""

    @property
    def key(self) -> Key:
        """The attempt, among those of its run."""
        return Key(self.task.id, self.trajectory.epoch)


def read_answers_of(
    folder: Path, record: Mapping[str, Any], trajectories: Iterable[Trajectory]
) -> tuple[list[KeptAnswer], dict[str, DareError]]:
    """Find the predictions of a run's scored attempts, with the truths of its store.

    Args:
        folder: The folder of the run.
        record: Its `config.json`.
        trajectories: The attempts that are asked about.

    Returns:
        The answers in the order of the attempts, and why the other tasks have no truth.

    Raises:
        ConfigError: The store is no longer what the run was made over.
        StoreError: The store is not there.
    """
    scored = [t for t in trajectories if t.score is not None]
    wanted = {t.task for t in scored}
    try:
        store = open_store(store_of(record))
        before = {task: record["store"]["tasks"][task] for task in wanted}
    except (KeyError, TypeError):
        raise ConfigError(
            f"{folder} does not record its store; run it again with --fresh"
        ) from None
    tasks = {task.id: task for task in store.tasks if task.id in wanted}
    now = {task: content for task, content in store.task_hashes.items() if task in wanted}
    changes = describe_changes(before, now)
    if changes is not None:
        raise ConfigError(
            f"{folder} was made over another state of {store.root}: {changes}; score it again with "
            "`darebench eval --rescore`"
        )
    truths, problems = read_truths([*tasks.values()])
    answers = [
        KeptAnswer(
            trajectory=t,
            task=tasks[t.task],
            truth=truths[t.task],
            prediction=_prediction_of(folder, tasks[t.task], t),
        )
        for t in scored
        if t.task in truths
    ]
    return answers, problems


def run_against(
    folder: Path,
    record: Mapping[str, Any],
    trajectories: Iterable[Trajectory],
    *,
    on_done: Callable[[int, int], None] | None = None,
) -> dict[Key, AgainstTruth]:
    """Set the predictions of a run's scored attempts against the truth.

    The arguments and errors are those of `read_answers_of`; `on_done` is called with how many
    attempts are done, and how many there are.
    """
    trajectories = [t for t in trajectories if t.score is not None]
    answers, problems = read_answers_of(folder, record, trajectories)
    found = {
        Key(t.task, t.epoch): AgainstTruth(
            task=t.task, track=t.track, epoch=t.epoch, reason=str(problems[t.task])
        )
        for t in trajectories
        if t.task in problems
    }
    for number, a in enumerate(answers, 1):
        epoch = a.trajectory.epoch
        found[a.key] = against_truth(a.task, a.prediction, a.truth, epoch=epoch)
        if on_done is not None:
            on_done(number, len(answers))
    return found


def _prediction_of(folder: Path, task: Task, trajectory: Trajectory) -> Path | None:
    if trajectory.reason and trajectory.reason.code == ReasonCode.NO_PREDICTION:
        return None
    return predictions_of(folder / PREDICTIONS, task, trajectory.epoch) / PREDICTION
