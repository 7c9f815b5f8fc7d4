"""Reports in words that a disk is full or cannot be written, which is nobody's wrong answer."""

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


def problem_of(folders: Sequence[Path]) -> ConfigError | None:
    """Return what is wrong with the first of some folders that take nothing more, if any."""
    for folder in folders:
        try:
            with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
                os.posix_fallocate(file.fileno(), 0, ROOM)
        except OSError as found:
            return cannot_write(folder, found)
    return None


@contextmanager
def in_words(folders: Sequence[Path]) -> Iterator[None]:
    """Turn an error of a full disk into one that names the folder and what to do.

    Raises:
        ConfigError: The disk of one of the folders is full.
    """
    try:
        yield
    except OSError as error:
        problem = None
        if error.errno in _FULL:
            problem = problem_of([folder for folder in folders if folder.is_dir()])
        if problem is None:
            raise
        raise problem from error


def cannot_write(folder: Path, error: OSError) -> ConfigError:
    """Return an error that says what is wrong with a folder's disk, and what to do."""
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
