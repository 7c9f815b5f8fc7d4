"""Text from outside as text that every file and every server can hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, overload

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
"""Stands for what cannot be written."""


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


def _clean_text(text: str) -> str:
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text.replace("\0", REPLACEMENT)
