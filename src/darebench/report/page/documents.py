"""Documents: what a page shows, by name, made when it is asked for.

The page that holds its data and the page that is served read the same documents by the same names:
one has all of them inside, compressed, and the other asks for each when it is shown. A name that is
not among them leads nowhere.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Mapping

Documents = Mapping[str, Callable[[], object]]
"""Name -> a function that makes the document, a value that JSON can hold."""

LEVEL = 4
"""Of gzip: the highest one takes twice the time for a tenth less."""


def as_text(value: object) -> str:
    """Return a document as JSON with stable bytes."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def packed(value: object) -> str:
    """Return a document as it stands in a page: JSON, compressed, in letters that end nothing."""
    data = gzip.compress(as_text(value).encode(), LEVEL, mtime=0)
    return base64.b64encode(data).decode("ascii")
