"""What leaves a call: descriptors of plain regular files, opened when nothing can change them."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path

from darebench.sandbox import names


def collect(
    folder: str, wanted: Sequence[str], limit_mb: int
) -> tuple[dict[str, str | int], list[int]]:
    """Open what a program left.

    Returns:
        For each name why it stays, or the index of its descriptor; and the descriptors.
    """
    found: dict[str, str | int] = {}
    descriptors: list[int] = []
    for name in wanted:
        opened = _open(folder, name, limit_mb)
        if isinstance(opened, str):
            found[name] = opened
        else:
            found[name] = len(descriptors)
            descriptors.append(opened)
    return found, descriptors


def _open(folder: str, name: str, limit_mb: int) -> int | str:
    problem = names.problem_with(name)
    if problem:
        return problem
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(Path(folder, name), flags)
    except FileNotFoundError:
        return "the program did not write it"
    except OSError as error:
        return f"it is not a readable regular file ({error.strerror})"
    info = os.fstat(descriptor)
    if not stat.S_ISREG(info.st_mode):
        why = "it is not a regular file"
    elif info.st_size > limit_mb << 20:
        why = f"it has {info.st_size} bytes, the limit is {limit_mb} MB"
    else:
        return descriptor
    os.close(descriptor)
    return why
