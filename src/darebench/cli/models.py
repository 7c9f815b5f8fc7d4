"""What a model and its provider are told: the form in which Inspect takes it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from darebench.errors import ConfigError


def generation(
    model: str, settings: Mapping[str, Any] | None = None, **options: float | None
) -> dict[str, Any]:
    """Return sampling settings as Inspect takes them.

    Args:
        model: The model's name, which decides how `top_k` travels.
        settings: The table `generation` of a file of settings.
        options: Options of the command line, which win; None for those that were not given.
    """
    given = {name: value for name, value in options.items() if value is not None}
    named = {**(settings or {}), **given}
    # Inspect leaves top_k out of requests to these; servers take it in the body.
    if "top_k" in named and model.startswith(("openai-api/", "vllm/", "sglang/")):
        named["extra_body"] = {**named.get("extra_body", {}), "top_k": named.pop("top_k")}
    return named


def provider_arguments(
    items: Sequence[str] | None, settings: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Read `-M NAME=VALUE` over the table `model_args`; a value that is not JSON is text.

    Raises:
        ConfigError: One lacks its equals sign.
    """
    return {**(settings or {}), **dict(_pair(item) for item in items or ())}


def _pair(text: str) -> tuple[str, Any]:
    name, found, value = text.partition("=")
    if not found:
        raise ConfigError(f"-M takes NAME=VALUE, got {text!r}")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value
