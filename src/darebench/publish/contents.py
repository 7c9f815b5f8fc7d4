"""What of a store is published, and what its documents are written from."""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from darebench.audit.inventory import Inventory, measure_store
from darebench.errors import StoreError
from darebench.store import layout
from darebench.store.cache import cache_folder
from darebench.store.read import Store, open_store
from darebench.store.wire import read_json

CHECKSUMS, CROISSANT, CARD = "SHA256SUMS", "croissant.json", "README.md"
PATTERNS = [layout.QUESTIONS, f"{layout.DATABASES}/**"]
LEFT_OUT = [".*", "*/.*", f"*/{layout.LOCAL_REFERENCE}"]
"""Hidden files, and references: they hold for the environment that computed them only."""
UNKNOWN = "unknown"
FIELDS = {
    "file_path": "the dataset's folder under databases/",
    "task": "classification, regression or time_series_analysis",
    "question_v1": "the question of the IF task, or of XF for time series",
    "question_v2": "the question of the MM task, or of CF for time series",
    "needed_files_v1": "the files of source/ that an agent gets for question_v1",
    "needed_files_v2": "the files of source/ that an agent gets for question_v2",
    "domain": "what the table is about",
    "split": "train or test; all tasks of one table are on one side",
    "lastUpdated": "when the source table last changed, if known",
}
"""Fields of the question list -> what they mean."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """One dataset folder, for the list of licences."""

    name: str
    title: str
    ref: str
    licence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """A store with everything that its documents say."""

    store: Store
    stats: Inventory
    datasets: tuple[Dataset, ...]
    fields: tuple[str, ...]
    """Of the question list: the known ones that every entry has."""
    updated: str
    """The latest update of a source table, as ISO text; empty if unknown."""


def read_contents(ref: str) -> Contents:
    """Read a store that is to be published.

    Raises:
        StoreError: there is no store at `ref`, or a part of it is broken.
    """
    store = open_store(ref)
    if store.problems:
        first = store.problems[0]
        raise StoreError(
            f"{len(store.problems)} datasets of {ref} are broken ({first.dataset}: "
            f"{first.message}); mend or remove them before the store is published"
        )
    _refuse_strays(store, ref)
    entries = read_json(store.root / layout.QUESTIONS)
    return Contents(
        store=store,
        stats=measure_store(ref),
        datasets=tuple(_datasets(store)),
        fields=tuple(name for name in FIELDS if all(name in entry for entry in entries)),
        updated=max((_day(entry.get("lastUpdated")) for entry in entries), default=""),
    )


def _day(updated: object) -> str:
    """Give the day of an update as ISO text; empty where it is written in any other way."""
    text = str(updated or "")[:10]
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return ""


def _refuse_strays(store: Store, ref: str) -> None:
    """Refuse what would be published of other folders, and what would be left behind.

    Raises:
        StoreError: a file is a link out of the store, or a dataset lies beside `databases`.
    """
    # The hub's client keeps a snapshot as links into its own cache.
    homes = [store.root.resolve(), cache_folder("hub").resolve()]
    for path in published_files(store.root):
        real = path.resolve()
        if not any(real.is_relative_to(home) for home in homes):
            raise StoreError(
                f"{path} is a link out of the store, to {real}; {ref} is not published"
            )
    inside = store.root / layout.DATABASES
    for task in store.tasks:
        if not task.source.is_relative_to(inside):
            raise StoreError(
                f"{task.dataset} lies in {task.source.parent}; move it to {inside}, for nothing "
                "else is published"
            )


def _datasets(store: Store) -> Iterator[Dataset]:
    for task in {task.dataset: task for task in store.tasks}.values():
        info = read_json(layout.settings_file(task.source.parent)).get("data_info") or {}
        yield Dataset(
            name=task.dataset,
            title=str(info.get("title") or task.dataset),
            ref=task.cluster,
            licence=task.licence or UNKNOWN,
        )


def published_files(root: Path) -> list[Path]:
    """List the store's files that are published, by name."""
    databases = sorted(p for p in (root / layout.DATABASES).rglob("*") if p.is_file())
    inside = [path for path in databases if not _is_left_out(path.relative_to(root))]
    return [root / layout.QUESTIONS, *inside]


def _is_left_out(path: Path) -> bool:
    return path.name == layout.LOCAL_REFERENCE or any(p.startswith(".") for p in path.parts)


def write_licences(datasets: tuple[Dataset, ...], path: Path) -> None:
    """Write which licence each dataset's table has, with the release's columns."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(("dataset", "title", "kaggle_ref", "license"))
        writer.writerows((d.name, d.title, d.ref, d.licence) for d in datasets)


def write_checksums(root: Path, documents: list[Path], path: Path) -> None:
    """Write the sha256 of every published file, as `sha256sum --check` reads it."""
    named = {file.relative_to(root).as_posix(): file for file in published_files(root)}
    named |= {document.name: document for document in documents}
    lines = [f"{sha256_of(file)}  {name}\n" for name, file in sorted(named.items())]
    path.write_text("".join(lines), encoding="utf-8")


def sha256_of(path: Path) -> str:
    """Hash a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def count_licences(datasets: tuple[Dataset, ...]) -> dict[str, int]:
    """Count datasets by licence, the commonest first."""
    counts = Counter(dataset.licence for dataset in datasets)
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
