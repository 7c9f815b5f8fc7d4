"""Where darebench keeps what it can make or fetch again: one folder, set by the environment."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder(room: str) -> Path:
    """Return the cache folder of one room, and make it if needed.

    It lies in `$DAREBENCH_CACHE`, else `$XDG_CACHE_HOME/darebench`, else `~/.cache/darebench`.
    """
    own = os.environ.get("DAREBENCH_CACHE")
    shared = os.environ.get("XDG_CACHE_HOME")
    base = Path(own) if own else Path(shared or Path.home() / ".cache") / "darebench"
    folder = base / room
    folder.mkdir(parents=True, exist_ok=True)
    return folder
