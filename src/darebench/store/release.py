"""The benchmark's public release (arXiv 2602.24288) under a name: `release`, `release:train`.

Its evaluation data lies in the repository of its authors, its training data on the hub. A commit is
pinned for the first, and git's hash of the folder tells whether what came is what was committed.
The hub's client resolves the second, and keeps it under the commit that it found.
"""

from __future__ import annotations

import fcntl
import shutil
from dataclasses import dataclass
from pathlib import Path

from darebench.errors import StoreError
from darebench.store import hub
from darebench.store.archives import unpack
from darebench.store.cache import cache_folder
from darebench.store.download import download
from darebench.store.git_tree import git_tree

NAME = "release"
TRAIN = "train"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinned:
    """A folder of a repository at one commit."""

    repository: str
    """Address of the repository."""
    commit: str
    folder: str
    tree: str
    """Git's hash of the folder at that commit."""

    @property
    def archive(self) -> str:
        """Address of the archive of the whole repository at that commit."""
        return f"{self.repository}/archive/{self.commit}.tar.gz"


EVALUATION = Pinned(
    repository="https://github.com/Snowflake-Labs/dare-bench",
    commit="01447145304c67b861a004ada6d86f29640de61a",
    folder="data/eval",
    tree="39ebc2e4aff361cbd4dfaab1b909d83978f2d7a0",
)
TRAINING = f"{hub.SCHEME}Snowflake/dare-bench"


def is_release(ref: str) -> bool:
    """Check whether a store's name means the public release or a part of it."""
    return ref.partition(":")[0] == NAME


def fetch_release(ref: str) -> tuple[Path, str | None]:
    """Return the folder that holds a part of the release, fetched at its first use.

    Returns:
        The folder, and the word in the path of the store in it, if there may be several.

    Raises:
        StoreError: There is no such part, or it cannot be fetched.
    """
    part = ref.partition(":")[2]
    if ":" not in ref:
        return _evaluation(EVALUATION, cache_folder(NAME)), None
    if part == TRAIN:
        return hub.fetch(TRAINING, cache_folder("hub")), TRAIN
    raise StoreError(
        f"the release has no part {part!r}; {NAME} is its evaluation data, {NAME}:{TRAIN} its "
        "training data"
    )


def _evaluation(pinned: Pinned, cache: Path) -> Path:
    kept = cache / pinned.commit
    if kept.is_dir():
        return kept
    with (cache / f"{pinned.commit}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another process may be fetching it
        if not kept.is_dir():
            _fetch(pinned, cache, kept)
    return kept


def _fetch(pinned: Pinned, cache: Path, kept: Path) -> None:
    archive = cache / f"{pinned.commit}.tar.gz"
    if not archive.is_file():
        try:
            download(pinned.archive, archive, "the public release")
        except StoreError as error:
            raise StoreError(
                f"the public release cannot be fetched: {error}. Where there is no network, give "
                "an archive of the repository as the store"
            ) from None
    try:
        unpacked = unpack(archive, cache)
        try:
            found = [p for p in unpacked.glob(f"*/{pinned.folder}") if p.is_dir()]
            if len(found) != 1 or git_tree(found[0]) != pinned.tree:
                raise StoreError(
                    f"{pinned.archive} does not hold the release's evaluation data as it was "
                    "published; try again, and check who answers for that address"
                )
            found[0].replace(kept)
        finally:
            shutil.rmtree(unpacked, ignore_errors=True)
    except StoreError:
        archive.unlink()  # a broken or another one would be found again
        raise
    archive.unlink()
