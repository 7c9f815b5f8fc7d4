"""What the registry holds of each kind of source."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from darebench.errors import ConfigError

if TYPE_CHECKING:
    from darebench.curate.protocols import Source
    from darebench.curate.sources.sites import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """One thing that a site can be searched by."""

    kind: type
    """Its values are read as this type."""
    note: str = ""
    """What a value looks like, for the documentation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceKind:
    """One kind of source, as it is documented and opened."""

    name: str
    sentence: str
    """What it holds, for the documentation."""
    open: Callable[[str, dict[str, Any]], Source | Site]
    """Opens one dataset, or all of them for an empty name, with filters of their kinds."""
    extra: str = ""
    """The optional dependencies that it needs."""
    one: str = ""
    """How one of its datasets is written; empty if only all of them can be opened."""
    filters: Mapping[str, Filter] = field(default_factory=dict)

    def read_filters(self, given: Mapping[str, str]) -> dict[str, Any]:
        """Turn filters into values of their kinds.

        Raises:
            ConfigError: A filter is unknown or not of its kind.
        """
        values: dict[str, Any] = {}
        for name, text in given.items():
            known = self.filters.get(name)
            if known is None:
                names = ", ".join(self.filters)
                raise ConfigError(f"{self.name} has no filter {name!r}; it has {names}")
            try:
                values[name] = known.kind(text)
            except ValueError:
                kind = "a number" if known.kind is float else known.kind.__name__
                raise ConfigError(f"filter {name}={text!r} is not {kind}") from None
        return values
