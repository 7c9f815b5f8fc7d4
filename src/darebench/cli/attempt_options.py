"""The options of `eval` and `rollouts`: how attempts at tasks are made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from darebench.cli.given_settings import tables
from darebench.cli.models import generation, provider_arguments
from darebench.cli.options import (
    BaseUrlOption,
    FreshOption,
    JobsOption,
    RunOption,
    Selection,
    StoreOption,
    WarmOption,
)

if TYPE_CHECKING:
    from darebench.cli.output import Output
    from darebench.evals.evaluation import EvalConfig, Run


def note_problems(run: Run, output: Output) -> None:
    """Report how many datasets of the store could not be used, and why."""
    if run.problems:
        output.note(f"left out: {len(run.problems)} datasets that cannot be used")
    for problem in run.problems:
        output.note(f"left out: {problem.dataset}: {problem.message}")


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptOptions(Selection):
    """Tasks, agent, limits and folder of a run."""

    store: StoreOption = None
    model: Annotated[
        str,
        typer.Option(
            "--model",
            metavar="MODEL",
            help="Model to run: an Inspect model such as openai/gpt-5; baseline, a scripted data "
            "scientist; trivial, null or oracle, which answer a constant, nothing and the truth. "
            "An own agent is named with --agent.",
        ),
    ] = "baseline"
    agent: Annotated[
        str | None,
        typer.Option(
            "--agent",
            metavar="AGENT",
            show_default="tool",
            help="How the model works: tool, programs in processes of their own; notebook, cells "
            "in a session; or MODULE:FUNCTION, an own agent.",
        ),
    ] = None
    branches: Annotated[
        int,
        typer.Option(
            "--branches",
            min=1,
            metavar="N",
            help="Approaches that the notebook agent explores from one state; the best by its own "
            "validation counts.",
        ),
    ] = 1
    turns: Annotated[
        int,
        typer.Option("--turns", min=1, metavar="N", help="Turns that an attempt may have."),
    ] = 5
    seconds: Annotated[
        float,
        typer.Option(
            "--seconds",
            min=1,
            metavar="SECONDS",
            help="Wall-clock limit of each call of the tool, in seconds.",
        ),
    ] = 200.0
    token_limit: Annotated[
        int | None,
        typer.Option(
            "--token-limit",
            min=1,
            metavar="TOKENS",
            show_default="no limit",
            help="Tokens that an attempt may use, read and written.",
        ),
    ] = None
    time_limit: Annotated[
        int | None,
        typer.Option(
            "--time-limit",
            min=1,
            metavar="SECONDS",
            show_default="no limit",
            help="Limit of an attempt in seconds: its model's turns and its programs, without the "
            "queue.",
        ),
    ] = None
    sandbox: Annotated[
        str | None,
        typer.Option(
            "--sandbox",
            metavar="URL",
            show_default="this machine",
            help="Address of the server that runs the code: a `darebench sandbox serve` or a "
            "SandboxFusion server; several, with commas between, share the work.",
        ),
    ] = None
    warm: WarmOption = None
    base_url: BaseUrlOption = None
    model_args: Annotated[
        list[str] | None,
        typer.Option(
            "-M",
            metavar="NAME=VALUE",
            show_default="none",
            help="Argument for the model's provider; it can be given several times.",
        ),
    ] = None
    temperature: Annotated[
        float | None,
        typer.Option(
            "--temperature",
            metavar="NUMBER",
            show_default="the provider's own",
            help="Sampling temperature.",
        ),
    ] = None
    top_p: Annotated[
        float | None,
        typer.Option(
            "--top-p",
            metavar="SHARE",
            show_default="the provider's own",
            help="Probability mass that tokens are sampled from, from 0 to 1.",
        ),
    ] = None
    top_k: Annotated[
        int | None,
        typer.Option(
            "--top-k",
            metavar="N",
            show_default="the provider's own",
            help="Number of most probable tokens that are sampled from.",
        ),
    ] = None
    max_tokens: Annotated[
        int | None,
        typer.Option(
            "--max-tokens",
            metavar="TOKENS",
            show_default="the provider's own",
            help="Tokens that the model may write in one turn.",
        ),
    ] = None
    max_retries: Annotated[
        int | None,
        typer.Option(
            "--max-retries",
            metavar="N",
            show_default="no limit",
            help="Retries of a request to the provider that failed.",
        ),
    ] = None
    out: RunOption = None
    fresh: FreshOption = False
    jobs: JobsOption = None

    def config(self, context: typer.Context, *, epochs: int) -> EvalConfig:
        """Return what a run is, from these options and the settings that the command was given.

        Raises:
            ConfigError: An argument for the provider lacks its equals sign.
        """
        from darebench.evals.evaluation import EvalConfig

        given = tables(context)
        return EvalConfig(
            store=self.store,
            model=self.model,
            agent=self.agent,
            branches=self.branches,
            tasks=tuple(self.tasks or ()),
            family=self.family,
            variant=self.variant,
            limit=self.limit,
            seed=self.seed,
            epochs=epochs,
            turns=self.turns,
            seconds=self.seconds,
            sandbox=self.sandbox,
            warm=None if self.warm is None else tuple(self.warm),
            base_url=self.base_url,
            model_args=provider_arguments(self.model_args, given["model_args"]),
            generation=generation(
                self.model,
                given["generation"],
                temperature=self.temperature,
                top_p=self.top_p,
                top_k=self.top_k,
                max_tokens=self.max_tokens,
                max_retries=self.max_retries,
            ),
            token_limit=self.token_limit,
            time_limit=self.time_limit,
        )
