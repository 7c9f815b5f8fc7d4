"""The registry of sources. A new one is a file beside this one, and its entry in `SOURCES`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from darebench.curate.sources import hugging_face, kaggle, local_folder, openml, rdata
from darebench.curate.sources.chosen import ChosenSite, ChosenSource
from darebench.curate.sources.packages import source as packages
from darebench.curate.sources.sites import Site
from darebench.curate.told import Told
from darebench.errors import ConfigError

if TYPE_CHECKING:
    from darebench.curate.protocols import Source

_FOLDER = local_folder.KIND
SOURCES = {
    kind.name: kind
    for kind in (
        _FOLDER,
        rdata.KIND,
        packages.KIND,
        hugging_face.KIND,
        kaggle.KIND,
        openml.KIND,
    )
}
"""Name -> kind of source, in the order of the documentation."""


def open_source(source: str | Path, filters: Mapping[str, str] | None = None) -> Source | Site:
    """Open a folder by its path, or another source by its name in `SOURCES`.

    Args:
        source: A path, a name such as `hf`, or one dataset, such as `hf://owner/name`.
        filters: What a site is searched for, by the names of its filters.

    Raises:
        ConfigError: There is no such source, it has no such filter, its client library is not
            installed, or a key is missing.
    """
    filters = filters or {}
    word, mark, one = str(source).partition("://")
    kind = SOURCES.get(word, _FOLDER) if isinstance(source, str) else _FOLDER
    if filters and not kind.filters:
        able = ", ".join(other.name for other in SOURCES.values() if other.filters)
        raise ConfigError(f"{source} has no filters; {able} have")
    if kind is _FOLDER:
        return _open_folder(str(source))
    if mark and not kind.one:
        raise ConfigError(f"{source} is not a source; write `{word}` for all of its tables")
    if one and filters:
        raise ConfigError(f"{source} is one dataset; filters belong to `{word}` alone")
    return kind.open(one, kind.read_filters(filters))


def open_as_told(
    source: str | Path, filters: Mapping[str, str] | None, told: Told, only: Sequence[str] = ()
) -> Source | Site:
    """Open a source, or some of its tables, which are read as a user says.

    Args:
        source: A path, a name, or one dataset, as for `open_source`.
        filters: What a site is searched for.
        told: What is said of every table that is taken.
        only: Keys or globs of the tables that are taken; all of them without.

    Raises:
        ConfigError: As `open_source`; or something is said of files, and the source has none.
    """
    opened = open_source(source, filters)
    patterns = tuple(only)
    if isinstance(opened, local_folder.FolderSource):
        opened = replace(opened, told=told)
        return ChosenSource(source=opened, only=patterns) if patterns else opened
    of_files = [name for name in ("sheet", "header_row") if name in told.as_dict()]
    if of_files:
        option = of_files[0].replace("_", "-")
        raise ConfigError(f"--{option} is for a folder of tables, and {source} is none")
    if not patterns and not told.as_dict():
        return opened
    if isinstance(opened, Site):
        return ChosenSite(site=opened, only=patterns, told=told)
    return ChosenSource(source=opened, only=patterns, told=told)


def _open_folder(name: str) -> Source | Site:
    if not Path(name).expanduser().is_dir():
        named = [other for other in SOURCES if other != _FOLDER.name]
        close = get_close_matches(name.partition("://")[0].lower(), named, n=1)
        close += [str(path) for path in _folders_beside(name)][: 1 - len(close)]
        hint = f"did you mean {close[0]}?" if close else f"give a path, or {', '.join(named)}"
        raise ConfigError(f"there is no folder {name}; {hint}")
    return _FOLDER.open(name, {})


def _folders_beside(name: str) -> list[Path]:
    """List the folders whose names are nearly that of one that does not exist."""
    path = Path(name).expanduser()
    if "://" in name or not path.parent.is_dir():
        return []
    names = [entry.name for entry in path.parent.iterdir() if entry.is_dir()]
    return [path.parent / near for near in get_close_matches(path.name, names, n=1)]
