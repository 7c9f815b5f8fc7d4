"""Read a store: its tasks, what is wrong with the others, and a selection of them."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from darebench.environment import fingerprint
from darebench.errors import ConfigError, StoreError, TaskFormatError
from darebench.store import layout
from darebench.store.answers import check_answer
from darebench.store.content import hash_tasks
from darebench.store.guard import guard
from darebench.store.sources import resolve
from darebench.store.wire import AllMetadata, QuestionEntry, check, read_json
from darebench.types import Family, Task, TaskProblem, Variant

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 20
"""Most rows of a table that a notebook shows."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Store:
    """The tasks of one store, in the order of its question list."""

    root: Path
    tasks: tuple[Task, ...]
    problems: tuple[TaskProblem, ...]
    settings: Mapping[str, str]
    """Dataset -> hash of its settings, as they were read."""

    @cached_property
    def task_hashes(self) -> Mapping[str, str]:
        """Task id -> hash of all that decides its scores, from the files at the first use.

        `darebench.store.content` says what that is, and what differs from a record of it.
        """
        return hash_tasks(self.root, self.tasks, self.settings)

    @cached_property
    def hash(self) -> str:
        """Hash of all that decides the scores of the tasks; twelve hex digits."""
        return fingerprint(dict(self.task_hashes))

    def task(self, task_id: str) -> Task:
        """Find one task by its id; `v1` and `v2` stand for the family's own variants.

        Raises:
            ConfigError: The store has no such task; the nearest ids are named.
        """
        found = [t for t in self.tasks if task_id in _names(t)]
        if not found:
            dataset = task_id.rsplit("/", 1)[0]
            broken = [p.message for p in self.problems if p.dataset == dataset]
            hint = broken[0] if broken else _suggestion(task_id, [t.id for t in self.tasks])
            raise ConfigError(f"no task {task_id!r} in {self.root}; {hint}")
        return found[0]

    def to_frame(self) -> pd.DataFrame:
        """Return the tasks as a table: a row for each, with its id, track, targets and files."""
        import pandas as pd

        columns = ["id", "track", "targets", "files", "cluster", "domain", "licence"]
        rows = [
            {name: getattr(t, name) for name in columns}
            | {"track": str(t.track), "targets": ", ".join(t.targets), "files": ", ".join(t.files)}
            for t in self.tasks
        ]
        return pd.DataFrame(rows, columns=columns)

    def __repr__(self) -> str:
        problems = f", {len(self.problems)} problems" if self.problems else ""
        return f"<Store {self.root}: {len(self.tasks)} tasks{problems}, hash {self.hash}>"

    def _repr_html_(self) -> str:
        return f"<p>{escape(repr(self))}</p>{self.to_frame().to_html(max_rows=SHOWN)}"


def open_store(ref: str | Path | None = None) -> Store:
    """Open a store: a folder, an archive of one, `hf://owner/name`, or None for the starter store.

    A dataset that cannot be used becomes an entry of `problems`, and does not stop the others.

    Raises:
        StoreError: There is no store at `ref`.
    """
    root = resolve(ref)
    try:
        entries = read_json(root / layout.QUESTIONS)
    except TaskFormatError as error:
        raise StoreError(f"{root} is not a store: {error}") from None
    if not isinstance(entries, list):
        raise StoreError(f"{root / layout.QUESTIONS} is not a list; fetch or write the store again")
    tasks: list[Task] = []
    problems: list[TaskProblem] = []
    seen: set[str] = set()
    settings: dict[str, str] = {}
    for number, value in enumerate(entries, 1):
        name = _entry_name(value, number)
        try:
            tasks += _read_dataset(root, value, number, seen, settings)
        except TaskFormatError as error:
            problems.append(TaskProblem(dataset=name, message=str(error)))
        except OSError as error:  # a name that the file system does not take, a folder it hides
            problems.append(TaskProblem(dataset=name, message=f"{name[:80]}: {error.strerror}"))
    return Store(
        root=root,
        tasks=tuple(tasks),
        problems=tuple(problems),
        settings=settings,
    )


def select(
    tasks: Sequence[Task],
    patterns: Sequence[str] = (),
    *,
    family: Family | None = None,
    variant: Variant | None = None,
    limit: int | None = None,
    seed: int | None = None,
) -> list[Task]:
    """Choose tasks by id, dataset name or glob, and by family and variant.

    Args:
        tasks: What to choose from, such as `store.tasks`.
        patterns: Ids, dataset names or globs; without one, all tasks.
        family: Keep only tasks of this family.
        variant: Keep only tasks of this variant.
        limit: Keep at most this many tasks: the first ones, or a random choice with a `seed`.
        seed: Random seed of that choice.

    Returns:
        The chosen tasks, in the order of `tasks`.

    Raises:
        ConfigError: A pattern matches no task; the nearest ids are named.
    """
    chosen = list(tasks)
    if patterns:
        for pattern in patterns:
            if not any(_matches(t, pattern) for t in tasks):
                near = _suggestion(pattern, [name for t in tasks for name in (t.id, t.dataset)])
                raise ConfigError(f"no task matches {pattern!r}; {near}")
        chosen = [t for t in chosen if any(_matches(t, p) for p in patterns)]
    chosen = [t for t in chosen if family in (None, t.family) and variant in (None, t.variant)]
    if limit is not None and limit < len(chosen):
        if seed is None:
            return chosen[:limit]
        kept = set(random.Random(seed).sample(range(len(chosen)), limit))
        return [t for i, t in enumerate(chosen) if i in kept]
    return chosen


