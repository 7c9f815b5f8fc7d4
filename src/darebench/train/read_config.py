"""TOML and `KEY=VALUE` settings -> a configuration; every mistake is named before work begins."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from types import NoneType
from typing import Any, TypeVar, get_args, get_type_hints

from darebench.errors import ConfigError
from darebench.toml_file import read_settings
from darebench.train.config import Lora, TrainingConfig

_C = TypeVar("_C", bound=TrainingConfig)

_COUNTS = (
    "turns", "questions", "batch_size", "accumulation", "max_length", "max_context", "max_new",
    "generation_batch", "save_steps", "eval_steps", "slots", "limit", "iterations", "wait_s",
)  # fmt: skip
_NOT_NEGATIVE = (
    "learning_rate", "top_k", "beta", "epsilon", "epsilon_high", "ran_reward", "seed",
    "warmup_steps", "weight_decay", "max_grad_norm", "lora.dropout",
)  # fmt: skip
_LEAST = {
    "generations": 2, "temperature": 0.01, "top_p": 0.01, "lora.r": 1, "lora.alpha": 1,
    **dict.fromkeys(_COUNTS, 1), **dict.fromkeys(_NOT_NEGATIVE, 0),
}  # fmt: skip
_MOST = {"top_p": 1, "lora.dropout": 1, "seed": 2**32 - 1}


def load_config(kind: type[_C], path: Path, settings: Sequence[str] = ()) -> _C:
    """Read a TOML file, with `KEY=VALUE` settings over it.

    Raises:
        ConfigError: The file or a setting cannot be used.
    """
    return make_config(kind, read_settings(path, settings))


def make_config(kind: type[_C], values: Mapping[str, object]) -> _C:
    """Build a configuration, refusing names and kinds of values that it does not have.

    Raises:
        ConfigError: A name or a value cannot be used.
    """
    hints = get_type_hints(kind)
    unknown = sorted(set(values) - set(hints))
    if unknown:
        raise ConfigError(f"unknown setting {unknown[0]!r}; the settings are: {', '.join(hints)}")
    given = {name: _value_of(name, hints[name], value) for name, value in values.items()}
    try:
        return kind(**given)
    except TypeError as error:
        raise ConfigError(f"the configuration is not complete: {error}") from None


def _value_of(name: str, hint: object, value: object) -> Any:
    """Check one value against its field's type, and convert it.

    Raises:
        ConfigError: It is of another type, or out of bounds.
    """
    wanted = next((arg for arg in get_args(hint) if arg is not NoneType), hint)
    if hint == tuple[str, ...]:
        return _names(name, value)
    if value is None and NoneType in get_args(hint):
        return None
    if wanted is Lora:
        return _lora(value)
    if isinstance(wanted, type) and issubclass(wanted, StrEnum):
        if value not in set(wanted):
            raise ConfigError(f"{name} is {value!r}; use one of: {', '.join(wanted)}")
        return wanted(value)
    if wanted is float and type(value) is int:
        value = float(value)  # some libraries tell 1 from 1.0
    if type(value) is not wanted:
        shown = getattr(wanted, "__name__", wanted)
        raise ConfigError(f"{name} is {value!r}; a value of type {shown} is needed")
    _check_bounds(name, value)
    return value


def _check_bounds(name: str, value: object) -> None:
    if not isinstance(value, int | float):
        return
    if value < _LEAST.get(name, -math.inf):
        raise ConfigError(f"{name} is {value!r}; at least {_LEAST[name]} is needed")
    if not value <= _MOST.get(name, math.inf):
        raise ConfigError(f"{name} is {value!r}; at most {_MOST[name]} is possible")


def _lora(value: object) -> Lora:
    hints = get_type_hints(Lora)
    if not isinstance(value, Mapping) or not set(value) <= set(hints):
        raise ConfigError(f"lora is {value!r}; it is a table that takes {', '.join(hints)}")
    return Lora(**{k: _value_of(f"lora.{k}", hints[k], v) for k, v in value.items()})


def _names(name: str, value: object) -> tuple[str, ...]:
    """Take a list of names, or one name."""
    given = [value] if isinstance(value, str) else value
    if not isinstance(given, list | tuple) or not all(isinstance(n, str) for n in given):
        raise ConfigError(
            f"{name} is {value!r}; a list of task ids, dataset names or globs is needed"
        )
    return tuple(given)
