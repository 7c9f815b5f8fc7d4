"""Settings in TOML: what a user writes by hand, and what a folder of work keeps."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tomli_w

from darebench.errors import ConfigError
from darebench.files import written_whole


def read_settings(path: Path | None, settings: Sequence[str] = ()) -> dict[str, Any]:
    """Read a TOML file, if one is given, with `KEY=VALUE` settings over it.

    A value is read as TOML, or else taken as text. A key with dots, such as
    `generation.temperature`, names a key of a table.

    Raises:
        ConfigError: The file or a setting cannot be used.
    """
    values: dict[str, Any] = {}
    if path is not None:
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise ConfigError(f"{path} is not a usable TOML file: {error.strerror}") from None
        except ValueError as error:
            raise ConfigError(f"{path} is not a usable TOML file: {error}") from None
    for setting in settings:
        name, found, text = setting.partition("=")
        if not found or not name.strip():
            raise ConfigError(f"--set takes KEY=VALUE, got {setting!r}")
        _put(values, name.strip(), _value(text))
    return values


def write_settings(values: Mapping[str, Any], path: Path) -> None:
    """Write settings as TOML, whole or not at all; a setting that is None is left out."""
    with written_whole(path) as part:
        part.write_text(tomli_w.dumps(_known(values)), encoding="utf-8")


def _put(values: dict[str, Any], name: str, value: Any) -> None:
    *tables, key = name.split(".")
    for table in tables:
        values = values.setdefault(table, {})
        if not isinstance(values, dict):
            raise ConfigError(f"--set {name}: {table} is not a table of settings")
    values[key] = value


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except ValueError:
        return text


def _known(value: Mapping[str, Any]) -> dict[str, Any]:
    return {
        str(key): _known(item) if isinstance(item, Mapping) else _plain(item)
        for key, item in value.items()
        if item is not None
    }


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return str(value)
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value
