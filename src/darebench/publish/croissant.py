"""Write and validate a store's Croissant metadata (JSON-LD) with `mlcroissant`."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from darebench.errors import ConfigError
from darebench.files import write_json
from darebench.installing import install_command
from darebench.publish.card import ARXIV
from darebench.publish.contents import FIELDS, Contents, count_licences, sha256_of
from darebench.store import layout

HUB = "https://huggingface.co/datasets"
VERSION = "1.0.0"
_LISTED = ("needed_files_v1", "needed_files_v2")
_LICENCE_COLUMNS = {
    "dataset": "the dataset's folder",
    "title": "the source table's title",
    "kaggle_ref": "the source table, as owner/slug",
    "license": "the source table's licence",
}


def write_croissant(contents: Contents, name: str, folder: Path, path: Path) -> None:
    """Describe a store that is published as `owner/name`.

    Args:
        contents: What is known of the store.
        name: Where it will be on the hub.
        folder: The folder that holds its list of licences.
        path: The file to write.

    Raises:
        ConfigError: mlcroissant is not installed, or finds a fault in what it is given.
    """
    try:
        import mlcroissant as mlc  # pyright: ignore[reportMissingImports] -- an optional extra
    except ImportError:
        raise ConfigError(
            f"publishing needs mlcroissant: {install_command(extra='publish')}"
        ) from None
    try:
        metadata = mlc.Metadata(
            name=name.split("/")[-1],
            description=(
                f"{contents.stats.n_tasks} verifiable data-science tasks for language-model agents "
                f"in the layout of DARE-bench (arXiv:{ARXIV}). Answers lie in the folders named "
                f"{layout.VERIFY} and are not for agents."
            ),
            cite_as=f"arXiv:{ARXIV}",
            license=list(count_licences(contents.datasets)),
            url=f"{HUB}/{name}",
            version=f"{VERSION}+{contents.store.hash}",
            date_published=datetime.fromisoformat(contents.updated) if contents.updated else None,
            keywords=["benchmark", "data science", "agents", "tabular"],
            distribution=_files(mlc, contents, name, folder),
            record_sets=[_tasks(mlc, contents), _licences(mlc)],
        )
        written = metadata.to_json()
    except mlc.ValidationError as error:
        raise ConfigError(f"the store cannot be described in Croissant: {error}") from None
    write_json(json.loads(json.dumps(written, default=str)), path)
    validate(path)


def validate(path: Path) -> None:
    """Read a Croissant file with mlcroissant.

    Raises:
        ConfigError: It finds a fault.
    """
    import mlcroissant as mlc  # pyright: ignore[reportMissingImports] -- an optional extra

    try:
        mlc.Dataset(jsonld=path)
    except mlc.ValidationError as error:
        raise ConfigError(f"{path} is not valid Croissant: {error}") from None


def _files(mlc: Any, contents: Contents, name: str, folder: Path) -> list[Any]:
    questions, licences = contents.store.root / layout.QUESTIONS, folder / layout.LICENCES
    within = f"{layout.DATABASES}/*"
    clean = f"{within}/{layout.SOURCE}/{layout.CLEAN_TRAIN_STEM}.*"
    seen, hidden = [f"{within}/{layout.SOURCE}/*"], [f"{within}/{layout.VERIFY}/*", clean]
    repository = mlc.FileObject(
        id="repository",
        name="repository",
        description="The repository on the Hugging Face hub.",
        content_url=f"{HUB}/{name}",
        encoding_formats=["git+https"],
        sha256="main",
    )
    return [
        repository,
        _file(mlc, questions, "application/json", "The questions and the files they need."),
        _file(mlc, licences, "text/csv", "Source and licence of each dataset."),
        _file_set(mlc, "sources", (seen, [clean]), "What agents may see."),
        _file_set(mlc, "answers", (hidden, []), "True values and settings; never for an agent."),
    ]


def _file(mlc: Any, path: Path, kind: str, meaning: str) -> Any:
    return mlc.FileObject(
        id=path.name,
        name=path.name,
        description=meaning,
        content_url=path.name,
        encoding_formats=[kind],
        sha256=sha256_of(path),
    )


def _file_set(mlc: Any, name: str, globs: tuple[list[str], list[str]], meaning: str) -> Any:
    return mlc.FileSet(
        id=name,
        name=name,
        description=meaning,
        contained_in=["repository"],
        encoding_formats=["text/csv", "application/x-parquet", "application/vnd.sqlite3"],
        includes=globs[0],
        excludes=globs[1],
    )


def _tasks(mlc: Any, contents: Contents) -> Any:
    fields = [
        mlc.Field(
            id=f"tasks/{field}",
            name=field,
            description=FIELDS[field],
            data_types=[mlc.DataType.TEXT],
            repeated=field in _LISTED or None,
            source=mlc.Source(
                file_object=layout.QUESTIONS, extract=mlc.Extract(json_path=f"$[*].{field}")
            ),
        )
        for field in contents.fields
    ]
    return mlc.RecordSet(
        id="tasks",
        name="tasks",
        description="One record for each dataset, that is for its tasks.",
        key=["tasks/file_path"],
        fields=fields,
    )


def _licences(mlc: Any) -> Any:
    fields = [
        mlc.Field(
            id=f"licences/{column}",
            name=column,
            description=meaning,
            data_types=[mlc.DataType.TEXT],
            source=mlc.Source(file_object=layout.LICENCES, extract=mlc.Extract(column=column)),
        )
        for column, meaning in _LICENCE_COLUMNS.items()
    ]
    return mlc.RecordSet(
        id="licences",
        name="licences",
        description="One record for each dataset.",
        key=["licences/dataset"],
        fields=fields,
    )
