"""Choose what of a store is published, and read what its documents say."""

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
"""Hidden files, and references, which hold only for the environment that computed them."""
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
"""The question list's fields that the documents describe, with their meanings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """One dataset folder and the table that it was made from, for the list of licences."""

    name: str
    title: str
    ref: str
    """The source table, as `owner/slug`."""
    licence: str
    """As the source spells it; `unknown` where it does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """A store, and everything that its documents say about it."""

    store: Store
    stats: Inventory
    datasets: tuple[Origin, ...]
    fields: tuple[str, ...]
    """The described fields of the question list that every entry has."""
    updated: str
    """Day of the latest update of a source table, in ISO format; empty if unknown."""


def read_contents(ref: str) -> Contents:
    """Read a store that is to be published.

    Raises:
        StoreError: There is no store at `ref`, or a part of it is broken.
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
    """Return the day of an update in ISO format; empty where it is written in any other way."""
    text = str(updated or "")[:10]
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return ""


def _refuse_strays(store: Store, ref: str) -> None:
    """Refuse a store of which other folders would be published, or parts left behind.

    Raises:
        StoreError: A file is a link out of the store, or a dataset lies beside `databases`.
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


def _datasets(store: Store) -> Iterator[Origin]:
    for task in {task.dataset: task for task in store.tasks}.values():
        info = read_json(layout.settings_file(task.source.parent)).get("data_info") or {}
        yield Origin(
            name=task.dataset,
            title=str(info.get("title") or task.dataset),
            ref=task.cluster,
            licence=task.licence or UNKNOWN,
        )


def published_files(root: Path) -> list[Path]:
    """List the store's files that are published, in the order of their names."""
    databases = sorted(p for p in (root / layout.DATABASES).rglob("*") if p.is_file())
    inside = [path for path in databases if not _is_left_out(path.relative_to(root))]
    return [root / layout.QUESTIONS, *inside]


def _is_left_out(path: Path) -> bool:
    return path.name == layout.LOCAL_REFERENCE or any(p.startswith(".") for p in path.parts)


def write_licences(datasets: tuple[Origin, ...], path: Path) -> None:
    """Write the licence of each dataset's table as csv, with the release's columns."""
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
    """Return the sha256 of a file, in hex digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def count_licences(datasets: tuple[Origin, ...]) -> dict[str, int]:
    """Count datasets by licence, the commonest first."""
    counts = Counter(dataset.licence for dataset in datasets)
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
