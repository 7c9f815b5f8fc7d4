"""Write a store in the public release's layout; the same input gives the same bytes."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from darebench.files import write_json
from darebench.store import layout
from darebench.types import Family

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetFiles:
    """One dataset, ready to be written: its two questions, its tables, its settings."""

    name: str
    """Name of the folder, with the family as its suffix."""
    family: Family
    question_v1: str
    question_v2: str
    metadata: str
    """Text of `metadata.txt`."""
    sources: Mapping[str, pd.DataFrame]
    """File name in `source/` -> table."""
    truths: Mapping[str, pd.DataFrame]
    """File name in `verify/` -> table."""
    needed_v1: tuple[str, ...]
    needed_v2: tuple[str, ...]
    settings: Mapping[str, Any]
    """The `question` object of `all_metadata.json`."""
    info: Mapping[str, Any]
    """The `data_info` object beside it: at least `ref` and `licenseName`."""
    domain: str
    split_tables: int = 1
    """Number of sqlite tables that the noisy training file is split into."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Further fields of the dataset's object in the question list."""


def write_store(datasets: Sequence[DatasetFiles], folder: Path) -> None:
    """Write a store at `folder`, which must not exist; it appears whole or not at all.

    Raises:
        FileExistsError: The folder exists.
    """
    if folder.exists():
        raise FileExistsError(f"{folder} exists; remove it or write to another folder")
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(dir=folder.parent))
    try:
        for dataset in datasets:
            _write_dataset(dataset, scratch / layout.DATABASES / dataset.name)
        write_json([question_entry(d) for d in datasets], scratch / layout.QUESTIONS)
        scratch.chmod(0o755)
        scratch.rename(folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def question_entry(dataset: DatasetFiles) -> dict[str, Any]:
    """Return the object of a dataset in the question list."""
    return {
        "file_path": dataset.name,
        "question_v1": dataset.question_v1,
        "question_v2": dataset.question_v2,
        "available_tools": ["python_executor"],
        "task": layout.KIND_OF[dataset.family],
        "usability_rating": 1.0,
        "lastUpdated": dataset.info.get("lastUpdated", ""),
        "needed_files_v1": list(dataset.needed_v1),
        "needed_files_v2": list(dataset.needed_v2),
        "domain": dataset.domain,
        **dataset.extra,
    }


def _write_dataset(dataset: DatasetFiles, folder: Path) -> None:
    source, verify = folder / layout.SOURCE, folder / layout.VERIFY
    source.mkdir(parents=True)
    verify.mkdir()
    (source / layout.METADATA_TEXT).write_text(dataset.metadata, encoding="utf-8")
    for name, table in dataset.sources.items():
        n_tables = dataset.split_tables if name.startswith("train_v1.") else 1
        write_table(table, source / name, n_tables)
    for name, table in dataset.truths.items():
        table.to_csv(verify / name, index=False)
    write_metadata(dataset, folder)


def write_metadata(dataset: DatasetFiles, folder: Path) -> None:
    """Write the settings of a dataset into its folder, anew if they are there."""
    metadata = {
        "question": dict(dataset.settings),
        "data_info": {**dataset.info, "domain": dataset.domain},
        "meta_data": {"title": dataset.info.get("title", ""), "licenses": []},
    }
    write_json(metadata, layout.settings_file(folder))


def write_table(table: pd.DataFrame, path: Path, n_tables: int = 1) -> None:
    """Write a table as csv, parquet or sqlite, by the suffix of its file.

    An sqlite file holds `train_set` or `val_set`, or `table_1 ...` that share `row_id`.
    """
    if path.suffix == ".csv":
        table.to_csv(path, index=False)
    elif path.suffix == ".parquet":
        table.to_parquet(path, index=False)
    else:
        with closing(sqlite3.connect(path)) as connection:
            for name, part in _parts(table, path, n_tables):
                part.to_sql(name, connection, index=False)
            connection.commit()


def _parts(table: pd.DataFrame, path: Path, n_tables: int) -> list[tuple[str, pd.DataFrame]]:
    if n_tables == 1:
        part = path.stem.split("_")[0]
        return [(f"{part}_set", table)]
    columns = [name for name in table.columns if name != layout.ROW_ID]
    groups = [columns[start::n_tables] for start in range(n_tables)]
    return [
        (f"table_{number}", table.filter([layout.ROW_ID, *group]))
        for number, group in enumerate(groups, 1)
    ]
