"""The environment that results depend on: interpreter, platform, library versions, and a hash."""

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
    """The versions that decide what a reference workflow computes."""

    python: str
    machine: str
    libraries: tuple[tuple[str, str], ...]

    @property
    def hash(self) -> str:
        """Twelve hex digits, which differ when any version does."""
        return fingerprint([self.python, self.machine, *map(list, self.libraries)])

    def as_dict(self) -> dict[str, str]:
        """Return the flat form for JSON, with the hash."""
        return {
            "python": self.python,
            "machine": self.machine,
            **dict(self.libraries),
            "hash": self.hash,
        }


def fingerprint(value: object) -> str:
    """Hash a JSON-able value to twelve hex digits, which are the same for equal values."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


@cache
def current_environment() -> Environment:
    """Return the environment of this interpreter, which the sandbox runs too."""
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
