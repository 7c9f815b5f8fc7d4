"""What curation asks of its parts: sources of tables, designers, rewriters, and who is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from darebench.curate.records import Design, RawTable, Table
    from darebench.store.write import DatasetFiles


class CurationProgress(Protocol):
    """Progress callback: tables done, total, and refusal counts by reason."""

    def __call__(self, stage: str, done: int, total: int, /, refused: Mapping[str, int]) -> None:
        """Show how far the curation is."""
        ...


class Source(Protocol):
    """Where tables come from. Can be pickled, so that workers load what they curate."""

    @property
    def owner(self) -> str:
        """Name that the tasks' folders start with."""
        ...

    def identity(self) -> Mapping[str, Any]:
        """Describe what was asked of the source, and the content of its files, as plain values.

        Two sources with equal identities hold the same tables. The key `path` is for people only.
        """
        ...

    def keys(self) -> list[str]:
        """List the tables, always in the same order."""
        ...

    def load(self, key: str) -> RawTable:
        """Read one table.

        Raises:
            CurationReject: The table cannot be read.
        """
        ...


class Designer(Protocol):
    """Decides what to make of a table."""

    def identity(self) -> Mapping[str, Any]:
        """Describe the designer as plain values; equal ones design the same."""
        ...

    def design(self, table: Table) -> list[Design]:
        """List candidate designs, the best first.

        Raises:
            CurationReject: The table is not fit for any task.
        """
        ...


class Rewrites(Protocol):
    """Words the questions of a dataset anew. Can be pickled."""

    def identity(self) -> Mapping[str, Any]:
        """Describe the rewriter as plain values; equal ones write the same."""
        ...

    def rewrite(self, dataset: DatasetFiles) -> DatasetFiles:
        """Return the dataset with texts that say the same in other words."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Authors:
    """Who decides what tables become, and how questions are worded."""

    designer: Designer
    rewriter: Rewrites | None = None
    """None to keep the texts of the templates."""

    def identity(self) -> dict[str, Any]:
        """Describe both as plain values."""
        rewriter = dict(self.rewriter.identity()) if self.rewriter else None
        return {"designer": dict(self.designer.identity()), "rewriter": rewriter}
