"""Finds what of a page is about one file of several, and whether it is about its table at all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import PurePath

from darebench.text import spaced

_FILE = re.compile(
    r"[\w()./\\-]*[\w)-]\.(?:csv|tsv|tab|txt|data|dat|parquet|sqlite3?|db|xlsx?|xlsm|xlsb|ods|jsonl?|"
    r"ndjson)\b",
    re.I,
)
_HEADING = re.compile(r"\s*(?P<level>#{1,6})\s")
_BARE = re.compile(
    r"[\W_]*(?:(?:the|file|files|data|dataset|table|columns?|of|in|for)\W+)*[\W_]*", re.I
)
"""What may stand beside a file's name in a line that starts its section."""
_LOWEST = 7


def of_file(text: str, file_name: str) -> str:
    """Return a text without the sections of other files; they start with a line that names one.

    A text with the section of one file alone is of any file, as that may have been renamed.
    """
    sections = list(_sections(text))
    named = {owner for owner, _ in sections if owner}
    own = PurePath(file_name).name.casefold()
    if own not in named and len(named) < 2:
        return text
    return "\n".join(body for owner, body in sections if owner in ("", own))


def _sections(text: str) -> Iterator[tuple[str, str]]:
    """Yield parts of a text with the file that each is of; empty where it is of none."""
    owner, level, kept = "", _LOWEST, list[str]()
    for line in text.splitlines():
        heading = _HEADING.match(line)
        found = _FILE.findall(line)
        rest = _FILE.sub("", line)
        starts = len(found) == 1 and (heading is not None or _BARE.fullmatch(rest) is not None)
        ends = heading is not None and len(heading["level"]) <= level
        if starts or (owner and ends):
            yield owner, "\n".join(kept)
            owner = PurePath(found[0].replace("\\", "/")).name.casefold() if starts else ""
            level = len(heading["level"]) if heading is not None else _LOWEST
            kept = []
        kept.append(line)
    yield owner, "\n".join(kept)


def names_any(text: str, columns: Iterable[str]) -> bool:
    """Check whether a text names a column: by its words in a row, or by its sign in quotes."""
    words = " ".join(_words(text))
    quoted = {found.casefold() for found in re.findall(r"[`'\"*(]([^\W_]{1,2})[`'\"*)]", text)}
    for name in columns:
        own = " ".join(_words(name))
        if len(own) < 3:
            if own in quoted or re.search(
                rf"(?m)^\W*{re.escape(own)}\s*(?:[:|=–—-]|\t)", text, re.I
            ):
                return True
        elif f" {own} " in f" {words} ":
            return True
    return False


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", spaced(text).casefold())
