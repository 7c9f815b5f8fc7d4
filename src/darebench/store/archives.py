"""Unpack a store's archive once and safely: plain files inside the folder, within bounds."""

from __future__ import annotations

import hashlib
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from pathlib import Path

from darebench.errors import StoreError

SUFFIXES = (".tar", ".tar.gz", ".tgz", ".zip")
MAX_BYTES = 200 * 1024**3
"""Largest size of all unpacked files together."""
MAX_RATIO = 200
"""Largest ratio of unpacked to packed bytes beyond the first GiB; tables stay far below it."""

_BROKEN = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    RuntimeError,  # encrypted
    NotImplementedError,  # another compression
)


def is_archive(path: Path) -> bool:
    """Check by its name whether a file is an archive that we unpack."""
    return path.name.lower().endswith(SUFFIXES)


def unpack(path: Path, cache: Path) -> Path:
    """Unpack an archive into the cache, or find it there; the key is its content.

    Returns:
        The folder with what was unpacked.

    Raises:
        StoreError: The archive is broken, too large, or holds anything but plain files and folders.
    """
    with path.open("rb") as stream:
        key = hashlib.file_digest(stream, "sha256").hexdigest()[:16]
    target = cache / key
    if target.is_dir():
        return target
    scratch = Path(tempfile.mkdtemp(dir=cache))
    try:
        if path.name.lower().endswith(".zip"):
            _unzip(path, scratch)
        else:
            _untar(path, scratch)
        scratch.replace(target)
    except _BROKEN as error:
        if target.is_dir():  # another process was faster
            return target
        raise StoreError(f"{path} cannot be unpacked: {error}; pack or fetch it again") from None
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return target


def _untar(path: Path, target: Path) -> None:
    with tarfile.open(path) as archive:
        members = archive.getmembers()
        _check_size(path, sum(m.size for m in members), target)
        for member in members:
            if not (member.isfile() or member.isdir()):
                raise StoreError(f"{path} holds {member.name!r}, which is not a plain file")
        archive.extractall(target, filter="data")


def _unzip(path: Path, target: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        _check_size(path, sum(m.file_size for m in members), target)
        for member in members:
            inside = (target / member.filename).resolve()
            if not inside.is_relative_to(target.resolve()):
                raise StoreError(f"{path} holds {member.filename!r}, which leads out of it")
        archive.extractall(target)


def _check_size(path: Path, size: int, target: Path) -> None:
    packed = path.stat().st_size
    if size > MAX_BYTES or size > 1024**3 + MAX_RATIO * packed:
        raise StoreError(
            f"{path} unpacks from {packed} to {size} bytes; a store of tables does not, so check "
            "where it comes from"
        )
    free = shutil.disk_usage(target).free
    if size > free:
        raise StoreError(
            f"{path} unpacks to {size} bytes and {target.parent} has {free} free; make room or set "
            "DAREBENCH_CACHE"
        )
