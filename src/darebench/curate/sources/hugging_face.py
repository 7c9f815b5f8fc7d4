"""The Hugging Face hub: the tables of dataset repositories, through `huggingface_hub`."""

# pandas' concat is typed as a union of everything that it can give.

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from darebench.curate.reading.sample import MAX_ROWS
from darebench.curate.records import RawTable
from darebench.curate.sources.data_files import MAX_BYTES, SUFFIXES, read_any
from darebench.curate.sources.local_folder import read_dataset
from darebench.curate.sources.sites import UNKNOWN, Listed, patiently
from darebench.curate.sources.source_kind import Filter, SourceKind
from darebench.errors import ConfigError, CurationReject, SourceFault
from darebench.store.cache import cache_folder

if TYPE_CHECKING:
    from huggingface_hub import DatasetInfo

_SHARD = re.compile(r"(.+?)-(\d+)-of-(\d+)(\.\w+)")
_NO_TABLES = frozenset(
    ("dataset_infos.json", "state.json", "dataset_info.json", "dataset_dict.json")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HubSite:
    """One repository, or what a search finds."""

    repository: str = ""
    """`owner/name` or `owner/name@revision`; empty for a search."""
    filters: tuple[tuple[str, str], ...] = ()
    owner: str = "hf"

    @classmethod
    def create(cls, repository: str, filters: dict[str, str]) -> HubSite:
        """Check the repository's name.

        Raises:
            ConfigError: The name is not of the form `owner/name`.
        """
        if repository and repository.count("/") != 1:
            raise ConfigError(f"{repository!r} is not of the form hf://owner/name")
        return cls(repository=repository, filters=tuple(sorted(filters.items())))

    def identity(self) -> dict[str, Any]:
        """Describe the repository or the search."""
        return {"kind": KIND.name, "one": self.repository, "filters": dict(self.filters)}

    def listing(self, limit: int | None) -> list[Listed]:
        """Search, most downloaded first, or look up the one repository.

        Raises:
            ConfigError: There is no such repository, or the search would list the whole hub.
            SourceFault: The hub does not answer.
        """
        from huggingface_hub import HfApi

        if self.repository:
            name, _, revision = self.repository.partition("@")
            return [_listed(_info(name, revision or None, wanted=True))]
        given = dict(self.filters)
        if not given and limit is None:
            raise ConfigError("name a --filter or a --limit; the hub is too large to list")
        tags = [t for t in given.get("tag", "").split(",") if t]
        tags += [f"license:{given['licence']}"] if "licence" in given else []
        found = _asked(
            lambda: list(
                HfApi().list_datasets(
                    search=given.get("search"),
                    author=given.get("author"),
                    filter=tags or None,
                    task_categories=given.get("task"),
                    size_categories=given.get("size"),
                    sort="downloads",
                    limit=limit,
                    full=True,
                )
            )
        )
        return [_listed(info) for info in found if not info.gated and not info.private]

    def licence(self, listed: Listed) -> str:
        """Return the licence that the listing states."""
        return listed.licence

    def load(self, listed: Listed) -> RawTable:
        """Download the main table's files and read them with the card.

        Raises:
            CurationReject: The repository does not hold a table.
            SourceFault: The hub does not answer.
        """
        info = _info(listed.key, listed.version)
        sizes = {s.rfilename: s.size or 0 for s in info.siblings or ()}
        chosen, left = _choose(sizes)
        content = _card(listed, "README.md" in sizes)
        raw = read_dataset(_fetch(listed, chosen[0]), content)
        frames, notes = [raw.frame], [f"{name} is left out" for name in left]
        for number, name in enumerate(chosen[1:], 1):
            if sum(map(len, frames)) >= MAX_ROWS:
                notes.append(f"{len(chosen) - number} more parts of {chosen[0]} are left out")
                break
            frames.append(read_any(_fetch(listed, name)).frame)
        frame = raw.frame
        if len(frames) > 1:
            import pandas as pd

            frame = pd.concat(frames, ignore_index=True)
        return replace(raw, frame=frame, notes=(*raw.notes, *notes))


def _choose(sizes: dict[str, int]) -> tuple[list[str], list[str]]:
    """Choose the parts of one table: training files first, then the largest; name the others."""
    tables: dict[str, list[str]] = {}
    for name in sorted(sizes):
        path = PurePosixPath(name)
        is_table = path.suffix.lower() in SUFFIXES - {".txt"} and path.name not in _NO_TABLES
        if is_table and 0 < sizes[name] <= MAX_BYTES:
            whole = _SHARD.fullmatch(name)
            tables.setdefault(whole[1] + whole[4] if whole else name, []).append(name)
    if not tables:
        raise CurationReject("the repository holds no table")

    def rank(whole: str) -> tuple[bool, int, str]:
        is_other = "train" not in PurePosixPath(whole).stem.lower()
        return is_other, -sum(sizes[part] for part in tables[whole]), whole

    first, *others = sorted(tables, key=rank)
    return tables[first], others


def _card(listed: Listed, has_card: bool) -> dict[str, Any]:
    """Turn the card into the metadata that a folder would have."""
    text, data = "", {}
    if has_card:
        from huggingface_hub import DatasetCard

        content = _fetch(listed, "README.md").read_text(encoding="utf-8", errors="replace")
        try:
            card = DatasetCard(content, ignore_metadata_errors=True)
            text, data = card.text, card.data.to_dict()
        except ValueError:  # a front matter that is not YAML
            text = content.split("---", 2)[-1]
    title = data.get("pretty_name") or listed.key.split("/")[-1].replace("_", " ")
    tags = data.get("tags")
    return {
        "title": str(title),
        "description": text,
        "licenses": [{"name": listed.licence or UNKNOWN}],
        "lastUpdated": listed.updated,
        "keywords": [str(t) for t in tags] if isinstance(tags, list) else [],
    }


def _fetch(listed: Listed, name: str) -> Path:
    from huggingface_hub import hf_hub_download

    return Path(
        _asked(
            lambda: hf_hub_download(
                listed.key,
                name,
                repo_type="dataset",
                revision=listed.version,
                cache_dir=cache_folder("hub"),
            )
        )
    )


def _info(name: str, revision: str | None, *, wanted: bool = False) -> DatasetInfo:
    from huggingface_hub import HfApi

    try:
        return _asked(lambda: HfApi().dataset_info(name, revision=revision, files_metadata=True))
    except CurationReject as error:
        if wanted:
            raise ConfigError(f"hf://{name}: {error}; check the name, or set HF_TOKEN") from None
        raise


def _listed(info: DatasetInfo) -> Listed:
    named = [t.removeprefix("license:") for t in info.tags or () if t.startswith("license:")]
    updated = info.last_modified
    return Listed(
        key=info.id,
        version=info.sha or "main",
        licence=", ".join(named),
        updated=updated.date().isoformat() if updated else "",
    )


def _asked(call: Any) -> Any:
    """Ask the hub; what it refuses for good is the dataset's matter, the rest is the hub's."""
    import httpx
    from huggingface_hub.errors import (
        EntryNotFoundError,
        GatedRepoError,
        HfHubHTTPError,
        HFValidationError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    try:
        return patiently(call, (HfHubHTTPError, httpx.TransportError, LocalEntryNotFoundError))
    except GatedRepoError:
        raise CurationReject("the repository is gated") from None
    except (RepositoryNotFoundError, RevisionNotFoundError):
        raise CurationReject("there is no such repository, or it is private") from None
    except EntryNotFoundError as error:
        raise CurationReject(f"a file is gone: {_line(error)}") from None
    except HFValidationError as error:
        raise CurationReject(f"not a valid name: {_line(error)}") from None
    except HfHubHTTPError as error:
        raise SourceFault(f"the hub refuses: {_line(error)}") from None


def _line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:200]


KIND = SourceKind(
    name="hf",
    sentence="the tables of dataset repositories on the Hugging Face hub",
    open=HubSite.create,
    one="hf://owner/name",
    filters={
        "search": Filter(kind=str),
        "author": Filter(kind=str),
        "tag": Filter(kind=str, note="several with commas"),
        "licence": Filter(kind=str),
        "task": Filter(kind=str),
        "size": Filter(kind=str),
    },
)
