"""The scorer as one file that Python runs: what `tests/` of a task folder grades with.

It holds the modules that scoring needs, as they are here, so that its number is ours. numpy, pandas
and pyarrow are the pinned image's: the scorer is vectorised with them, and a second implementation
without them would be a second scorer.
"""

from __future__ import annotations

import io
import zipfile
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

import darebench

MODULES = ("types", "errors", "environment")
"""What scoring imports outside of its own room."""
_TIME = (2026, 1, 1, 0, 0, 0)
"""When every file of the archive was changed, so that its bytes are always the same."""


@cache
def scorer_archive() -> bytes:
    """Return the bytes of the archive: the same for the same scorer."""
    package = files("darebench")
    grade = package.joinpath("convert", "harbor", "grade.py")
    members: dict[str, bytes] = {
        "__main__.py": grade.read_bytes(),
        "darebench/__init__.py": f'"""The scorer."""\n\n__version__ = "{_version()}"\n'.encode(),
    }
    for name in MODULES:
        members[f"darebench/{name}.py"] = package.joinpath(f"{name}.py").read_bytes()
    for file in _sources(package.joinpath("scoring")):
        members[f"darebench/scoring/{file.name}"] = file.read_bytes()
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as stream:
        for name, content in sorted(members.items()):
            stream.writestr(zipfile.ZipInfo(name, _TIME), content)
    return archive.getvalue()


def _sources(folder: Traversable) -> list[Traversable]:
    return [file for file in folder.iterdir() if file.name.endswith(".py")]


def _version() -> str:
    return darebench.__version__