def _suggestion(wanted: str, names: Sequence[str]) -> str:
    near = get_close_matches(wanted, dict.fromkeys(names), n=3, cutoff=0.5)
    if not near:
        return "`darebench tasks list` prints the ids"
    return f"did you mean {' or '.join(map(repr, near))}? `darebench tasks list` prints all ids"


def _matches(task: Task, pattern: str) -> bool:
    return any(name == pattern or fnmatchcase(name, pattern) for name in _names(task))


def _names(task: Task) -> tuple[str, ...]:
    version = layout.version_of(task.family, task.variant)
    return (task.id, task.dataset, f"{task.dataset}/v{version}")


def _entry_name(value: object, number: int) -> str:
    path = value.get("file_path") if isinstance(value, dict) else None
    if not isinstance(path, str) or not path:
        return f"entry {number}"
    return path if path.isprintable() else ascii(path)


def _read_dataset(
    root: Path, value: object, number: int, seen: set[str], settings: dict[str, str]
) -> list[Task]:
    entry = check(QuestionEntry, value, f"{layout.QUESTIONS} entry {number}")
    if not entry.file_path.isprintable():
        raise TaskFormatError(f"file_path {entry.file_path[:80]!r} cannot be a folder's name")
    folder = layout.dataset_folder(root, entry.file_path)
    if not folder.resolve().is_relative_to(root.resolve()):
        raise TaskFormatError(f"{entry.file_path!r} leads out of the store")
    if not folder.is_dir():
        raise TaskFormatError(f"its folder {folder} is missing; fetch the store again")
    if folder.name in seen:
        raise TaskFormatError(f"{folder.name} is listed twice in {layout.QUESTIONS}")
    seen.add(folder.name)
    family = layout.TASK_KINDS.get(entry.task)
    if family is None:
        raise TaskFormatError(f"unknown kind of task {entry.task!r}")
    settings_path = layout.settings_file(folder)
    metadata = check(AllMetadata, read_json(settings_path), str(settings_path))
    settings[folder.name] = fingerprint(metadata.question.model_dump(mode="json"))
    return [
        _make_task(entry, metadata, folder, family, variant) for variant in _variants(entry, family)
    ]


def _variants(entry: QuestionEntry, family: Family) -> list[Variant]:
    """Return the variants of a dataset: its family's two, or those of them that its entry names."""
    known = layout.VARIANTS[family]
    named = [str(variant) for variant in known] if entry.variants is None else entry.variants
    stray = [name for name in named if name not in known]
    if stray or not named:
        raise TaskFormatError(f"variants {named!r} are not among {[*map(str, known)]}")
    return [variant for variant in known if variant in named]


def _make_task(
    entry: QuestionEntry, metadata: AllMetadata, folder: Path, family: Family, variant: Variant
) -> Task:
    first = variant is layout.VARIANTS[family][0]
    question = entry.question_v1 if first else entry.question_v2
    files = entry.needed_files_v1 if first else entry.needed_files_v2
    if not question or not question.strip():
        raise TaskFormatError(f"question_v{1 if first else 2} is missing or empty")
    if not files:
        raise TaskFormatError(f"needed_files_v{1 if first else 2} is missing or empty")
    guard(folder, files)
    targets = metadata.question.target
    wrong = [t for t in targets if not t or t == layout.ROW_ID or targets.count(t) > 1]
    if wrong:
        raise TaskFormatError(f"target {wrong[0]!r} is empty, {layout.ROW_ID}, or named twice")
    if variant is not Variant.IF:
        answer = layout.truth_file(folder, variant)
        check_answer(answer, targets, by_row=variant is not Variant.CF)
    info = metadata.data_info
    return Task(
        id=f"{folder.name}/{variant}",
        dataset=folder.name,
        family=family,
        variant=variant,
        question=question,
        targets=tuple(targets),
        files=tuple(dict.fromkeys(files)),
        source=layout.source_folder(folder),
        cluster=info.ref or folder.name.removesuffix(f"_{family}"),
        licence=info.licenseName,
        domain=entry.domain or info.domain,
    )
