"""A folder: each file, or each subfolder with its files, is one table."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from darebench.curate.naming import slug
from darebench.curate.reading.evidence import with_units
from darebench.curate.records import RawTable
from darebench.curate.sources.data_files import SUFFIXES, read_any
from darebench.curate.sources.documentation import Page, load_json, read_json_page, read_text_page
from darebench.curate.sources.source_kind import SourceKind
from darebench.curate.told import Told, check_beside, told_beside
from darebench.errors import CurationReject

DOCUMENTS = ("metadata.json", "dataset-metadata.json", "metadata.txt", "README.md", "README.txt")
_PASSED_OVER = re.compile(
    r"\..*|licen[cs]es?(\..*)?|.*\.(md|toml|pdf|png|jpe?g|gif|html?|py|ipynb)", re.I
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderSource:
    """Tables in files."""

    folder: Path
    told: Told = field(default_factory=Told)
    """What is said of every table; it counts before what `dataset.toml` says."""

    @property
    def owner(self) -> str:
        """The folder's own name."""
        return slug(self.folder.name)

    def identity(self) -> dict[str, Any]:
        """Describe the folder by its name, which tasks have, and by the content of its files."""
        listed = [path for path in sorted(self.folder.iterdir()) if not path.name.startswith(".")]
        files = {path.name: _content(path) for path in listed}
        return {
            "kind": KIND.name,
            "name": self.owner,
            "files": files,
            "path": str(self.folder),
        }

    def keys(self) -> list[str]:
        """List files and subfolders by name; documents are not tables."""
        return [path.name for path in sorted(self.folder.iterdir()) if not _is_document(path)]

    def load(self, key: str) -> RawTable:
        """Read one file, or the main table of a subfolder.

        Raises:
            ConfigError: What is said of it in `dataset.toml` cannot be used.
            CurationReject: It does not hold a table that can be read.
        """
        told = self.told.over(told_beside(self.folder, key))
        return read_dataset(self.folder / key, told=told)


def read_dataset(path: Path, content: Any = None, told: Told | None = None) -> RawTable:
    """Read one file, or the main table of a folder, with what is written beside it.

    Args:
        path: The file or folder.
        content: Metadata in Kaggle's form that counts before what lies there.
        told: What is said of the table.

    Raises:
        CurationReject: It does not hold a table that can be read.
    """
    data, notes = _main_file(path) if path.is_dir() else (path, ())
    told = told or Told()
    table = read_any(data, sheet=told.sheet, header_row=told.header_row)
    columns = list(map(str, table.frame.columns))
    inner = data.relative_to(path).as_posix() if path.is_dir() else data.name
    page = _page(path, data, columns, read_json_page(content, inner, columns))
    return RawTable(
        title=page.title or path.stem.replace("_", " "),
        about=page.about,
        licence=page.licence or "unknown",
        updated=page.updated,
        frame=table.frame,
        descriptions=with_units(page.descriptions, table.units),
        keywords=page.keywords,
        notes=(*notes, *table.reading.notes),
        reading=table.reading,
        told=told,
    )


def _content(path: Path) -> str | Mapping[str, str]:
    """Hash a file, or each file of a folder; files whose names start with a dot are left out."""
    if path.is_dir():
        inner = [p for p in sorted(path.rglob("*")) if p.is_file() and not p.name.startswith(".")]
        return {p.relative_to(path).as_posix(): _hash(p) for p in inner}
    return _hash(path) if path.is_file() else "not a file"


def _hash(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()[:16]


def _is_document(path: Path) -> bool:
    if path.is_dir():
        return path.name.startswith(".")
    name = path.name
    return (
        name in DOCUMENTS
        or name.endswith((".metadata.txt", ".metadata.json"))
        or _PASSED_OVER.fullmatch(name) is not None
    )


def _main_file(folder: Path) -> tuple[Path, tuple[str, ...]]:
    """Choose the table of a subfolder: a training file if one is named so, else the largest."""
    files = [p for p in sorted(folder.rglob("*")) if p.is_file() and not _is_document(p)]
    tables = [p for p in files if p.suffix.lower() in SUFFIXES]
    if not tables:
        kinds = ", ".join(sorted(SUFFIXES))
        found = f"{files[0].name!r}" if files else "nothing"
        raise CurationReject(f"the folder holds no table ({kinds}), only {found}")
    tables.sort(key=lambda p: ("train" not in p.stem.lower(), -p.stat().st_size, p.name))
    left = tuple(f"{p.name} is left out" for p in tables[1:])
    return tables[0], left


def _page(path: Path, data: Path, columns: list[str], page: Page) -> Page:
    """Add what the documents beside a table say; the first one that says something wins."""
    inner = data.relative_to(path).as_posix() if path.is_dir() else data.name
    for document in _documents(path, data):
        if document.suffix == ".json":
            read = read_json_page(load_json(document), inner, columns)
        else:
            text = document.read_text(encoding="utf-8-sig", errors="replace")
            read = read_text_page(text, columns, data.name)
        if not (read.names_columns or document.name.startswith(f"{data.stem}.")):
            page = replace(page, licence=page.licence or read.licence)
            continue
        page = replace(
            page,
            title=page.title or read.title,
            about=page.about or read.about,
            licence=page.licence or read.licence,
            updated=page.updated or read.updated,
            keywords=page.keywords or read.keywords,
            descriptions={**read.descriptions, **page.descriptions},
        )
    return page


def _documents(path: Path, data: Path) -> Iterator[Path]:
    folder = data.parent
    own = [folder / f"{data.stem}{end}" for end in (".metadata.json", ".metadata.txt", ".md")]
    shared = [folder / name for name in DOCUMENTS]
    if path.is_dir() and path != folder:
        shared += [path / name for name in DOCUMENTS]
    yield from (p for p in (*own, *shared) if p.is_file())


def _open(name: str, filters: dict[str, Any]) -> FolderSource:
    source = FolderSource(folder=Path(name).expanduser().resolve())
    check_beside(source.folder, source.keys())
    return source


KIND = SourceKind(
    name="folder",
    sentence="each file, or each subfolder with its files, is one table",
    open=_open,
    one="a path",
)
