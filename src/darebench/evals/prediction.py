"""Score one prediction against a task of a store: the answer is read or, for IF, computed."""

from __future__ import annotations

from pathlib import Path

from darebench.reference.answers import Answers, read_answers
from darebench.sandbox import LocalExecutor
from darebench.scoring import score_prediction
from darebench.store.cache import cache_folder
from darebench.store.read import Store, open_store
from darebench.store.truth import read_truth
from darebench.sync import run_sync
from darebench.types import Score, Task, Truth, Variant


def score(
    prediction: str | Path | bytes | None,
    task: Task | str,
    *,
    store: Store | str | Path | None = None,
) -> Score:
    """Score one prediction against a task, as an evaluation does.

    Whatever the file holds, the result is a Score: an unusable file scores 0 with a reason. The
    reference of an IF task is computed in the sandbox at first, and then found in the cache.

    Args:
        prediction: Path of a csv file, the bytes of one, or None where there is no prediction.
        task: A task of a store, or its id.
        store: The store of a task id, as `open_store` takes it or as it returned it; the starter
            store by default. With a Task, its hash is only kept in the score's provenance.

    Raises:
        ConfigError: The store has no such task.
        StoreError: There is no such store.
        TaskFormatError: The task has no usable answer.
        SandboxFault: The sandbox failed while it computed the reference.
    """
    opened: Store | None = None
    if isinstance(store, Store):
        opened = store
    elif store is not None or isinstance(task, str):
        opened = open_store(store)
    if isinstance(task, str):
        assert opened is not None
        task = opened.task(task)
    path = Path(prediction) if isinstance(prediction, str) else prediction
    return score_prediction(path, _truth(task), store=opened.hash if opened else None)


def _truth(task: Task) -> Truth:
    if task.variant is not Variant.IF:
        return read_truth(task)
    truths, problems = run_sync(_answers(task))
    if task.id in problems:
        raise problems[task.id]
    return truths[task.id]


async def _answers(task: Task) -> Answers:
    executor = LocalExecutor(1)
    try:
        return await read_answers([task], executor, cache_folder("references"))
    finally:
        await executor.close()
