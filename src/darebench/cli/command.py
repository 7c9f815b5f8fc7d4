"""Turns functions into commands.

A parameter whose type is a dataclass becomes one option for each field, so that options which
several commands share are written once. Typer sees the whole list of options: help, types and
completion are the same as if each function had spelled them out.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import re
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import Any, TypeVar, get_type_hints

import typer
from typer.core import TyperCommand

from darebench.errors import ConfigError
from darebench.installing import install_command

_F = TypeVar("_F", bound=Callable[..., None])
_NOT_A_CHOICE = re.compile(r"(?:Value error, )?'(?P<given>.*)' is not one of (?P<choices>.*)\.")


class Command(TyperCommand):
    """A command that suggests the choice that a mistyped value was probably meant to be."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the arguments.

        Raises:
            typer.BadParameter: A value cannot be used.
        """
        try:
            return super().parse_args(ctx, args)
        except typer.BadParameter as error:
            error.message = _in_words(error.message)
            raise


def add_command(app: typer.Typer, name: str, function: Callable[..., None]) -> None:
    """Add a function to an application as the command `name`."""
    app.command(name, cls=Command)(spread(function))


def command(app: typer.Typer, name: str) -> Callable[[_F], _F]:
    """Return a decorator that adds a function to an application as the command `name`."""

    def add(function: _F) -> _F:
        add_command(app, name, function)
        return function

    return add


def spread(function: Callable[..., None]) -> Callable[..., None]:
    """Replace each parameter that is a dataclass of options by the fields of that class."""
    hints = get_type_hints(function, include_extras=True)
    groups: dict[str, Any] = {
        name: kind for name, kind in hints.items() if dataclasses.is_dataclass(kind)
    }
    parameters: list[inspect.Parameter] = []
    for name, parameter in inspect.signature(function).parameters.items():
        if name in groups:
            parameters += _fields(groups[name])
        else:
            parameters.append(parameter.replace(annotation=hints[name]))

    @functools.wraps(function)
    def call(**given: Any) -> None:
        for name, kind in groups.items():
            own = {field.name: given.pop(field.name) for field in dataclasses.fields(kind)}
            given[name] = kind(**own)
        function(**given)

    keyword = inspect.Parameter.KEYWORD_ONLY
    signature = inspect.Signature([p.replace(kind=keyword) for p in parameters])
    call.__dict__["__signature__"] = signature
    call.__annotations__ = {p.name: p.annotation for p in parameters}
    return call


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean ...?` with the nearest of the known words; empty if none is near."""
    near = get_close_matches(word, list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _fields(kind: Any) -> list[inspect.Parameter]:
    hints = get_type_hints(kind, include_extras=True)
    return [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=(
                inspect.Parameter.empty if field.default is dataclasses.MISSING else field.default
            ),
            annotation=hints[field.name],
        )
        for field in dataclasses.fields(kind)
    ]


def _in_words(message: str) -> str:
    """Take the validator's prefix off a message, and add the choice that is nearest."""
    found = _NOT_A_CHOICE.fullmatch(message)
    if found is None:
        return message.removeprefix("Value error, ")
    choices = re.findall(r"'([^']*)'", found["choices"])
    near = suggestion(found["given"], choices)
    return f"{found['given']!r} is not one of {found['choices']}{near or '.'}"


def server_missing(error: ModuleNotFoundError, extra: str = "server") -> ConfigError:
    """Return the error of a server whose extra is not installed, with the command that does it."""
    package = (error.name or "").partition(".")[0]
    return ConfigError(f"the server needs {package}: {install_command(extra=extra)}")
