"""Explains every table of a source without making a task."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from darebench.curate.curation_options import Options
from darebench.curate.explain import explain, starting_point
from darebench.curate.naming import unique_slugs
from darebench.curate.profiled import profile_table
from darebench.curate.protocols import Source
from darebench.curate.records import Stage
from darebench.curate.sources.registry import open_as_told
from darebench.curate.sources.sites import Site
from darebench.errors import ConfigError, CurationReject, DareError

Progress = Callable[[str, int, int], object]


def explain_all(
    source: str | Path,
    options: Options,
    filters: Mapping[str, str] | None = None,
    only: Sequence[str] = (),
    limit: int | None = None,
    progress: Progress | None = None,
) -> list[dict[str, Any]]:
    """Explain the tables of a folder, or of a package.

    Raises:
        ConfigError: There is no such source, it holds no table, or it lies in the network.
    """
    opened = open_as_told(source, filters, options.told, only)
    if isinstance(opened, Site):
        raise ConfigError(f"--explain reads a folder of tables; download {source} first")
    found = []
    n_tables = len(opened.keys()[:limit])
    for said in explain_source(opened, limit):
        found.append(said)
        if progress is not None:
            progress("tables", len(found), n_tables)
    return found


def explain_source(source: Source, limit: int | None = None) -> Iterator[dict[str, Any]]:
    """Read and profile one table after the other, and say what was decided.

    Args:
        source: Where the tables are.
        limit: Most tables to read.

    Yields:
        What `explain.explain` says of a table, with its name, its key in `dataset.toml`, that
        file as a starting point, and the reason where it is refused.

    Raises:
        ConfigError: There is no table, or this machine lacks something.
    """
    keys = source.keys()[:limit]
    if not keys:
        raise ConfigError(f"{source.owner} holds no table; put files or folders into it")
    for key, slug in zip(keys, unique_slugs(keys), strict=True):
        yield {"table": slug, "key": key, **_explain(source, key, slug)}


def _explain(source: Source, key: str, slug: str) -> dict[str, Any]:
    stage = Stage.SOURCE
    try:
        raw = source.load(key)
        stage = Stage.PROFILE
        found = explain(*profile_table(raw, slug, source.owner))
    except ConfigError:
        raise
    except (CurationReject, DareError) as error:
        return {"refused": {"stage": str(stage), "reason": str(error)}}
    except Exception as error:  # whatever a table can break, as when it is curated
        said = f"unexpected {type(error).__name__}: {' '.join(str(error).split())[:200]}"
        return {"refused": {"stage": str(stage), "reason": said}}
    taken = any(row["taken"] for row in found["targets"])
    reasons = [row["why"] for row in found["targets"]] or ["no column is left"]
    refused = None if taken else {"stage": str(Stage.DESIGN), "reason": reasons[0]}
    return {**found, "refused": refused, "dataset_toml": starting_point(found)}
