"""Kaggle's datasets, through its own client: `kagglehub` downloads, `kagglesdk` lists.

Keys come from where the client looks for them: `KAGGLE_API_TOKEN`, `~/.kaggle/access_token`,
`KAGGLE_USERNAME` with `KAGGLE_KEY`, or `kaggle.json` in `~/.kaggle` or `$KAGGLE_CONFIG_DIR`.
"""

# The packages are an optional extra, which a plain checkout does not have.

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from darebench.curate.records import RawTable
from darebench.curate.sources.data_files import MAX_BYTES
from darebench.curate.sources.local_folder import read_dataset
from darebench.curate.sources.sites import Listed, patiently
from darebench.curate.sources.source_kind import Filter, SourceKind
from darebench.errors import ConfigError, CurationReject, SourceFault
from darebench.installing import install_command

PAGE_SIZE = 20
_NO_KEY = (
    "Kaggle needs a key: set KAGGLE_API_TOKEN, or KAGGLE_USERNAME and KAGGLE_KEY, or put the "
    "kaggle.json of your account page into ~/.kaggle"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class KaggleSite:
    """One dataset, or what a search finds."""

    dataset: str = ""
    """`owner/slug`; empty for a search."""
    filters: tuple[tuple[str, Any], ...] = ()
    owner: str = "kaggle"

    @classmethod
    def create(cls, dataset: str, filters: dict[str, Any]) -> KaggleSite:
        """Find the client and a key.

        Raises:
            ConfigError: One of them is missing, or the name is not of the form `owner/slug`.
        """
        try:
            import kagglehub  # noqa: F401
        except ImportError:
            raise ConfigError(
                f"the source `kaggle` needs its client: {install_command(extra='kaggle')}"
            ) from None
        if dataset and dataset.count("/") != 1:
            raise ConfigError(f"{dataset!r} is not of the form kaggle://owner/slug")
        _check_key()
        return cls(dataset=dataset, filters=tuple(sorted(filters.items())))

    def identity(self) -> dict[str, Any]:
        """Describe the dataset or the search."""
        return {"kind": KIND.name, "one": self.dataset, "filters": dict(self.filters)}

    def listing(self, limit: int | None) -> list[Listed]:
        """Search page by page, or look up the one dataset.

        Raises:
            ConfigError: There is no such dataset, or the key is refused.
            SourceFault: The site does not answer.
        """
        if self.dataset:
            try:
                return [_listed(_look_up(self.dataset))]
            except CurationReject as error:
                raise ConfigError(f"kaggle://{self.dataset}: {error}; check the name") from None
        if not self.filters and limit is None:
            raise ConfigError("name a --filter or a --limit; Kaggle is too large to list")
        given = dict(self.filters)
        least = given.get("min_usability", 0.0)
        found: list[Listed] = []
        for page in _pages(given):
            able = (d for d in page if not d.is_private and (d.usability_rating or 0.0) >= least)
            found += map(_listed, able)
            if limit is not None and len(found) >= limit:
                break
        return found

    def licence(self, listed: Listed) -> str:
        """Return the licence that the listing states."""
        return listed.licence

    def load(self, listed: Listed) -> RawTable:
        """Download a dataset's archive, or the rest of it, and read its main table.

        Raises:
            CurationReject: It is too large, gone, or does not hold a table.
            SourceFault: The site does not answer.
        """
        import kagglehub

        content = _metadata(listed.key)
        size = sum(int(file.get("totalBytes") or 0) for file in content.get("data") or ())
        if size > MAX_BYTES:
            raise CurationReject(f"it has {size} bytes; up to {MAX_BYTES} are downloaded")
        handle = f"{listed.key}/versions/{listed.version}"
        with _silence():
            folder = Path(_asked(lambda: kagglehub.dataset_download(handle)))
        content["lastUpdated"] = listed.updated
        raw = read_dataset(folder, content)
        return replace(raw, licence=listed.licence or raw.licence)


def _check_key() -> None:
    from kagglehub.config import get_kaggle_credentials

    try:
        found = get_kaggle_credentials()
    except ValueError as error:
        raise ConfigError(f"{error}; {_NO_KEY}") from None
    if found is None:
        raise ConfigError(_NO_KEY)


def _pages(given: dict[str, Any]) -> Iterator[list[Any]]:
    """Ask for one page of a search after the other."""
    from kagglesdk.datasets.types.dataset_api_service import ApiListDatasetsRequest
    from kagglesdk.datasets.types.dataset_enums import DatasetFileTypeGroup, DatasetLicenseGroup

    request = ApiListDatasetsRequest()
    request.search = given.get("search")
    request.tag_ids = given.get("tag")
    request.user = given.get("user")
    request.license = _member(DatasetLicenseGroup, given.get("licence", "all"), "licence")
    request.file_type = _member(DatasetFileTypeGroup, given.get("file_type", "all"), "file_type")
    request.min_size = int(given.get("min_mb", 0) * 1e6) or None
    request.max_size = int(given.get("max_mb", MAX_BYTES / 1e6) * 1e6)
    request.page_size = PAGE_SIZE
    while True:
        answer = _call("list_datasets", request)
        yield answer.datasets
        if not answer.datasets or not answer.next_page_token:
            return
        request.page_token = answer.next_page_token


def _member(group: Any, word: str, name: str) -> Any:
    """Find a member of one of the client's enumerations by the end of its name."""
    members = {member.name.rsplit("_GROUP_", 1)[1].lower(): member for member in group}
    if word.lower() not in members:
        raise ConfigError(f"filter {name}={word!r} is none of {', '.join(members)}")
    return members[word.lower()]


def _look_up(key: str) -> Any:
    from kagglesdk.datasets.types.dataset_api_service import ApiGetDatasetRequest

    request = ApiGetDatasetRequest()
    request.owner_slug, request.dataset_slug = key.split("/")
    return _call("get_dataset", request)


def _metadata(key: str) -> dict[str, Any]:
    """Fetch the page's title, texts, keywords and columns, in the form of the site's own file."""
    from kagglesdk.datasets.types.dataset_api_service import ApiGetDatasetMetadataRequest

    request = ApiGetDatasetMetadataRequest()
    request.owner_slug, request.dataset_slug = key.split("/")
    answer = _call("get_dataset_metadata", request)
    if answer.error_message:
        raise CurationReject(f"its page cannot be read: {answer.error_message}")
    return answer.info.to_dict()


def _listed(dataset: Any) -> Listed:
    updated = dataset.last_updated
    return Listed(
        key=dataset.ref,
        version=str(dataset.current_version_number or 1),
        licence=dataset.license_name or "",
        updated=updated.date().isoformat() if updated else "",
    )


def _call(name: str, request: Any) -> Any:
    """Make one of the client's calls about datasets."""
    from kagglehub.clients import build_kaggle_client

    def call() -> Any:
        with build_kaggle_client() as client:
            return getattr(client.datasets.dataset_api_client, name)(request)

    return _asked(call)


@contextmanager
def _silence() -> Iterator[None]:
    """Keep the client's own bars and notes away from our output."""
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        yield


def _asked(call: Any) -> Any:
    """Ask the site; a refused key is the user's matter, a missing dataset its own."""
    import requests
    from kagglehub.exceptions import DataCorruptionError

    passing = (requests.HTTPError, requests.ConnectionError, requests.Timeout, DataCorruptionError)
    try:
        return patiently(call, (*passing, requests.exceptions.ChunkedEncodingError))
    except requests.HTTPError as error:
        status = error.response.status_code if error.response is not None else 0
        if status == 401:
            raise ConfigError(f"Kaggle refuses the key; {_NO_KEY}") from None
        if status in (403, 404):
            raise CurationReject(
                "there is no such dataset" if status == 404 else "its owner asks for consent first"
            ) from None
        raise SourceFault(f"Kaggle refuses with status {status}; try again later") from None


KIND = SourceKind(
    name="kaggle",
    sentence="the datasets of Kaggle, through its own client",
    open=KaggleSite.create,
    extra="kaggle",
    one="kaggle://owner/slug",
    filters={
        "search": Filter(kind=str),
        "tag": Filter(kind=str, note="ids"),
        "licence": Filter(kind=str, note="cc, gpl, odb, other"),
        "user": Filter(kind=str),
        "min_mb": Filter(kind=float),
        "max_mb": Filter(kind=float),
        "min_usability": Filter(kind=float),
        "file_type": Filter(kind=str),
    },
)
