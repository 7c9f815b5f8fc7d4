"""Reads the files that packages ship tables in: packed ones, and ARFF, beside those of a folder."""

from __future__ import annotations

import bz2
import gzip
import lzma
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import IO

import pandas as pd

from darebench.curate.reading.evidence import Reading, ReadTable
from darebench.curate.sources.data_files import read_any
from darebench.errors import CurationReject


def read_table_file(path: Path) -> ReadTable:
    """Read a table, unpacked if need be.

    Raises:
        CurationReject: It cannot be read.
    """
    suffix = path.suffix.lower()
    if suffix == ".arff":
        return _read_arff(path)
    if suffix not in (".gz", ".bz2", ".xz", ".zip"):
        return read_any(path)
    with tempfile.TemporaryDirectory() as folder:
        try:
            return read_any(_unpack(path, Path(folder)))
        except (OSError, EOFError, lzma.LZMAError, zipfile.BadZipFile) as error:
            raise CurationReject(f"{path.name} cannot be unpacked: {error}") from None


def _unpack(path: Path, folder: Path) -> Path:
    if path.suffix.lower() == ".zip":
        return _unzip(path, folder)
    openers = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
    target = folder / path.stem
    with openers[path.suffix.lower()](path, "rb") as packed, target.open("wb") as plain:
        shutil.copyfileobj(_binary(packed), plain)
    return target


def _binary(stream: IO[bytes] | IO[str]) -> IO[bytes]:
    return stream  # type: ignore[return-value]  # opened as "rb"


def _unzip(path: Path, folder: Path) -> Path:
    """Take the one file out of an archive."""
    with zipfile.ZipFile(path) as archive:
        names = [n for n in archive.namelist() if not n.endswith("/") and "__MACOSX" not in n]
        if len(names) != 1:
            raise CurationReject(f"{path.name} holds {len(names)} files, and one is read")
        inner = Path(names[0])
        if inner.suffix.lower() == ".zip":  # the archive's own name, given to a text file
            inner = inner.with_suffix("") if Path(inner.stem).suffix else inner.with_suffix(".csv")
        target = folder / inner.name
        with archive.open(names[0]) as packed, target.open("wb") as plain:
            shutil.copyfileobj(packed, plain)
    return target


def _read_arff(path: Path) -> ReadTable:
    from scipy.io import arff

    try:
        data, meta = arff.loadarff(path)
    except (ValueError, NotImplementedError, arff.ArffError) as error:
        raise CurationReject(f"{path.name} cannot be read: {error}") from None
    frame = pd.DataFrame(data)
    for name, kind in zip(meta.names(), meta.types(), strict=True):
        if kind == "nominal":
            texts = frame[name].str.decode("utf-8").str.strip("'\"")
            frame[name] = texts.where(texts != "?")
    return ReadTable(frame=frame, reading=Reading(container="arff"))
