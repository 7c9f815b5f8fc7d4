"""The environment that results depend on: interpreter, platform, library versions, and its hash."""

from __future__ import annotations

import hashlib
import json
import platform
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version

DEFINING = ("numpy", "scipy", "pandas", "pyarrow", "scikit-learn")
"""The libraries whose versions can change a reference's values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Versions that define what the reference workflow computes."""

    python: str
    machine: str
    libraries: tuple[tuple[str, str], ...]

    @property
    def hash(self) -> str:
        """Twelve hex digits that differ when any version does."""
        return fingerprint([self.python, self.machine, *map(list, self.libraries)])

    def as_dict(self) -> dict[str, str]:
        """Flat form for JSON, the hash included."""
        return {
            "python": self.python,
            "machine": self.machine,
            **dict(self.libraries),
            "hash": self.hash,
        }


def fingerprint(value: object) -> str:
    """Hash a JSON-able value to twelve hex digits, the same for equal values."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


@cache
def current_environment() -> Environment:
    """Describe the interpreter that runs this code, which the sandbox runs as well."""
    return Environment(
        python=platform.python_version(),
        machine=platform.machine(),
        libraries=tuple((name, _version(name)) for name in DEFINING),
    )


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"
