"""The page itself: its style, its modules joined to one script, its libraries, and its policy.

The modules in `script/` are ES modules that import each other by name. A page on disk cannot load
any, so that they are joined in the order of their imports, which leaves one scope for all of them.
The policy names the hashes of all code that may run; nothing else does, whatever a text holds.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from functools import cache
from graphlib import TopologicalSorter
from importlib.resources import files
from typing import NamedTuple

from darebench.report.page.template import fill

LIBRARIES = {
    "charts": ("d3.min.js", "plot.umd.min.js"),
    "code": ("prism-core.min.js", "prism-python.min.js"),
}
"""Library -> its files in `vendor/`, in the order in which they run."""
PLOT_STYLE = "sha256-jSYQUrW7J0b3jPqhZP9C2Xh1PyJKHKXd4s0fpGGKrww="
"""Hash of the style element that Observable Plot puts into each chart."""
_IMPORT = re.compile(r'^import \{[^}]*\} from "\./(\w+)\.js";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?function|const|let|class)", re.MULTILINE)


class Shell(NamedTuple):
    """A page without its data."""

    html: str
    policy: str
    """Its Content-Security-Policy."""


def library(name: str) -> str:
    """Return the code of a library."""
    parts = [_read("vendor", part).rstrip("\n") for part in LIBRARIES[name]]
    return "\n".join(["globalThis.Prism={manual:true};", *parts] if name == "code" else parts)


def shell(
    title: str,
    documents: Iterable[tuple[str, str]] = (),
    *,
    served: bool = False,
    start: str = "",
) -> Shell:
    """Return the page that shows some documents.

    Args:
        title: Its title.
        documents: Names and packed texts of those that it holds.
        served: Whether it asks the server that it came from for documents.
        start: Fragment of the place that it opens at; its first page without one.
    """
    script, style = _script(), _read("script", "page.css")
    hashes = [_hash(code) for code in (script, *map(library, LIBRARIES))]
    policy = (
        f"default-src 'none'; script-src {' '.join(hashes)}; "
        f"style-src {_hash(style)} '{PLOT_STYLE}'; connect-src {_SELF if served else _NONE}; "
        "base-uri 'none'; form-action 'none'"
    )
    html = fill(
        "page",
        title=title,
        documents=documents,
        served=served,
        start=start,
        script=script,
        style=style,
        policy=policy,
    )
    return Shell(html, policy)


_SELF, _NONE = "'self'", "'none'"


@cache
def _script() -> str:
    """Return all modules as one: each after those that it imports."""
    folder = files("darebench.report.page") / "script"
    names = [entry.name.removesuffix(".js") for entry in folder.iterdir()]
    sources = {n: _read("script", f"{n}.js") for n in sorted(names) if not n.endswith(".css")}
    graph = {name: sorted(_IMPORT.findall(source)) for name, source in sources.items()}
    order = TopologicalSorter(graph).static_order()
    return "\n".join(_EXPORT.sub("", _IMPORT.sub("", sources[name])) for name in order)


def _read(folder: str, name: str) -> str:
    return (files("darebench.report.page") / folder / name).read_text(encoding="utf-8")


def _hash(code: str) -> str:
    digest = hashlib.sha256(code.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
