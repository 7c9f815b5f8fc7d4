"""What the network sources share: a listing that stays the same, licences, patience.

A site lists datasets at their current versions. The listing is kept in the curation's folder, so
that a curation which goes on another day takes the same versions of the same datasets.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar, runtime_checkable

from darebench.curate.licences import accepts
from darebench.curate.protocols import Source
from darebench.curate.records import RawTable
from darebench.errors import ConfigError, CurationReject, SourceFault
from darebench.files import write_json, written_whole
from darebench.retry_after import retry_after_s

LISTING = "listing.json"
UNKNOWN = "unknown"
WAITS_S = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Waits between attempts, where the site does not name a time itself."""
LONGEST_WAIT_S = 120.0
_PASSING = frozenset((408, 425, 429, 500, 502, 503, 504))

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One dataset of a site at one version."""

    key: str
    version: str
    licence: str = ""
    """Empty if the listing does not say."""
    updated: str = ""


@runtime_checkable
class Site(Protocol):
    """A place in the network that lists datasets. Can be pickled."""

    @property
    def owner(self) -> str:
        """Name that the tasks' folders start with."""
        ...

    def identity(self) -> Mapping[str, Any]:
        """Describe what was asked of the site as plain values."""
        ...

    def listing(self, limit: int | None) -> list[Listed]:
        """Ask the site what it has.

        Raises:
            ConfigError: A filter or a key is wrong, or what is asked for does not exist.
            SourceFault: The site does not answer.
        """
        ...

    def licence(self, listed: Listed) -> str:
        """Return a dataset's licence without its data; empty if the site does not say."""
        ...

    def load(self, listed: Listed) -> RawTable:
        """Download a dataset, or find it in the cache, and read its main table.

        Raises:
            CurationReject: The dataset cannot be read.
            SourceFault: The site does not answer.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PinnedSource:
    """A site's datasets at the versions of a listing."""

    site: Site
    listed: Mapping[str, Listed]
    licences: tuple[str, ...]
    """Globs of the accepted ones; other datasets are refused before anything is downloaded."""

    @property
    def owner(self) -> str:
        """The site's name."""
        return self.site.owner

    def identity(self) -> Mapping[str, Any]:
        """Describe what was asked of the site."""
        return self.site.identity()

    def keys(self) -> list[str]:
        """List the datasets in the listing's order."""
        return list(self.listed)

    def load(self, key: str) -> RawTable:
        """Download and read one.

        Raises:
            CurationReject: Its licence is not accepted, or it cannot be read.
            SourceFault: The site does not answer.
        """
        listed = self.listed[key]
        licence = self.site.licence(listed) or UNKNOWN
        if not accepts(licence, self.licences):
            raise CurationReject(f"its licence {licence!r} is not accepted; nothing was downloaded")
        return self.site.load(listed)


def pin(
    source: Source | Site, folder: Path, *, limit: int | None, licences: tuple[str, ...]
) -> Source:
    """List a site, or read the listing that `folder` has of it; other sources stay as they are.

    Raises:
        ConfigError: The site has nothing of the kind.
        SourceFault: The site does not answer.
    """
    if not isinstance(source, Site):
        return source
    path = folder / LISTING
    if not path.is_file():
        found = source.listing(limit)[:limit]
        if not found:
            raise ConfigError(f"{source.owner} lists nothing of the kind; loosen the filters")
        with written_whole(path) as part:
            write_json([asdict(one) for one in found], part)
    rows = [Listed(**row) for row in json.loads(path.read_text(encoding="utf-8"))]
    return PinnedSource(site=source, listed={row.key: row for row in rows}, licences=licences)


def patiently(call: Callable[[], _T], passing: tuple[type[BaseException], ...]) -> _T:
    """Call a site's client; wait and try again while the failure is one that passes.

    A rate limit's `Retry-After` is obeyed. Errors whose answer has another status are raised
    unchanged.

    Args:
        call: The call, without arguments.
        passing: Errors of the client that may pass: connections, and answers with a status.

    Raises:
        SourceFault: It failed every time.
    """
    for wait_s in (*WAITS_S, None):
        try:
            return call()
        except passing as error:
            answer = getattr(error, "response", None)
            if answer is not None and answer.status_code not in _PASSING:
                raise
            if wait_s is None:
                text = " ".join(str(error).split())[:200]
                raise SourceFault(
                    f"the site does not answer: {type(error).__name__}: {text}"
                ) from None
            time.sleep(_asked_wait(answer) or wait_s)
    raise AssertionError("the last wait is None")


def _asked_wait(answer: Any) -> float:
    """Return the seconds that `Retry-After` asks for; 0 where it is absent or says nothing."""
    text = None if answer is None else str(answer.headers.get("Retry-After", ""))
    return min(retry_after_s(text) or 0.0, LONGEST_WAIT_S)
