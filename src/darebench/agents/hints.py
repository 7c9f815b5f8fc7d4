"""Files that a call could have loaded and did not: the hint in its answer, and the proof of it."""

from __future__ import annotations

import re
from collections.abc import Collection

from darebench.types import CallRecord, CallStatus


def forgotten(call: CallRecord, available: Collection[str]) -> list[str]:
    """Return the files that a call names and did not load, though it could have.

    Args:
        call: The call; what it saves under such a name is its own file.
        available: Names of all files that the call could have loaded.
    """
    asked = {*call.files_to_load, *call.files_to_save}
    return [
        name
        for name in sorted(set(available) - asked)
        if _quoted(name).search(call.code) or _bare(name).search(call.stderr)
    ]


def looked_for_elsewhere(call: CallRecord) -> list[str]:
    """Return the files that a call loaded and then did not find, because it named a folder."""
    if "FileNotFoundError" not in call.stderr:
        return []
    return [n for n in call.files_to_load if re.search(rf"/{re.escape(n)}(?![\w-])", call.stderr)]


def failed_on_forgotten(call: CallRecord, available: Collection[str]) -> bool:
    """Check whether a call failed because of a file that it could have loaded and did not."""
    if call.status != CallStatus.ERROR:
        return False
    names = forgotten(call, available)
    if "FileNotFoundError" in call.stderr:
        return any(_bare(name).search(call.stderr) for name in names)
    return bool(names) and "no such table" in call.stderr  # sqlite made an empty file of that name


def _quoted(name: str) -> re.Pattern[str]:
    """Match a name, with or without folders before it, as a whole string of Python source."""
    return re.compile(rf"""['"](?:[^'"\n]*/)?{re.escape(name)}['"]""")


def _bare(name: str) -> re.Pattern[str]:
    """Match a name that does not belong to a longer one."""
    return re.compile(rf"(?<![\w.-]){re.escape(name)}(?![\w-])")
