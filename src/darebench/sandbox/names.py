"""Which file names may go in and out: plain ones, that no reader can misread."""

from __future__ import annotations

MAX_BYTES = 255


def problem_with(name: str) -> str | None:
    """Say why a name is refused; None for a good one."""
    if not name or name in (".", ".."):
        return "the name is empty or a folder"
    if "/" in name or "\\" in name:
        return "the name has a folder in it; use a plain file name"
    if not name.isprintable():
        return "the name has a character that cannot be printed"
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        return "the name is not valid text"
    return f"the name has {size} bytes, the limit is {MAX_BYTES}" if size > MAX_BYTES else None
