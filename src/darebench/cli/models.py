"""What `eval` and `rollouts` tell a model and its provider: options, and how they are passed on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from darebench.errors import ConfigError

ModelArgsOption = Annotated[
    list[str] | None, typer.Option("-M", help="NAME=VALUE for the model's provider.")
]
TopKOption = Annotated[int | None, typer.Option("--top-k")]
MaxRetriesOption = Annotated[int | None, typer.Option("--max-retries", help="Of a request.")]


def generation(model: str, *, top_k: int | None, **options: Any) -> dict[str, Any]:
    """Give the sampling options that were named, as Inspect takes them."""
    named = {name: value for name, value in options.items() if value is not None}
    if top_k is None:
        return named
    # Inspect leaves top_k out of requests to these; servers take it in the body.
    in_body = model.startswith(("openai-api/", "vllm/", "sglang/"))
    return named | ({"extra_body": {"top_k": top_k}} if in_body else {"top_k": top_k})


def provider_arguments(items: Sequence[str] | None) -> dict[str, Any]:
    """Read `-M NAME=VALUE` options; a value that is no JSON is text.

    Raises:
        ConfigError: one lacks its equals sign.
    """
    return dict(_pair(item) for item in items or ())


def _pair(text: str) -> tuple[str, Any]:
    name, found, value = text.partition("=")
    if not found:
        raise ConfigError(f"-M takes NAME=VALUE, got {text!r}")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value
