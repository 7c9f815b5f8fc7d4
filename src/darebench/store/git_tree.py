"""Git's own hash of a folder, by which a commit says what is in it."""

from __future__ import annotations

import hashlib
from pathlib import Path

_OWNER_RUNS = 0o100


def git_tree(folder: Path) -> str:
    """Return git's hash of a folder of plain files and folders: forty hex digits of SHA-1."""
    entries: list[tuple[str, bytes]] = []
    for path in folder.iterdir():
        if path.is_dir():
            # Git orders a folder as if its name ended in a slash.
            entries.append((f"{path.name}/", _entry("40000", path.name, git_tree(path))))
        else:
            mode = "100755" if path.stat().st_mode & _OWNER_RUNS else "100644"
            entries.append((path.name, _entry(mode, path.name, _git_blob(path))))
    ordered = sorted(entries, key=lambda entry: entry[0].encode())
    return _hash("tree", b"".join(content for _, content in ordered))


def _entry(mode: str, name: str, digest: str) -> bytes:
    return f"{mode} {name}\0".encode() + bytes.fromhex(digest)


def _git_blob(path: Path) -> str:
    return _hash("blob", path.read_bytes())


def _hash(kind: str, content: bytes) -> str:
    digest = hashlib.sha1(f"{kind} {len(content)}\0".encode(), usedforsecurity=False)
    digest.update(content)
    return digest.hexdigest()
