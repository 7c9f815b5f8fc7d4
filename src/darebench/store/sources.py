"""Where a store comes from: a folder, an archive, the Hugging Face hub, or the package itself."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from darebench.errors import StoreError
from darebench.store import hub
from darebench.store.archives import is_archive, unpack
from darebench.store.cache import cache_folder
from darebench.store.layout import QUESTIONS

GROUP = "darebench.stores"
"""Entry points that stores are found by their names under: functions of a cache folder."""
STARTER = "starter"


def resolve(ref: str | Path | None) -> Path:
    """Return the local folder with the question list of a store; None means the starter store.

    Raises:
        StoreError: There is no store at `ref`, or it cannot be fetched.
    """
    named = {point.name: point for point in entry_points(group=GROUP)}
    if ref is None:
        return _make(named.get(STARTER), STARTER)
    if isinstance(ref, str) and ref.startswith(hub.SCHEME):
        folder = hub.fetch(ref, cache_folder("hub"))
        packed = sorted(p for p in folder.rglob("*") if p.is_file() and is_archive(p))
        if not _roots(folder) and packed:
            folder = unpack(packed[0], cache_folder("archives"))
        return _root(folder, ref)
    path = Path(ref).expanduser()
    if isinstance(ref, str) and ref in named and not path.exists():
        return _make(named[ref], ref)
    if path.is_file() and is_archive(path):
        return _root(unpack(path, cache_folder("archives")), ref)
    if not path.is_dir():
        raise StoreError(
            f"there is no store at {ref}; give a folder, an archive, hf://owner/name or one of "
            f"{', '.join(sorted(named))}"
        )
    return _root(path, ref)


def _make(point: EntryPoint | None, name: str) -> Path:
    """Return the folder of a named store, which is made at its first use."""
    if point is None:
        raise StoreError(f"the store {name!r} is not registered; install darebench again")
    return point.load()(cache_folder(name))


def _root(folder: Path, ref: str | Path) -> Path:
    if (folder / QUESTIONS).is_file():
        return folder
    roots = _roots(folder)
    if len(roots) != 1:
        found = len(roots) or "none"
        raise StoreError(f"{ref} is not a store: it must have one {QUESTIONS}, and has {found}")
    return roots[0]


def _roots(folder: Path) -> list[Path]:
    """Return the folders with a question list, at most two folders down."""
    return sorted(p.parent for depth in ("", "*/", "*/*/") for p in folder.glob(depth + QUESTIONS))
