"""Says in words that a disk is full or cannot be written, which is nobody's wrong answer."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from darebench.errors import ConfigError

ROOM = 1 << 20
"""Bytes that a folder must have room for, lest a failure be blamed on its disk."""
_FULL = frozenset((errno.ENOSPC, errno.EDQUOT))


def problem_of(folders: Sequence[Path], error: OSError | None = None) -> ConfigError | None:
    """Return what is wrong with the first of some folders whose disk takes nothing more.

    Args:
        folders: What was to be written to.
        error: What came of it, where it is known: a problem in any case.
    """
    for folder in folders:
        try:
            with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
                os.posix_fallocate(file.fileno(), 0, ROOM)
        except OSError as found:
            return _in_words(folder, found)
    return None if error is None else _in_words(folders[0], error)


@contextmanager
def in_words(folders: Sequence[Path]) -> Iterator[None]:
    """Turn an error of a full disk into one that names the folder and what to do.

    Raises:
        ConfigError: The disk of one of the folders is full.
    """
    try:
        yield
    except OSError as error:
        problem = problem_of([f for f in folders if f.is_dir()], error)
        if error.errno not in _FULL or problem is None:
            raise
        raise problem from error


def _in_words(folder: Path, error: OSError) -> ConfigError:
    if error.errno in _FULL:
        return ConfigError(
            f"{folder}: no space left on the disk; make room ({_free(folder)}) and give the same "
            "command: what is done is kept"
        )
    return ConfigError(
        f"{folder} cannot be written ({error.strerror}); mend it and give the same command: what "
        "is done is kept"
    )


def _free(folder: Path) -> str:
    state = os.statvfs(folder)
    if state.f_files and not state.f_favail:
        return "no inodes are free"
    return f"{state.f_bavail * state.f_frsize / (1 << 20):.1f} MB are free"
