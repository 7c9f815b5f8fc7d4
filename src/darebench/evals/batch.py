"""Scores predictions that exist already: one file, or a folder of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from darebench.errors import ConfigError, DareError
from darebench.reference.answers import Answers, import_answers, read_answers
from darebench.sandbox import LocalExecutor
from darebench.scoring import score_prediction
from darebench.scoring.aggregate import Observation, as_json, summarise
from darebench.store.cache import cache_folder
from darebench.store.layout import PREDICTION
from darebench.store.read import Store, open_store
from darebench.sync import run_sync
from darebench.types import Score, Task, Truth, Variant


def score_one(
    prediction: Path,
    task_id: str,
    store: str | None,
    *,
    release_rules: bool = False,
    references: Path | None = None,
) -> dict[str, Any]:
    """Score one file against one task of a store.

    Args:
        prediction: The csv file.
        task_id: The task that the file answers.
        store: A folder, an archive or `hf://owner/name`; the starter store without it.
        release_rules: Put the public release's number into `score`.
        references: Folder that `darebench reference --out` wrote; without it IF references are
            computed, or found in the cache.

    Raises:
        ConfigError: There is no such file, or the store has no such task.
        TaskFormatError: The task has no usable truth.
        ReferenceMismatch: The task's reference was computed in another environment.
    """
    if not prediction.exists():
        raise ConfigError(f"{prediction} does not exist; give the file that holds the prediction")
    opened = open_store(store)
    task = opened.task(task_id)
    truths, problems = read_truths([task], references)
    if task.id in problems:
        raise problems[task.id]
    score = score_prediction(
        prediction, truths[task.id], release_rules=release_rules, store=opened.hash
    )
    return score_json(score)


def score_batch(
    folder: Path,
    store: str | None,
    *,
    release_rules: bool = False,
    references: Path | None = None,
) -> dict[str, Any]:
    """Score `folder/<dataset>/<variant>/prediction.csv` for every task; missing ones count 0.

    Tasks without a usable truth, and datasets that cannot be read, are listed under `errors`;
    predictions of tasks that the store does not have, under `unknown`. The arguments are those of
    `score_one`.

    Raises:
        StoreError: The store does not exist.
        ConfigError: `folder` is not a folder, or holds no prediction of a task of the store.
    """
    if not folder.is_dir():
        raise ConfigError(f"{folder} is not a folder; give one with predictions in it")
    opened = open_store(store)
    unknown = _unknown(folder, opened)
    truths, problems = read_truths(opened.tasks, references)
    scores: list[dict[str, Any]] = []
    missing: list[str] = []
    observations: list[Observation] = []
    for task in opened.tasks:
        path = folder / task.dataset / str(task.variant) / PREDICTION
        score = None
        if task.id in truths:
            try:
                score = score_prediction(
                    path, truths[task.id], release_rules=release_rules, store=opened.hash
                )
            except DareError as error:
                problems[task.id] = error
        if not path.exists():
            missing.append(task.id)
        elif score is not None:
            scores.append(score_json(score))
        observations.append(
            Observation(
                task=task.id,
                track=task.track,
                cluster=task.cluster,
                score=None if score is None else score.score,
                answered=score is not None and score.answered,
            )
        )
    return {
        "scores": scores,
        "missing": missing,
        "unknown": unknown,
        "errors": [{"task": t, "message": str(e)} for t, e in problems.items()]
        + [{"task": f"{p.dataset}/*", "message": p.message} for p in opened.problems],
        "columns": as_json(summarise(observations)),
        "store": opened.hash,
    }


def _unknown(folder: Path, store: Store) -> list[str]:
    """Return the predictions of a folder that answer no task of a store.

    Raises:
        ConfigError: None answers one.
    """
    given = [f"{p.parent.parent.name}/{p.parent.name}" for p in folder.glob(f"*/*/{PREDICTION}")]
    known = {task.id for task in store.tasks} | {
        f"{problem.dataset}/{variant}" for problem in store.problems for variant in Variant
    }
    unknown = sorted(set(given) - known)
    if len(unknown) == len(given):
        found = f"{len(given)} of other tasks, such as {unknown[0]}" if unknown else "none"
        example = store.tasks[0].id if store.tasks else "DATASET/VARIANT"
        raise ConfigError(
            f"{folder} holds no prediction of a task of {store.root} (found: {found}); each is "
            f"expected at FOLDER/<dataset>/<variant>/{PREDICTION}, for example "
            f"{folder}/{example}/{PREDICTION}"
        )
    return unknown


def read_truths(
    tasks: Sequence[Task], references: Path | None = None
) -> tuple[dict[str, Truth], dict[str, DareError]]:
    """Return the truth of every task, with references computed where needed."""
    if references is not None:
        return import_answers(tasks, references)

    async def read() -> Answers:
        executor = LocalExecutor()
        try:
            return await read_answers(tasks, executor, cache_folder("references"))
        finally:
            await executor.close()

    return run_sync(read())


def score_json(score: Score) -> dict[str, Any]:
    """Return the documented JSON form of a score."""
    value = asdict(score)
    details = value.pop("targets")
    return {
        **value,
        "targets": {detail["target"]: detail["score"] for detail in details},
        "details": details,
    }
