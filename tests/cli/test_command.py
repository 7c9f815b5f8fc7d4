"""Dataclasses of options become options."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from darebench.cli.command import add_command, spread, suggestion


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """Two options."""

    size: Annotated[int, typer.Option("--size", min=1, help="How large.")] = 3
    name: Annotated[str, typer.Option("--name", help="Whose.")]


def show(first: Annotated[str, typer.Argument()], *, shared: Shared, last: bool = False) -> None:
    """Show what was given."""
    print(first, shared.size, shared.name, last)


def invoke(*arguments: str):
    app = typer.Typer()
    app.callback()(lambda: None)
    add_command(app, "show", show)
    return CliRunner().invoke(app, ["show", *arguments])


def test_a_dataclass_becomes_one_option_for_each_field_and_arrives_whole():
    assert invoke("a", "--name", "me", "--size", "5", "--last").output == "a 5 me True\n"
    assert invoke("a", "--name", "me").output == "a 3 me False\n"


@pytest.mark.parametrize("arguments", [("a",), ("a", "--name", "me", "--size", "0")])
def test_the_fields_keep_their_rules(arguments):
    assert invoke(*arguments).exit_code == 2


def test_the_signature_names_every_option_with_its_type():
    import inspect

    parameters = inspect.signature(spread(show)).parameters
    assert list(parameters) == ["first", "size", "name", "last"]
    assert parameters["size"].default == 3
    assert parameters["name"].default is inspect.Parameter.empty


def test_a_suggestion_is_made_only_for_a_near_miss():
    assert suggestion("epoch", ["epochs", "limit"]) == "; did you mean 'epochs'?"
    assert suggestion("colour", ["epochs", "limit"]) == ""
