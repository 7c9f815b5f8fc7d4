"""Which licences a curation accepts."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase


def accepts(licence: str, globs: Sequence[str]) -> bool:
    """Check whether one of some globs matches a licence, whatever the case."""
    return any(fnmatchcase(licence.lower(), glob.lower()) for glob in globs)
