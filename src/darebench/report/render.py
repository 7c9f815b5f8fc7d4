"""Render runs in any of the formats of the registry."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from darebench.errors import ConfigError
from darebench.report.formats import FORMATS
from darebench.report.load import load_run
from darebench.report.page.curves_page import curves_page, is_training


def render(folders: Sequence[Path], form: str) -> str:
    """Render runs in one of `FORMATS`; training runs are rendered as html only.

    Raises:
        ConfigError: The format is unknown, or a folder is not a run folder.
    """
    training = [folder for folder in folders if is_training(folder)]
    if training:
        if form != "html" or len(training) < len(folders):
            raise ConfigError(
                f"{training[0]} is a training run, whose curves are a page of their own: give only "
                "such folders, and --format html"
            )
        return curves_page(training)
    if form not in FORMATS:
        raise ConfigError(f"unknown format {form!r}; use one of {', '.join(FORMATS)}")
    return FORMATS[form].write([load_run(folder) for folder in folders])
