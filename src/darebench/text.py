"""Text from outside: as every file and every server can hold it, and names as words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, overload

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
"""Stands for what cannot be written."""
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_HUMP_OR_ACRONYM = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@overload
def clean(value: str) -> str: ...
@overload
def clean(value: Any) -> Any: ...
def clean(value: Any) -> Any:
    r"""Return a text, or a JSON value with its texts, that UTF-8 and databases can hold.

    Half of a surrogate pair and the NUL character become U+FFFD; the two halves of a pair that
    stand beside each other become their character. Everything else is returned as it is.

    >>> ascii(clean({"code": chr(0xD83D)}))
    "{'code': '\\ufffd'}"
    """
    if isinstance(value, str):
        return _clean_text(value)
    if isinstance(value, Mapping):
        return {clean(key): clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(clean, value)) if type(value) in (list, tuple) else value
    return value


def may_need_cleaning(encoded: bytes) -> bool:
    r"""Check whether the texts of a JSON document may be others than `clean` makes of them.

    NUL and surrogates stand in JSON as escapes, or as bytes of which the first is 0xED; looking for
    these takes a hundredth of what cleaning takes.

    >>> may_need_cleaning(b'"plain"'), may_need_cleaning(b'"a\u0000"')
    (False, True)
    """
    return b"\\u" in encoded or b"\xed" in encoded


def _clean_text(text: str) -> str:
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text.replace("\0", REPLACEMENT)


def spaced(name: str, *, acronyms: bool = False) -> str:
    """Return a name with a space where capitals alone tell its words apart.

    Args:
        name: A name, such as that of a column.
        acronyms: Part a row of capitals from the word that begins with the last one, too.

    >>> spaced("FloodOccurrence"), spaced("HIVStatus", acronyms=True)
    ('Flood Occurrence', 'HIV Status')
    """
    return (_HUMP_OR_ACRONYM if acronyms else _HUMP).sub(" ", name)
