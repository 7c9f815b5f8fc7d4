"""Files that appear whole or not at all, and JSON with stable bytes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Yield a path to write to, which replaces `path` if the block ends without an error."""
    part = path.with_name(path.name + ".part")
    try:
        yield part
    except BaseException:
        if part.is_file():
            part.unlink()
        raise
    part.replace(path)


def write_json(value: object, path: Path) -> None:
    """Write JSON with stable bytes: sorted keys, one space of indent."""
    text = json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")
