"""What names a user's own model or agent in records: where it is written, and a hash of its source.

A repr holds addresses of memory and may hold secrets, and would make every call another run.
"""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from darebench.environment import fingerprint
from darebench.errors import ConfigError


def qualified_name(thing: object) -> str:
    """Return `module:qualname` of a function or class, or of an object's class."""
    named: Any = thing if hasattr(thing, "__qualname__") else type(thing)
    return f"{named.__module__}:{named.__qualname__}"


def identify(thing: object) -> dict[str, str | None]:
    """Return a name, and twelve hex digits of the source where that can be read."""
    named: Any = inspect.unwrap(thing) if callable(thing) else thing
    named = named if hasattr(named, "__qualname__") else type(named)
    try:
        source = fingerprint(inspect.getsource(named))
    except (OSError, TypeError):  # written in a shell, or in C
        source = None
    return {"name": qualified_name(thing), "source": source}


def load(address: str) -> Any:
    """Import what `module:name` says; modules of the working folder are found as well.

    Raises:
        ConfigError: The address, the module or the name cannot be used.
    """
    module_name, found, name = address.partition(":")
    if not (found and module_name and name):
        raise ConfigError(f"the agent {address!r} is not of the form module:function")
    here = str(Path.cwd())
    sys.path.insert(0, here)
    try:
        module = importlib.import_module(module_name)
    except Exception as error:  # the module may raise anything when it is imported
        raise ConfigError(
            f"the agent's module {module_name!r} cannot be imported: {error!r}"
        ) from error
    finally:
        sys.path.remove(here)
    if not hasattr(module, name):
        hint = did_you_mean(name, vars(module))
        raise ConfigError(f"{module_name} has no function {name!r}{hint}")
    return getattr(module, name)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a suffix for a message that suggests the nearest known name, or an empty text."""
    near = get_close_matches(word, [*known], n=1)
    return f"; did you mean {near[0]!r}?" if near else ""
