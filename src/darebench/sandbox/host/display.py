"""What a step shows, as its process has written it: the text of its result, and figures.

The bytes are a program's own, and may be anything.
"""

from __future__ import annotations

import struct

from darebench.sandbox.host.streams import KeptOutput

MOST_IMAGES = 20
PNG = b"\x89PNG\r\n\x1a\n"
_HEAD = struct.Struct(">cQ")
"""The kind of a frame, and the length of its body."""


class Display:
    """Takes frames; what is beyond its limits is dropped."""

    def __init__(self, output_kb: int, file_mb: int) -> None:
        self._output_kb = output_kb
        self._room = file_mb << 20
        self._data = bytearray()

    def add(self, chunk: bytes) -> None:
        """Take the next bytes."""
        self._data += chunk[: max(0, self._room - len(self._data))]

    def frames(self) -> tuple[str | None, tuple[bytes, ...]]:
        """Return the text of the result, or None, and the PNG images."""
        text, images, at = None, [], 0
        while at + _HEAD.size <= len(self._data):
            kind, size = _HEAD.unpack_from(self._data, at)
            at += _HEAD.size
            body = bytes(self._data[at : at + size])
            at += size
            if kind == b"T" and text is None:
                kept = KeptOutput(self._output_kb)
                kept.add(body)
                text = kept.text()
            elif kind == b"I" and len(body) == size and body.startswith(PNG):
                images.append(body)
        return text, tuple(images[:MOST_IMAGES])
