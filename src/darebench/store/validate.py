"""Validate a store that somebody wrote by hand: name everything that is wrong with it at once.

`read.open_store` stops at a dataset's first problem, which is right for using a store and slow for
writing one. Here the question list, the files of `source/` and those of `verify/` are all looked
at. Whether a task is worth asking is not asked here: that is the audit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from darebench.errors import TaskFormatError
from darebench.store import layout
from darebench.store.format_problem import FormatProblem, format_problem
from darebench.store.guard import guard
from darebench.store.read import open_store
from darebench.store.sources import resolve
from darebench.store.validate_tables import TaskFiles, table_problems
from darebench.store.wire import AllMetadata, QuestionEntry, QuestionSettings, read_json
from darebench.types import Family, Variant

_Model = TypeVar("_Model", bound=BaseModel)
_WORKFLOW = ("selected_features", "imputer_type", "model_type")
"""Settings that an IF task's reference cannot be computed without."""


class _WrongField(NamedTuple):
    """A field of a JSON file that its model refuses."""

    name: str
    value: object
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Dataset:
    """A dataset of the question list whose folder and kind are known."""

    root: Path
    entry: QuestionEntry
    folder: Path
    family: Family
    variants: tuple[Variant, ...]

    def problem(self, field: str, message: object, fix: str, value: object = "") -> FormatProblem:
        """Make a problem with its object of the question list."""
        name = self.entry.file_path
        return _of_list(self.root, name, field, message, fix, value)


def validate_store(ref: str | Path) -> tuple[FormatProblem, ...]:
    """Find everything that is wrong with the format of a store; an empty tuple is a sound one.

    Args:
        ref: A folder, an archive of one, or `hf://owner/name`.

    Raises:
        StoreError: There is no store at `ref`: nothing there has a question list.
    """
    root = resolve(ref)
    try:
        entries = read_json(root / layout.QUESTIONS)
    except TaskFormatError as error:
        fix = "write a JSON list of objects, one for each dataset"
        return (_of_list(root, "", "", error, fix),)
    if not isinstance(entries, list):
        what = f"it holds one {type(entries).__name__} where a list is due"
        return (_of_list(root, "", "", what, "put the datasets' objects into a list"),)
    problems: list[FormatProblem] = []
    for number, value in enumerate(entries, 1):
        try:
            problems += _entry_problems(root, number, value)
        except OSError as error:  # a name that the file system does not take
            fix = "write the name of a folder"
            problems.append(_of_list(root, f"entry {number}", "file_path", error.strerror, fix))
    problems += _list_problems(root, entries)
    named = {problem.dataset for problem in problems}
    # What a reader refuses and nothing above has named.
    problems += [
        _of_list(root, problem.dataset, "", problem.message, "correct the dataset")
        for problem in open_store(root).problems
        if problem.dataset not in named
    ]
    return tuple(problems)


def _entry_problems(root: Path, number: int, value: object) -> Iterator[FormatProblem]:
    path = value.get("file_path") if isinstance(value, dict) else None
    name = path if isinstance(path, str) and path else f"entry {number}"
    entry, wrong = _checked(QuestionEntry, value)
    for field in wrong:
        fix = "correct the field"
        yield _of_list(root, name, field.name, field.message, fix, field.value)
    if entry is None:
        return
    problems = list(_folder_problems(root, entry))
    yield from problems
    if problems:
        return
    family = layout.TASK_KINDS[entry.task]
    known = layout.VARIANTS[family]
    dataset = _Dataset(
        root=root,
        entry=entry,
        folder=layout.dataset_folder(root, entry.file_path),
        family=family,
        variants=tuple(v for v in known if entry.variants is None or v in entry.variants),
    )
    settings, problems = _settings(dataset)
    yield from problems
    for variant in dataset.variants:
        yield from _task_problems(dataset, variant, settings)


def _folder_problems(root: Path, entry: QuestionEntry) -> Iterator[FormatProblem]:
    """Check what the list says of a dataset as a whole: its folder, its kind, its variants."""
    name = entry.file_path
    folder = layout.dataset_folder(root, name)
    if not name.isprintable() or not folder.resolve().is_relative_to(root.resolve()):
        fix = f"write the name of a folder in {layout.DATABASES}/"
        yield _of_list(root, name, "file_path", "it leads out of the store", fix, name)
    elif not folder.is_dir():
        fix = f"make the folder {layout.DATABASES}/{name}, or correct file_path"
        yield _of_list(root, name, "file_path", "its folder is missing", fix, name)
    family = layout.TASK_KINDS.get(entry.task)
    if family is None:
        fix = f"write one of {', '.join(layout.TASK_KINDS)}"
        yield _of_list(root, name, "task", "it is not a kind of task", fix, entry.task)
        return
    known = layout.VARIANTS[family]
    fix = f"name some of {', '.join(known)}, or leave the field out for both"
    if entry.variants == []:
        yield _of_list(root, name, "variants", "it names no task", fix)
    for stray in entry.variants or ():
        if stray not in known:
            what = f"{entry.task} has no such variant"
            yield _of_list(root, name, "variants", what, fix, stray)


