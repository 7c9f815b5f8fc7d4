"""Diagnoses of the IF attempts of a run, computed when they are asked for and kept in its folder.

`diagnoses.json` holds each by what it was made of: the prediction, the reference, and the rules of
diagnosis. What has not changed is not computed again.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import Any

from darebench.environment import fingerprint
from darebench.errors import DareError
from darebench.evals.against.of_run import KeptAnswer, read_answers_of
from darebench.evals.attempts_file import Key
from darebench.evals.batch import read_truths
from darebench.files import write_json, written_whole
from darebench.reference.diagnosis import Diagnosing, Diagnosis, rules_hash
from darebench.reference.near_misses import Step
from darebench.sandbox import LocalExecutor
from darebench.sandbox.executor import Executor
from darebench.store.read import Store, open_store
from darebench.sync import run_sync
from darebench.types import Task, Trajectory, Truth, Variant

log = logging.getLogger(__name__)
DIAGNOSES = "diagnoses.json"
SCHEMA = 1


def diagnose(
    prediction: str | Path | bytes | None,
    task: Task | str,
    *,
    store: Store | str | Path | None = None,
) -> Diagnosis:
    """Diagnose one answer to an IF task: which step of its workflow was not followed.

    Args:
        prediction: Path of a csv file, the bytes of one, or None where there is no prediction.
        task: A task of a store, or its id.
        store: The store of a task id, as `open_store` takes it or as it returned it; the starter
            store by default.

    Raises:
        ConfigError: The store has no such task.
        StoreError: There is no such store.
        TaskFormatError: The task is not an IF task, or its reference cannot be computed.
        SandboxFault: The sandbox failed, repeatedly.
    """
    if isinstance(task, str):
        opened = store if isinstance(store, Store) else open_store(store)
        task = opened.task(task)
    if not isinstance(prediction, bytes) and prediction is not None:
        prediction = Path(prediction).read_bytes()
    truths, problems = read_truths([task])
    if task.id in problems:
        raise problems[task.id]
    return run_sync(_diagnose_one(task, truths[task.id], prediction))


def run_diagnoses(
    folder: Path,
    record: Mapping[str, Any],
    trajectories: Iterable[Trajectory],
    *,
    on_done: Callable[[int, int], None] | None = None,
) -> dict[Key, Diagnosis]:
    """Diagnose the scored IF attempts of a run, or find their diagnoses in its folder.

    Tasks that cannot be diagnosed are left out, with a line in the log.

    Args:
        folder: The folder of the run.
        record: Its `config.json`.
        trajectories: Its attempts.
        on_done: Called with how many attempts are done, and how many there are.

    Raises:
        ConfigError: The store is no longer what the run was made over.
        StoreError: The store is not there.
    """
    chosen = [t for t in trajectories if t.variant is Variant.IF]
    answers, problems = read_answers_of(folder, record, chosen)
    for task, error in problems.items():
        log.warning("%s is not diagnosed: %s", task, error)
    path = folder / DIAGNOSES
    kept = _read(path)
    made_of = {a.key: _made_of(a) for a in answers}
    new = [a for a in answers if made_of[a.key] not in kept]
    if new:

        def note(answer: KeptAnswer, diagnosis: Diagnosis) -> None:
            kept[made_of[answer.key]] = diagnosis
            if on_done is not None:
                on_done(len([a for a in answers if made_of[a.key] in kept]), len(answers))

        try:
            run_sync(_diagnose_all(new, note))
        finally:  # what was done before an interruption is kept
            _write({mark: kept[mark] for mark in made_of.values() if mark in kept}, path)
    return {a.key: kept[made_of[a.key]] for a in answers if made_of[a.key] in kept}


def kept_diagnoses(
    folder: Path, record: Mapping[str, Any], trajectories: Iterable[Trajectory]
) -> dict[Key, Diagnosis]:
    """Return the diagnoses that a run's folder holds and that still are about its answers.

    The errors are those of `run_diagnoses`.
    """
    if not (folder / DIAGNOSES).is_file():
        return {}
    chosen = [t for t in trajectories if t.variant is Variant.IF]
    answers, _ = read_answers_of(folder, record, chosen)
    kept = _read(folder / DIAGNOSES)
    marks = ((a.key, _made_of(a)) for a in answers)
    return {key: kept[mark] for key, mark in marks if mark in kept}


async def _diagnose_one(task: Task, truth: Truth, prediction: bytes | None) -> Diagnosis:
    executor = LocalExecutor()
    try:
        return await Diagnosing(task, truth, executor).diagnose(prediction)
    finally:
        await executor.close()


async def _diagnose_all(
    answers: Sequence[KeptAnswer], note: Callable[[KeptAnswer, Diagnosis], None]
) -> None:
    executor = LocalExecutor()
    try:
        for _, same in groupby(sorted(answers, key=lambda a: a.task.id), key=lambda a: a.task.id):
            await _diagnose_task([*same], executor, note)
    finally:
        await executor.close()


async def _diagnose_task(
    answers: Sequence[KeptAnswer],
    executor: Executor,
    note: Callable[[KeptAnswer, Diagnosis], None],
) -> None:
    try:
        diagnosing = Diagnosing(answers[0].task, answers[0].truth, executor)
        for answer in answers:
            note(answer, await diagnosing.diagnose(_content(answer)))
    except DareError as error:
        log.warning("%s is not diagnosed: %s", answers[0].task.id, error)


def _content(answer: KeptAnswer) -> bytes | None:
    path = answer.prediction
    return path.read_bytes() if path is not None and path.is_file() else None


def _made_of(answer: KeptAnswer) -> str:
    content = _content(answer)
    prediction = "" if content is None else hashlib.sha256(content).hexdigest()
    return fingerprint([SCHEMA, rules_hash(), answer.task.id, answer.truth.hash, prediction])


def _read(path: Path) -> dict[str, Diagnosis]:
    """Return what is kept; a file that cannot be read is written anew."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        return {mark: _diagnosis(fields) for mark, fields in value["diagnoses"].items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError) as error:
        log.warning("%s is made anew: %s", path, error)
        return {}


def _diagnosis(fields: Mapping[str, Any]) -> Diagnosis:
    lists = {name: tuple(fields[name]) for name in ("equals",)}
    steps = {name: tuple(map(Step, fields[name])) for name in ("steps", "unseen")}
    return Diagnosis(**{**fields, **lists, **steps})


def _write(kept: Mapping[str, Diagnosis], path: Path) -> None:
    value = {"schema": SCHEMA, "diagnoses": {mark: asdict(d) for mark, d in kept.items()}}
    try:
        with written_whole(path) as part:
            write_json(value, part)
    except OSError as error:  # a folder that can only be read is shown all the same
        log.warning("diagnoses are not kept: %s: %s", path, error.strerror)
