"""Some tables of a source, by their keys, read as a user says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from darebench.curate.protocols import Source
from darebench.curate.records import RawTable
from darebench.curate.sources.sites import Listed, Site
from darebench.curate.told import Told, near
from darebench.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenSource:
    """The tables of a source whose keys match one of some patterns, in the source's order."""

    source: Source
    only: tuple[str, ...] = ()
    """Keys or globs; every table where there is none."""
    told: Told = field(default_factory=Told)
    """What is said of each table, where the source has not been told."""

    @property
    def owner(self) -> str:
        """The source's own."""
        return self.source.owner

    def identity(self) -> Mapping[str, Any]:
        """Describe the source, and what is taken of it."""
        return {**self.source.identity(), **_only(self.only)}

    def keys(self) -> list[str]:
        """List the tables that are taken.

        Raises:
            ConfigError: A pattern matches no table.
        """
        return chosen(self.source.keys(), self.only, self.owner)

    def load(self, key: str) -> RawTable:
        """Read one table.

        Raises:
            CurationReject: The table cannot be read.
        """
        return _told(self.source.load(key), self.told)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenSite:
    """The datasets of a site whose keys match one of some patterns."""

    site: Site
    only: tuple[str, ...] = ()
    told: Told = field(default_factory=Told)

    @property
    def owner(self) -> str:
        """The site's own."""
        return self.site.owner

    def identity(self) -> Mapping[str, Any]:
        """Describe what was asked of the site, and what is taken of it."""
        return {**self.site.identity(), **_only(self.only)}

    def listing(self, limit: int | None) -> list[Listed]:
        """Ask the site what it has; all of it, where only some is taken.

        Raises:
            ConfigError: A pattern matches nothing, or the site refuses what is asked.
            SourceFault: The site does not answer.
        """
        listed = {one.key: one for one in self.site.listing(None if self.only else limit)}
        return [listed[key] for key in chosen([*listed], self.only, self.owner)]

    def licence(self, listed: Listed) -> str:
        """Return a dataset's licence without its data; empty if the site does not say."""
        return self.site.licence(listed)

    def load(self, listed: Listed) -> RawTable:
        """Download a dataset, or find it in the cache, and read its main table.

        Raises:
            CurationReject: The dataset cannot be read.
            SourceFault: The site does not answer.
        """
        return _told(self.site.load(listed), self.told)


def chosen(keys: Sequence[str], only: Sequence[str], owner: str) -> list[str]:
    """Return the keys that equal or match one of some patterns; all of them without a pattern.

    Raises:
        ConfigError: A pattern matches none; the message names what is nearly so called.
    """
    known = frozenset(keys)
    taken: set[str] = set()
    for pattern in only:
        found = {pattern} if pattern in known else {k for k in keys if fnmatchcase(k, pattern)}
        if not found:
            raise ConfigError(f"no table of {owner} matches {pattern!r}{near(pattern, keys)}")
        taken |= found
    return [key for key in keys if key in taken or not only]


def read_patterns(texts: Iterable[str]) -> tuple[str, ...]:
    """Read patterns of the command line; `@FILE` stands for the lines of a file.

    Raises:
        ConfigError: A file cannot be read, or has no line.
    """
    patterns: list[str] = []
    for text in texts:
        if not text.startswith("@"):
            patterns.append(text)
            continue
        path = Path(text[1:]).expanduser()
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"--only {text}: the file cannot be read: {error}") from None
        named = [line.strip() for line in lines if line.strip()]
        if not named:
            raise ConfigError(f"--only {text}: the file names no table; write one key a line")
        patterns += named
    return tuple(dict.fromkeys(patterns))


def _only(patterns: Sequence[str]) -> dict[str, list[str]]:
    return {"only": sorted(patterns)} if patterns else {}


def _told(raw: RawTable, told: Told) -> RawTable:
    return replace(raw, told=told) if told.as_dict() else raw
