"""What a curation is: the records of its folder, which are compared when it is continued.

A source and the authors describe themselves as plain values. Paths are kept for people and are not
compared, so that a folder of tables, or the curation itself, may be moved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from darebench.curate.curation_options import Options
from darebench.curate.protocols import Authors, Source
from darebench.curate.sources.sites import Site
from darebench.instructions import VERSION
from darebench.toml_file import write_settings
from darebench.work import Record, Work

CONFIG, SETTINGS = "config.json", "config.toml"
_NOTES = frozenset(("source.path", "authors.designer.base_url", "authors.rewriter.base_url"))


def work_of(source: Source | Site, authors: Authors, options: Options, limit: int | None) -> Work:
    """Describe a curation by what was asked, and by the content of what it reads."""
    asked = {
        "schema": 2,
        "source": dict(source.identity()),
        "authors": authors.identity(),
        "instructions_version": VERSION,
        "limit": limit,
        **plain_options(options),
        **({"told": options.told.as_dict()} if options.told.as_dict() else {}),
    }
    return Work(
        kind="curation",
        records={CONFIG: Record(value=asked, notes=_NOTES)},
        remedy="use another --out",
    )


def keep_settings(
    out: Path,
    options: Options,
    authors: Authors,
    filters: Mapping[str, str],
    only: Sequence[str],
    limit: int | None,
) -> None:
    """Keep the options of a curation as a file that `-c` takes."""
    path = out / SETTINGS
    if path.is_file():
        return
    designer = authors.designer.identity()
    rewriter = authors.rewriter.identity() if authors.rewriter else {}
    told = options.told.as_dict()
    types = [f"{name}={kind}" for name, kind in told.pop("type", {}).items()]
    settings = {
        **plain_options(options),
        **told,
        "type": types or None,
        "limit": limit,
        "only": list(only) or None,
        "filter": [f"{name}={value}" for name, value in filters.items()] or None,
        "designer": designer["kind"],
        "model": designer.get("model"),
        "rewrite_model": rewriter.get("model"),
        "read_model": rewriter.get("reader"),
        "base_url": designer.get("base_url") or rewriter.get("base_url"),
    }
    write_settings(settings, path)


def plain_options(options: Options) -> dict[str, Any]:
    """Return the options without what is said of tables."""
    return {name: value for name, value in asdict(options).items() if name != "told"}
