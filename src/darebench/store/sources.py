"""Where a store comes from: a folder (archives, the hub and the starter store follow)."""

from pathlib import Path

from darebench.errors import StoreError


def resolve(ref: str | Path | None) -> Path:
    """Turn a store reference into a folder that holds a store."""
    if ref is None or not Path(ref).is_dir():
        raise StoreError(f"no store at {ref!r}")
    return Path(ref)
