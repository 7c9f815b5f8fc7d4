"""The index of a page: what it shows, of each kind."""

from __future__ import annotations

from typing import Any

KINDS = ("runs", "stores", "curations", "audits", "trainings", "left_out")


def empty_index() -> dict[str, Any]:
    """Return an index without anything."""
    return {kind: [] for kind in KINDS}
