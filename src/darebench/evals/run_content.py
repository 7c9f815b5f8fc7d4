"""The content of the store that a run was made over: its record, and what has changed since.

Two hashes are kept of each task. One covers all that decides a score; the other only what the agent
was given, since a kept prediction answers the question and the files that it was made from.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from darebench.environment import fingerprint
from darebench.errors import ConfigError
from darebench.evals.run_records import CONFIG
from darebench.store.content import describe_changes
from darebench.store.file_hashes import FileHashes
from darebench.store.read import Store
from darebench.types import Task

NOTES = frozenset(("store.root", "store.hash", "store.tasks", "store.given"))
"""Keys of the record that are compared here, or not at all: a store that has moved is the same."""


def content_record(store: Store, tasks: Sequence[Task]) -> dict[str, Any]:
    """Return what a run's record says of its store."""
    return {
        "root": str(store.root),
        "hash": store.hash,
        "tasks": {task.id: store.task_hashes[task.id] for task in tasks},
        "given": given_hashes(store, tasks),
    }


def store_of(record: Mapping[str, Any]) -> str | None:
    """Return the store that a run was made over: where it was then, or what it was called."""
    root = record["store"]["root"]
    return root if Path(root).is_dir() else record["config"]["store"]


def given_hashes(store: Store, tasks: Sequence[Task]) -> dict[str, str]:
    """Return task id -> hash of what an agent is given: the question and the files."""
    files = {task.id: [task.source / name for name in task.files] for task in tasks}
    hashes = FileHashes(store.root).of({path for paths in files.values() for path in paths})
    return {
        task.id: fingerprint([task.question, [[p.name, hashes[p]] for p in files[task.id]]])
        for task in tasks
    }


def check_content(folder: Path, store: Store) -> None:
    """Check that the store is as it was when the run in a folder, if there is one, was made.

    Raises:
        ConfigError: The content of tasks of the run has changed, or they are gone.
    """
    try:
        record = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        before: Mapping[str, str] = record["store"]["tasks"]
    except (OSError, ValueError, KeyError, TypeError):  # no run, or not one of this version
        return
    changes = describe_changes(before, store.task_hashes)
    if changes is not None:
        raise ConfigError(
            f"{folder} holds a run over another state of the store: {changes}; score its "
            "predictions again with --rescore, or use another --out, or --fresh to start over"
        )


def check_given(record: Mapping[str, Any], store: Store, tasks: Sequence[Task]) -> None:
    """Check that kept predictions answer the questions and files of the store as it is.

    Args:
        record: The record of the run, `config.json`.
        store: The store that they are scored with.
        tasks: The tasks that predictions are kept of.

    Raises:
        ConfigError: They answer others, or the record does not say.
    """
    try:
        before = record["store"]["given"]
        changes = describe_changes({t.id: before[t.id] for t in tasks}, given_hashes(store, tasks))
    except (KeyError, TypeError):
        raise ConfigError(
            "the run was made by a version of darebench that did not record what its agent was "
            "given; make it again with --fresh"
        ) from None
    if changes is not None:
        raise ConfigError(
            f"questions or files that the agent was given are not those of the store: {changes}; "
            "the kept predictions answer other tasks: make the run again with --fresh"
        )
