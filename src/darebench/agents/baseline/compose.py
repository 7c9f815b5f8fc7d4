"""Joins a program and the parts that it imports into one text, which runs alone in the sandbox."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

_IMPORT = re.compile(
    r"^from darebench\.agents\.baseline\.programs\.(\w+) import (?:\([^)]*\)|[^\n(]+)\n", re.M
)


@cache
def program_text(name: str) -> str:
    """Return the text of a program, with each part that it imports once, before its first use."""
    return "\n\n".join(_parts(name, []))


def _parts(name: str, seen: list[str]) -> list[str]:
    seen.append(name)
    folder = files("darebench.agents.baseline").joinpath("programs")
    text = folder.joinpath(f"{name}.py").read_text(encoding="utf-8")
    before = [_parts(part, seen) for part in _IMPORT.findall(text) if part not in seen]
    return [*(text for parts in before for text in parts), _IMPORT.sub("", text)]
