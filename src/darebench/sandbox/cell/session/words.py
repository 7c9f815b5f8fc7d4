"""What a session's processes and their warden say to each other: `notices.ask` and its answers."""

from __future__ import annotations

from enum import IntEnum


class Word(IntEnum):
    """What a process says; it waits for the answer."""

    REST = 1
    """I am at rest, with the exit code of the step that I have run."""
    BEGIN = 2
    """I have been forked off and am going to run the step."""


class Answer(IntEnum):
    """What a process at rest is told to do."""

    FORK = 1
    """Fork a process for a step, whose descriptors have come, and rest again."""
    SETTLE = 2
    """Give up threads, descriptors and shared memory, and rest again."""


NOT_FORKED = 1 << 8
"""Said with REST instead of an exit code: there may be no more processes."""
GIVEN = 5
"""Descriptors that come with FORK: stdin, stdout, stderr, the display, the order."""
DISPLAY, ORDER = 3, 4
"""Where a step writes its result, and reads its code as JSON: `code` and its `number`."""
TEXT, IMAGE = b"T", b"I"
"""Kinds of frames on the display; the length (8 bytes, big endian) and the body follow."""
