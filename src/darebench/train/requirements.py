"""What training needs of an installation; importing this module needs none of it."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager

from darebench.errors import ConfigError, DareError
from darebench.installing import install_command

LIBRARIES = ("torch", "transformers", "trl", "peft", "datasets", "tensorboard")


def need_libraries() -> None:
    """Refuse to start without the extra `train`.

    Raises:
        ConfigError: A library is missing.
    """
    missing = [name for name in LIBRARIES if importlib.util.find_spec(name) is None]
    if missing:
        raise ConfigError(
            f"training needs {', '.join(missing)}: run `make train-env` in a checkout, or "
            f"{install_command('torch==2.13.0', extra='train')}"
        )


@contextmanager
def refusals(what: str) -> Iterator[None]:
    """Turn a library's refusal of what it is given into one sentence, with the error as its cause.

    Raises:
        ConfigError: The library has refused.
    """
    try:
        yield
    except DareError:
        raise
    except Exception as error:
        said = next(iter(str(error).strip().splitlines()), "")
        raise ConfigError(f"{what}: {type(error).__name__}: {said}") from error
