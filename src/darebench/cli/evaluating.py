"""`darebench eval` and `darebench report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from darebench.cli.models import (
    MaxRetriesOption,
    ModelArgsOption,
    TopKOption,
    generation,
    provider_arguments,
)
from darebench.cli.options import (
    BaseUrlOption,
    FamilyOption,
    FreshOption,
    JobsOption,
    JsonOption,
    LimitOption,
    MaxTokensOption,
    ModelOption,
    QuietOption,
    RunOption,
    SandboxOption,
    SecondsOption,
    SeedOption,
    StoreOption,
    TasksArgument,
    TimeLimitOption,
    TokenLimitOption,
    TurnsOption,
    VariantOption,
    note,
    print_json,
    show_progress,
)
from darebench.errors import ConfigError
from darebench.files import written_whole


def evaluate(  # as long as it has options: Typer reads them from the signature
    patterns: TasksArgument = None,
    store: StoreOption = None,
    model: ModelOption = "baseline",
    family: FamilyOption = None,
    variant: VariantOption = None,
    limit: LimitOption = None,
    seed: SeedOption = None,
    epochs: Annotated[int, typer.Option("--epochs", min=1, help="Attempts at each task.")] = 1,
    turns: TurnsOption = 5,
    seconds: SecondsOption = 200.0,
    sandbox: SandboxOption = None,
    base_url: BaseUrlOption = None,
    model_args: ModelArgsOption = None,
    temperature: Annotated[float | None, typer.Option("--temperature")] = None,
    top_p: Annotated[float | None, typer.Option("--top-p")] = None,
    top_k: TopKOption = None,
    max_tokens: MaxTokensOption = None,
    max_retries: MaxRetriesOption = None,
    token_limit: TokenLimitOption = None,
    time_limit: TimeLimitOption = None,
    out: RunOption = None,
    fresh: FreshOption = False,
    jobs: JobsOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Run an agent over tasks and score it. Example: darebench eval --model openai/gpt-5"""
    from darebench.evals.run import EvalConfig
    from darebench.evals.run import evaluate as run_evaluation
    from darebench.evals.summary import as_json as summary_json
    from darebench.report.page.run_page import write_page
    from darebench.report.terminal import print_run

    config = EvalConfig(
        store=store,
        model=model,
        tasks=tuple(patterns or ()),
        family=family,
        variant=variant,
        limit=limit,
        seed=seed,
        epochs=epochs,
        turns=turns,
        seconds=seconds,
        sandbox=sandbox,
        base_url=base_url,
        model_args=provider_arguments(model_args),
        generation=generation(
            model,
            temperature=temperature,
            top_p=top_p,
            top_k=top_k,
            max_tokens=max_tokens,
            max_retries=max_retries,
        ),
        token_limit=token_limit,
        time_limit=time_limit,
    )
    with show_progress(quiet) as report:
        run = run_evaluation(config, out=out, fresh=fresh, slots=jobs, progress=report)
    page = write_page(run.folder)
    for problem in run.problems:
        note(f"left out: {problem.dataset}: {problem.message}", quiet=quiet)
    if as_json:
        print_json(summary_json(run))
    else:
        print_run(run.folder)
        print(f"run: {run.folder}\npage: {page}")
    if run.unscored or run.missing or run.problems:
        raise typer.Exit(1)


def report(
    runs: Annotated[list[Path], typer.Argument(help="Run folders.")],
    form: Annotated[
        str | None, typer.Option("--format", help="terminal, html, md, tex, csv or json.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write to this file.")] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Render runs as tables or a page. Example: darebench report runs/a runs/b --format md"""
    from darebench.report.render import render

    chosen = form or ("json" if as_json and out is None else "terminal")
    if as_json and out is None and chosen != "json":
        raise ConfigError(f"--json prints one JSON document, not {chosen}; name a file with --out")
    text = render(runs, chosen)
    if out is None:
        print(text, end="")
        return
    with written_whole(out) as part:
        part.write_text(text, encoding="utf-8")
    if as_json:
        print_json({"out": str(out), "format": chosen, "runs": [str(run) for run in runs]})
    else:
        note(f"written: {out}", quiet=quiet)
