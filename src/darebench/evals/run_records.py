"""The records of a run's folder: what is run, and what it is run with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from darebench.errors import ConfigError

CONFIG = "config.json"
"""The record of what is run."""
ENVIRONMENT = "env.json"
"""The record of what it is run with."""


class Records(NamedTuple):
    """The records of a run."""

    config: dict[str, Any]
    environment: dict[str, Any]


def read_records(folder: Path) -> Records:
    """Read the records of a run.

    Raises:
        ConfigError: The folder is not that of a run.
    """
    try:
        texts = [(folder / name).read_text(encoding="utf-8") for name in (CONFIG, ENVIRONMENT)]
        return Records(*map(json.loads, texts))
    except OSError as error:
        raise ConfigError(
            f"{folder} is not a run folder: {error.filename}: {error.strerror}"
        ) from None
    except ValueError as error:
        raise ConfigError(f"{folder} is not a run folder: {error!r}") from None
