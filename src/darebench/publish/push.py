"""Write a store's documents, and upload store and documents to the Hugging Face hub."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from darebench.errors import ConfigError, StoreError
from darebench.publish.card import write_card
from darebench.publish.contents import (
    CARD,
    CHECKSUMS,
    CROISSANT,
    LEFT_OUT,
    PATTERNS,
    published_files,
    read_contents,
    write_checksums,
    write_licences,
)
from darebench.publish.croissant import write_croissant
from darebench.store import layout
from darebench.store.hub import client_error
from darebench.store.sources import resolve

if TYPE_CHECKING:
    from huggingface_hub import HfApi

_NAME = re.compile(r"[\w][\w.-]{0,95}/[\w][\w.-]{0,95}")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What was published, or would be."""

    name: str
    url: str
    """Empty where nothing was uploaded."""
    commit: str
    """The commit that published the documents; empty where nothing was uploaded."""
    n_files: int
    """Files of the store; its documents are not counted."""
    n_bytes: int
    """Bytes of these files."""
    documents: tuple[Path, ...]


def prepare(store: str, name: str, folder: Path) -> Published:
    """Write card, Croissant metadata, licences and checksums of a store into a folder.

    Raises:
        ConfigError: The name is not `owner/name`, the folder holds other files, or mlcroissant is
            missing.
        StoreError: There is no store, or a part of it is broken.
    """
    if not _NAME.fullmatch(name):
        raise ConfigError(f"{name!r} is not of the form owner/name")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / CHECKSUMS).is_file():
        raise ConfigError(f"{folder} holds other files, which would be overwritten; give a new one")
    contents = read_contents(store)
    root = contents.store.root
    folder.mkdir(parents=True, exist_ok=True)
    write_licences(contents.datasets, folder / layout.LICENCES)
    (folder / CARD).write_text(write_card(contents, name), encoding="utf-8")
    write_croissant(contents, name, folder, folder / CROISSANT)
    written = [folder / file for file in (CARD, layout.LICENCES, CROISSANT)]
    write_checksums(root, written, folder / CHECKSUMS)
    files = published_files(root)
    return Published(
        name=name,
        url="",
        commit="",
        n_files=len(files),
        n_bytes=sum(file.stat().st_size for file in files),
        documents=(*written, folder / CHECKSUMS),
    )


def push(store: str, name: str, *, private: bool = False) -> Published:
    """Publish a store as the dataset `owner/name`; what is there already is not sent again.

    Datasets that the repository has and the store lacks are deleted from the repository.

    Raises:
        ConfigError: There is no token, the hub refuses it or the name, or the dataset should be
            private and is public.
        StoreError: There is no store, a part of it is broken, or the hub does not answer.
    """
    from huggingface_hub import HfApi, get_token

    if get_token() is None:
        raise ConfigError("the hub needs a token that may write: set HF_TOKEN, or `hf auth login`")
    with tempfile.TemporaryDirectory() as scratch:
        made = prepare(store, name, Path(scratch))
        api = HfApi()
        address = _asked(
            lambda: api.create_repo(name, repo_type="dataset", private=private, exist_ok=True)
        )
        if private and not _asked(lambda: api.repo_info(name, repo_type="dataset")).private:
            raise ConfigError(
                f"{name} exists and is public; make it private on the hub, or give another name"
            )
        _upload(api, name, resolve(store), "Publish the store", is_store=True)
        commit = _upload(api, name, Path(scratch), "Publish the store's documents")
    return replace(made, url=str(address), commit=commit, documents=())


def _upload(api: HfApi, name: str, folder: Path, message: str, *, is_store: bool = False) -> str:
    """Upload a folder; of a store, only what is published, in place of what is there.

    Returns:
        The commit's id.
    """
    done = _asked(
        lambda: api.upload_folder(
            repo_id=name,
            repo_type="dataset",
            folder_path=folder,
            allow_patterns=list(PATTERNS) if is_store else None,
            ignore_patterns=list(LEFT_OUT) if is_store else None,
            delete_patterns=[f"{layout.DATABASES}/**"] if is_store else None,
            commit_message=message,
        )
    )
    return done.oid


def _asked(call: Callable[[], _T]) -> _T:
    """Call the hub, and turn its client's errors into ours."""
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    try:
        return call()
    except HFValidationError as error:
        raise ConfigError(f"{error}; give --to owner/name") from None
    except HfHubHTTPError as error:
        status = error.response.status_code if error.response is not None else 0
        text = str(error).strip().splitlines()[0][:200]
        if status in (401, 403, 404):
            raise ConfigError(
                f"the hub refuses ({text}); the token in HF_TOKEN must be allowed to write there"
            ) from None
        raise StoreError(f"the hub fails ({text}); the same command continues") from None
    except (client_error(), OSError) as error:
        raise StoreError(
            f"the hub does not answer ({type(error).__name__}: {error}); the same command continues"
        ) from None
