"""What decides the scores of a store's tasks, as hashes, and what differs between two such records.

A task's hash covers its question, its settings, the files that an agent gets, its source dataset
(by which errors are clustered), and what its answer is made from: the truth, or the training file
without noise. Licences, domains, titles, documents beside the tasks and references that were
computed elsewhere decide no score, and are not covered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from darebench.environment import fingerprint
from darebench.store import layout
from darebench.store.file_hashes import FileHashes
from darebench.types import Task, Variant

_SCHEMA = 1
_SHOWN = 3
"""Most datasets that a message names."""


def hash_tasks(root: Path, tasks: Sequence[Task], settings: Mapping[str, str]) -> dict[str, str]:
    """Return task id -> twelve hex digits, from the files as they are now.

    Args:
        root: The store's folder.
        tasks: Its tasks.
        settings: Dataset -> hash of its settings, as they were read.
    """
    files = {task.id: [*_given(task), *_answer(task)] for task in tasks}
    hashes = FileHashes(root).of({path for paths in files.values() for path in paths})
    return {
        task.id: fingerprint(
            [
                _SCHEMA,
                [task.question, task.targets, task.cluster, str(task.track)],
                settings[task.dataset],
                [[path.name, hashes[path]] for path in files[task.id]],
            ]
        )
        for task in tasks
    }


def _given(task: Task) -> Iterable[Path]:
    return [task.source / name for name in task.files]


def _answer(task: Task) -> Iterable[Path]:
    dataset = task.source.parent
    if task.variant is not Variant.IF:
        return [layout.truth_file(dataset, task.variant)]
    trains = [name for name in task.files if name.startswith("train")]
    return [layout.clean_train_file(dataset, name) for name in trains]


def describe_changes(before: Mapping[str, str], now: Mapping[str, str]) -> str | None:
    """Name the datasets whose tasks have another content than a record of them says.

    Args:
        before: Task id -> hash, as `Store.task_hashes` gave them, of the tasks that were used.
        now: The same of the store as it is; it may hold more tasks.

    Returns:
        A phrase such as `the content of iris_class (if, mm) has changed; wine_reg (mm) is gone`;
        None if nothing differs.
    """
    changed = [task for task, known in before.items() if now.get(task, known) != known]
    gone = [task for task in before if task not in now]
    parts = []
    if changed:
        parts.append(f"the content of {_named(changed)} has changed")
    if gone:
        parts.append(f"{_named(gone)} {'is' if len(gone) == 1 else 'are'} gone or broken")
    return "; ".join(parts) or None


def _named(tasks: Iterable[str]) -> str:
    datasets: dict[str, list[str]] = {}
    for task in tasks:
        dataset, _, variant = task.rpartition("/")
        datasets.setdefault(dataset, []).append(variant)
    shown = [f"{name} ({', '.join(variants)})" for name, variants in datasets.items()]
    more = f" and {len(shown) - _SHOWN} more datasets" if len(shown) > _SHOWN else ""
    return ", ".join(shown[:_SHOWN]) + more
