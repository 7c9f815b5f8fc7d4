"""OpenML's datasets, through the `openml` package.

The server and the key are the package's own settings (`openml configure`, or the file
`~/.config/openml/config`).
"""

# The package is an optional extra, which a plain checkout does not have.

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from darebench.curate.records import RawTable
from darebench.curate.sources.documentation import read_json_page
from darebench.curate.sources.sites import UNKNOWN, Listed, patiently
from darebench.curate.sources.source_kind import Filter, SourceKind
from darebench.errors import ConfigError, CurationReject, SourceFault
from darebench.installing import install_command

PAGE_SIZE = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenmlSite:
    """One dataset by its number, or what a search finds."""

    number: int | None = None
    filters: tuple[tuple[str, Any], ...] = ()
    owner: str = "openml"

    @classmethod
    def create(cls, number: str, filters: dict[str, Any]) -> OpenmlSite:
        """Find the package.

        Raises:
            ConfigError: The package is missing, or the dataset is not given by its number.
        """
        try:
            with _silence():
                import openml  # noqa: F401
        except ImportError:
            raise ConfigError(
                f"the source `openml` needs its package: {install_command(extra='openml')}"
            ) from None
        if number and not number.isdigit():
            raise ConfigError(f"{number!r} is not the number of a dataset; write openml://61")
        return cls(number=int(number) if number else None, filters=tuple(sorted(filters.items())))

    def identity(self) -> dict[str, Any]:
        """Describe the dataset or the search."""
        return {"kind": KIND.name, "one": self.number, "filters": dict(self.filters)}

    def listing(self, limit: int | None) -> list[Listed]:
        """List active datasets by number, or look up the one.

        Raises:
            ConfigError: There is no such dataset.
            SourceFault: The server does not answer.
        """
        if self.number is not None:
            try:
                return [_listed(self.number, _describe(self.number))]
            except CurationReject as error:
                raise ConfigError(f"openml://{self.number}: {error}") from None
        if not self.filters and limit is None:
            raise ConfigError("name a --filter or a --limit; OpenML is too large to list")
        found: list[Listed] = []
        while limit is None or len(found) < limit:
            size = PAGE_SIZE if limit is None else min(PAGE_SIZE, limit - len(found))
            rows = _page(dict(self.filters), len(found), size)
            found += [Listed(key=str(n), version=str(row["version"])) for n, row in rows.items()]
            if len(rows) < size:
                break
        return found

    def licence(self, listed: Listed) -> str:
        """Read the dataset's description, which is small.

        Raises:
            CurationReject: There is no such dataset.
            SourceFault: The server does not answer.
        """
        return listed.licence or _describe(int(listed.key)).licence or ""

    def load(self, listed: Listed) -> RawTable:
        """Download a dataset, or find it in the package's cache.

        Raises:
            CurationReject: The dataset cannot be read.
            SourceFault: The server does not answer.
        """
        described = _describe(int(listed.key))
        frame = _asked(lambda: described.get_data(dataset_format="dataframe")[0])
        frame.columns = [str(name) for name in frame.columns]
        about = described.description or ""
        page = read_json_page({"description": about}, "", list(frame.columns))
        return RawTable(
            title=str(described.name).replace("_", " "),
            about=page.about,
            licence=described.licence or UNKNOWN,
            updated=(described.upload_date or "")[:10],
            frame=frame,
            descriptions=page.descriptions,
            keywords=tuple(_tags(described)),
        )


def _page(filters: dict[str, Any], offset: int, size: int) -> dict[int, dict[str, Any]]:
    import openml
    from openml.exceptions import OpenMLServerNoResult

    def call() -> Any:
        try:
            return openml.datasets.list_datasets(
                offset=offset, size=size, status="active", output_format="dataframe", **filters
            )
        except OpenMLServerNoResult:  # the package's way to end a list
            return None

    try:
        frame = _asked(call)
    except CurationReject as error:  # nothing of a dataset: a page of a list that breaks off
        raise SourceFault(f"the list of datasets cannot be read: {error}") from None
    if frame is None:
        return {}
    return {int(row["did"]): row for row in frame.to_dict("records")}


def _describe(number: int) -> Any:
    import openml

    def call() -> Any:
        return openml.datasets.get_dataset(
            number,
            download_data=False,
            download_qualities=False,
            download_features_meta_data=False,
        )

    return _asked(call)


def _listed(number: int, described: Any) -> Listed:
    return Listed(
        key=str(number),
        version=str(described.version),
        licence=described.licence or "",
        updated=(described.upload_date or "")[:10],
    )


def _tags(described: Any) -> list[str]:
    tags = described.tag or []
    return [tags] if isinstance(tags, str) else [str(tag) for tag in tags]


@contextmanager
def _silence() -> Iterator[None]:
    """Keep the package's notes on its own future away from our output."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _asked(call: Any) -> Any:
    """Ask the server; what it says of a dataset is the dataset's matter, silence is its own."""
    import requests
    from openml.exceptions import (
        OpenMLHashException,
        OpenMLPrivateDatasetError,
        OpenMLServerError,
        OpenMLServerException,
    )

    passing = (
        requests.ConnectionError,
        requests.Timeout,
        requests.exceptions.ChunkedEncodingError,
        OpenMLHashException,
    )
    try:
        with _silence():
            return patiently(call, passing)
    except OpenMLServerException as error:
        if error.code == 107:
            raise SourceFault("OpenML's database is overloaded; try again later") from None
        raise CurationReject(f"OpenML says: {error.message}") from None
    except OpenMLPrivateDatasetError:
        raise CurationReject("it is private") from None
    except OpenMLServerError as error:
        text = " ".join(str(error).split())[:200]
        raise SourceFault(f"OpenML fails: {text}") from None


KIND = SourceKind(
    name="openml",
    sentence="the datasets of OpenML, through the `openml` package",
    open=OpenmlSite.create,
    extra="openml",
    one="openml://61",
    filters={
        "tag": Filter(kind=str),
        "data_name": Filter(kind=str),
        "number_instances": Filter(kind=str, note="one or a range, as 200..50000"),
        "number_features": Filter(kind=str),
        "number_classes": Filter(kind=str),
    },
)
