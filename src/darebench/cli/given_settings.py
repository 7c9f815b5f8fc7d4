"""`-c FILE.toml` and `--set KEY=VALUE`: a command's options from elsewhere than its command line.

A key is an option's name in snake case. The command line wins over `--set`, which wins over the
file, which wins over the default. The tables `generation` and `model_args` hold what a model and
its provider are told, whether or not darebench has an option for it. The `config.toml` that a run
or a curation keeps in its folder is such a file.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer

from darebench.cli.command import suggestion
from darebench.errors import ConfigError
from darebench.toml_file import read_settings

_log = logging.getLogger(__name__)
GENERATION = ("temperature", "top_p", "top_k", "max_tokens", "max_retries")
"""Options that stand in the table `generation`."""
_TABLES = ("generation", "model_args")
_NOT_SETTINGS = frozenset(
    ("config", "settings", "as_json", "quiet", "verbose", "dry_run", "fresh", *GENERATION)
)
_META = "darebench.cli.given_settings"


@dataclass(slots=True)
class _Layers:
    """What one command line was given, by the option that gave it."""

    file: Mapping[str, Any] = field(default_factory=dict)
    set: Mapping[str, Any] = field(default_factory=dict)

    def merged(self) -> dict[str, Any]:
        """Return the settings of the file with those of `--set` over them."""
        tables = {
            name: {**self.file.get(name, {}), **self.set.get(name, {})}
            for name in _TABLES
            if name in self.file or name in self.set
        }
        return {**self.file, **self.set, **tables}


def _read_file(context: typer.Context, path: Path | None) -> Path | None:
    if path is not None and not context.resilient_parsing:
        _log.info("settings of %s", path.absolute())
        _layers(context).file = _checked(context, read_settings(path), str(path))
        _apply(context)
    return path


def _read_set(context: typer.Context, given: list[str] | None) -> list[str] | None:
    if given and not context.resilient_parsing:
        _layers(context).set = _checked(context, read_settings(None, given), "--set")
        _apply(context)
    return given


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsOptions:
    """The options that give other options."""

    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            "-c",
            is_eager=True,
            callback=_read_file,
            metavar="FILE.toml",
            show_default="no file",
            help="File of settings, whose keys are the names of options in snake case.",
        ),
    ] = None
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            is_eager=True,
            callback=_read_set,
            metavar="KEY=VALUE",
            show_default="none",
            help="Setting that wins over the file's; it can be given several times.",
        ),
    ] = None


def tables(context: typer.Context) -> dict[str, dict[str, Any]]:
    """Return the tables `generation` and `model_args` of the settings that a command was given."""
    merged = _layers(context).merged()
    return {name: dict(merged.get(name, {})) for name in _TABLES}


def _layers(context: typer.Context) -> _Layers:
    return context.meta.setdefault(_META, _Layers())


def _keys(context: typer.Context) -> dict[str, Any]:
    """Map the settings of a command to its parameters."""
    found: dict[str, Any] = {}
    for parameter in context.command.params:
        if parameter.name in _NOT_SETTINGS or parameter.name in _TABLES:
            continue
        long = [opt for opt in parameter.opts if opt.startswith("--")]
        found[long[0][2:].replace("-", "_") if long else str(parameter.name)] = parameter
    return found


def _checked(context: typer.Context, values: Mapping[str, Any], origin: str) -> dict[str, Any]:
    """Refuse keys that the command does not have, and move what belongs into `generation`.

    Raises:
        ConfigError: A key is unknown, or a table is not one.
    """
    names = {parameter.name for parameter in context.command.params}
    has_model = "model_args" in names
    checked = dict(values)
    if "epochs" in checked and "attempts" in names:  # a run's own file calls them epochs
        checked["attempts"] = checked.pop("epochs")
    if has_model:
        moved = {name: checked.pop(name) for name in GENERATION if name in checked}
        if moved:
            checked["generation"] = {**_table(checked, "generation", origin), **moved}
    known = [*_keys(context), *(_TABLES if has_model else ())]
    for key in checked:
        if key not in known:
            every = [*known, *(GENERATION if has_model else ())]
            near = suggestion(key, every) or f"; its settings are {', '.join(sorted(every))}"
            raise ConfigError(f"{origin}: `{context.command_path}` has no setting {key!r}{near}")
    return checked | {name: _table(checked, name, origin) for name in _TABLES if name in checked}


def _table(values: Mapping[str, Any], name: str, origin: str) -> dict[str, Any]:
    value = values.get(name, {})
    if not isinstance(value, Mapping):
        raise ConfigError(f"{origin}: {name} is {value!r}, not a table of settings")
    return {str(key): item for key, item in value.items()}


def _apply(context: typer.Context) -> None:
    """Make the settings the defaults of the command's parameters."""
    merged, keys = _layers(context).merged(), _keys(context)
    context.default_map = {
        keys[key].name: _several(value) if _takes_several(keys[key]) else value
        for key, value in merged.items()
        if key in keys
    }


def _takes_several(parameter: Any) -> bool:
    return bool(getattr(parameter, "multiple", False)) or parameter.nargs == -1


def _several(value: object) -> list[object]:
    """Return a setting as the list that an option takes which can be given several times."""
    if isinstance(value, Mapping):
        return [f"{key}={item}" for key, item in value.items()]
    return list(value) if isinstance(value, list | tuple) else [value]
