"""Chooses the authors of a curation: the rules, or models by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from darebench.curate.designing.rules import RulesDesigner
from darebench.curate.language.ask import CALLS, LanguageModel
from darebench.curate.language.designer import ModelDesigner
from darebench.curate.language.rewrite import Rewriter
from darebench.curate.protocols import Authors
from darebench.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Models:
    """Inspect models by name; None where no model is asked."""

    designer: str | None = None
    rewriter: str | None = None
    reader: str | None = None
    base_url: str | None = None
    """URL of an OpenAI-compatible server that serves all of them."""


def choose_authors(models: Models, out: Path) -> Authors:
    """Make the authors whose requests are logged in the curation's folder.

    Raises:
        ConfigError: A model cannot be used, or a reader has nothing to read.
    """
    if models.reader and not models.rewriter:
        raise ConfigError("--read-model reads what --rewrite-model writes; give that as well")
    designer = _open(models.designer, models, out)
    rewriter = _open(models.rewriter, models, out)
    reader = _open(models.reader, models, out)
    return Authors(
        designer=ModelDesigner(model=designer) if designer else RulesDesigner(),
        rewriter=Rewriter(model=rewriter, reader=reader) if rewriter else None,
    )


def reach_models(models: Models, say: Callable[[str], None]) -> None:
    """Ask each model something, before there is work for it.

    Args:
        models: The models by name.
        say: Is told whom a request goes to.

    Raises:
        ConfigError: A model cannot be used.
    """
    for name in dict.fromkeys((models.designer, models.rewriter, models.reader)):
        if name is not None:
            LanguageModel(name=name, base_url=models.base_url).reach(say)


def _open(name: str | None, models: Models, out: Path) -> LanguageModel | None:
    if name is None:
        return None
    model = LanguageModel(name=name, base_url=models.base_url, log=(out / CALLS).absolute())
    model.check()
    return model