def _settings(dataset: _Dataset) -> tuple[QuestionSettings | None, list[FormatProblem]]:
    """Read a dataset's settings, and check those that its variants need."""
    path = layout.settings_file(dataset.folder)

    def problem(field: str, message: object, fix: str, value: object = "") -> FormatProblem:
        return format_problem(
            dataset.root,
            path,
            dataset.entry.file_path,
            field=field,
            value=value,
            message=message,
            fix=fix,
        )

    try:
        value = read_json(path)
    except TaskFormatError as error:
        return None, [problem("", error, 'write at least {"question": {"target": ["COLUMN"]}}')]
    metadata, wrong = _checked(AllMetadata, value)
    found = [problem(w.name, w.message, "correct the field", w.value) for w in wrong]
    if metadata is None:
        return None, found
    settings = metadata.question
    for target, n in Counter(settings.target).items():
        if not target or target == layout.ROW_ID or n > 1:
            what = f"a target is empty, {layout.ROW_ID}, or named twice"
            found.append(problem("question.target", what, "name each column once", target))
    if Variant.IF in dataset.variants:
        for field in _WORKFLOW:
            if not getattr(settings, field):
                what = "the setting is missing, and the reference of an IF task needs it"
                fix = 'add it, or list the dataset with "variants": ["mm"]'
                found.append(problem(f"question.{field}", what, fix))
    return settings, found


def _task_problems(
    dataset: _Dataset, variant: Variant, settings: QuestionSettings | None
) -> Iterator[FormatProblem]:
    """Check one task: its question, the files that it names, and their tables."""
    version = layout.version_of(dataset.family, variant)
    entry, field = dataset.entry, f"needed_files_v{version}"
    question = entry.question_v1 if version == 1 else entry.question_v2
    names = entry.needed_files_v1 if version == 1 else entry.needed_files_v2
    if not question or not question.strip():
        fix = f"write the question of the {variant} task"
        yield dataset.problem(f"question_v{version}", "it is missing or empty", fix)
    missing = False
    for name in names:
        try:
            guard(dataset.folder, [name])
        except TaskFormatError as error:
            missing = True
            fix = f"put the file into {layout.SOURCE}/, or correct {field}"
            yield dataset.problem(field, error, fix, name)
    parts: list[str] = []
    for part in ("train", "val"):
        tables = [n for n in names if n.startswith(part) and n.endswith(layout.TABLE_SUFFIXES)]
        parts += tables
        if len(tables) != 1:
            what = f"it names {len(tables)} tables that start with {part!r} where one is due"
            fix = f"name one such as {part}.csv, {part}_v{version}.parquet or {part}.sqlite"
            yield dataset.problem(field, what, fix, ", ".join(names))
    if settings is not None and len(parts) == 2 and not missing:
        yield from table_problems(
            TaskFiles(
                root=dataset.root,
                folder=dataset.folder,
                variant=variant,
                train=parts[0],
                val=parts[1],
                targets=tuple(settings.target),
                features=tuple(settings.selected_features) if variant is Variant.IF else (),
                time_column=settings.time_column,
            )
        )


def _list_problems(root: Path, entries: Sequence[object]) -> Iterator[FormatProblem]:
    """Find datasets that are listed twice, and folders that are not listed."""
    paths = [e["file_path"] for e in entries if isinstance(e, dict) and "file_path" in e]
    names = Counter(Path(p.replace("\\", "/")).name for p in paths if isinstance(p, str))
    for name, n in names.items():
        if n > 1:
            fix = "keep one of the objects, or give each a folder of its own"
            yield _of_list(root, name, "file_path", f"the dataset is listed {n} times", fix, name)
    for folder in sorted(p for p in (root / layout.DATABASES).glob("[!.]*") if p.is_dir()):
        if folder.name not in names:
            what = "the folder is not in the question list"
            fix = f"add an object for it to {layout.QUESTIONS}, or remove the folder"
            yield format_problem(root, folder, folder.name, message=what, fix=fix)


def _checked(model: type[_Model], value: object) -> tuple[_Model | None, list[_WrongField]]:
    """Turn parsed JSON into a model, or list all fields that it refuses."""
    try:
        return model.model_validate(value), []
    except ValidationError as error:
        return None, [
            _WrongField(
                ".".join(map(str, found["loc"])),
                "" if found["type"] == "missing" else found["input"],
                found["msg"],
            )
            for found in error.errors()
        ]


def _of_list(
    root: Path, dataset: str, field: str, message: object, fix: str, value: object = ""
) -> FormatProblem:
    path = root / layout.QUESTIONS
    return format_problem(root, path, dataset, field=field, value=value, message=message, fix=fix)
