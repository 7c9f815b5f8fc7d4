"""Names of folders that tables and their datasets get."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence


def slug(text: str) -> str:
    """Spell a name for a folder; a hash makes up for what is lost of it."""
    plain = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60].strip("-")
    lost = len(re.sub(r"[\W_]+", "", text)) - len(plain.replace("-", ""))
    if plain and lost <= 0:
        return plain
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{plain}-{digest}".strip("-")


def unique_slugs(keys: Sequence[str]) -> list[str]:
    """Spell a name for each key; names that would be equal are numbered."""
    given: dict[str, None] = {}
    for key in keys:
        base, number = slug(key), 2
        name = base
        while name in given:
            name, number = f"{base}-{number}", number + 1
        given[name] = None
    return list(given)
