"""Where a store comes from: a folder, an archive, the Hugging Face hub, or the package itself."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from darebench.errors import StoreError
from darebench.store import hub, release
from darebench.store.archives import is_archive, unpack
from darebench.store.cache import cache_folder
from darebench.store.layout import QUESTIONS

GROUP = "darebench.stores"
"""Entry points that stores are found by their names under: functions of a cache folder."""
STARTER = "starter"


def resolve(ref: str | Path | None) -> Path:
    """Return the local folder with the question list of a store; None means the starter store.

    A folder that is a store and is called as a named store is the folder.

    Raises:
        StoreError: There is no store at `ref`, or it cannot be fetched.
    """
    named = {point.name: point for point in entry_points(group=GROUP)}
    if ref is None:
        return _make(named.get(STARTER), STARTER)
    if isinstance(ref, str) and ref.startswith(hub.SCHEME):
        return _root(_unpacked(hub.fetch(ref, cache_folder("hub"))), ref)
    path = Path(ref).expanduser()
    if isinstance(ref, str) and release.is_release(ref) and not _roots(path):
        folder, word = release.fetch_release(ref)
        return _root(_unpacked(folder, word), ref, word)
    if isinstance(ref, str) and ref in named and not path.exists():
        return _make(named[ref], ref)
    if path.is_file() and is_archive(path):
        return _root(unpack(path, cache_folder("archives")), ref)
    if not path.is_dir():
        raise StoreError(
            f"there is no store at {ref}; give a folder, an archive, hf://owner/name or one of "
            f"{', '.join(sorted({*named, release.NAME, f'{release.NAME}:{release.TRAIN}'}))}"
        )
    return _root(path, ref)


def _make(point: EntryPoint | None, name: str) -> Path:
    """Return the folder of a named store, which is made at its first use."""
    if point is None:
        raise StoreError(f"the store {name!r} is not registered; install darebench again")
    return point.load()(cache_folder(name))


def _unpacked(folder: Path, word: str | None = None) -> Path:
    """Return the folder, or what is in its archive if only that can hold a store.

    Of several archives it is the one with `word` in its path, else the first.
    """
    packed = sorted(p for p in folder.rglob("*") if p.is_file() and is_archive(p))
    if not packed or _roots(folder):
        return folder
    return unpack(_with_word(packed, folder, word)[0], cache_folder("archives"))


def _root(folder: Path, ref: str | Path, word: str | None = None) -> Path:
    if (folder / QUESTIONS).is_file():
        return folder
    roots = _with_word(_roots(folder), folder, word)
    if len(roots) != 1:
        found = len(roots) or "none"
        raise StoreError(f"{ref} is not a store: it must have one {QUESTIONS}, and has {found}")
    return roots[0]


def _with_word(paths: list[Path], folder: Path, word: str | None) -> list[Path]:
    """Keep the paths that hold a word below a folder, if there is a choice and one does."""
    named = [p for p in paths if word and word in str(p.relative_to(folder)).casefold()]
    return named if len(paths) > 1 and named else paths


def _roots(folder: Path) -> list[Path]:
    """Return the folders with a question list, at most three folders down."""
    depths = ("", "*/", "*/*/", "*/*/*/")
    return sorted(p.parent for depth in depths for p in folder.glob(depth + QUESTIONS))
