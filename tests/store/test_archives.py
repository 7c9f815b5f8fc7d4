"""Archives are unpacked once, and only safe ones."""

from __future__ import annotations

import gzip
import io
import os
import shutil
import tarfile
import zipfile
from pathlib import Path

import pytest

from darebench.errors import StoreError
from darebench.store.read import open_store


@pytest.fixture(scope="module")
def starter() -> Path:
    return open_store().root


@pytest.mark.parametrize("suffix", [".tar", ".tar.gz", ".zip"])
def test_a_packed_store_is_a_store(starter, tmp_path, suffix):
    form = {".tar": "tar", ".tar.gz": "gztar", ".zip": "zip"}[suffix]
    made = shutil.make_archive(str(tmp_path / "packed"), form, starter.parent, starter.name)
    assert len(open_store(made).tasks) == 12


def test_an_archive_cannot_write_outside_its_folder(tmp_path):
    bad = tmp_path / "bad.tar"
    with tarfile.open(bad, "w") as archive:
        archive.addfile(tarfile.TarInfo("../../evil"), io.BytesIO())
    with pytest.raises(StoreError):
        open_store(bad)
    link = tmp_path / "link.tar"
    with tarfile.open(link, "w") as archive:
        info = tarfile.TarInfo("link")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(info)
    with pytest.raises(StoreError, match="not a plain file"):
        open_store(link)
    packed = tmp_path / "bad.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("../../evil", "x")
    with pytest.raises(StoreError, match="leads out"):
        open_store(packed)


def packed(path: Path, members: dict[str, bytes], form: str) -> Path:
    if form == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in members.items():
                archive.writestr(name, content)
        return path
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def tarred_bomb(path: Path) -> None:
    """Pack files of 1.25 GiB that are holes: the size is read from the headers, as for any file."""
    with tarfile.open(path, "w:gz") as archive:
        for number in range(5):
            header = bytearray(tarfile.TarInfo(f"{number}.csv").tobuf(tarfile.GNU_FORMAT))
            header[156:157] = tarfile.GNUTYPE_SPARSE
            header[483:495] = b"%011o\0" % (1 << 28)  # how large the file is with its holes
            header[148:156] = b"%06o\0 " % (sum(header[:148]) + sum(header[156:]) + 8 * ord(" "))
            archive.fileobj.write(header)


def tarred_zeros(path: Path) -> None:
    """Pack 1.25 GiB of zeros: a part of them is compressed once and repeated."""
    zeros = gzip.compress(bytes(1 << 24))
    with path.open("wb") as stream:
        for number in range(5):
            info = tarfile.TarInfo(f"{number}.csv")
            info.size = 1 << 28
            stream.write(gzip.compress(info.tobuf()) + zeros * (info.size >> 24))
        stream.write(gzip.compress(bytes(2 * tarfile.BLOCKSIZE)))


def zipped_bomb(path: Path) -> None:
    """Pack what claims to be 1.25 GiB: the size is read from the headers before unpacking."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(5):
            archive.writestr(f"{number}.csv", bytes(1 << 16))
        for member in archive.infolist():  # what is written into the directory at the end
            member.file_size = 1 << 28


@pytest.mark.parametrize(
    ("form", "pack"),
    [
        ("zip", zipped_bomb),
        ("tgz", tarred_bomb),
        pytest.param("tgz", tarred_zeros, marks=pytest.mark.slow),
    ],
)
def test_a_bomb_is_not_unpacked(form, pack, tmp_path):
    bomb = tmp_path / f"bomb.{form}"
    pack(bomb)
    assert bomb.stat().st_size < 10 << 20
    with pytest.raises(StoreError, match="where it comes from"):
        open_store(bomb)


@pytest.mark.parametrize("form", ["zip", "tgz"])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_cut_archive_is_one_sentence(form, share, tmp_path):
    members = {"question_list.json": b"[]", "a.bin": os.urandom(100_000)}
    path = packed(tmp_path / f"cut.{form}", members, form)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(StoreError, match="unpacked"):
        open_store(path)


def test_a_device_in_an_archive_is_refused(tmp_path):
    path = tmp_path / "device.tar"
    with tarfile.open(path, "w") as archive:
        info = tarfile.TarInfo("null")
        info.type = tarfile.CHRTYPE
        archive.addfile(info)
    with pytest.raises(StoreError, match="not a plain file"):
        open_store(path)
