"""`darebench eval` and `darebench report`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

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
    print_json,
    show_progress,
)
from darebench.errors import ConfigError


def evaluate(
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
    model_args: Annotated[
        list[str] | None, typer.Option("-M", help="NAME=VALUE for the model's provider.")
    ] = None,
    temperature: Annotated[float | None, typer.Option("--temperature")] = None,
    top_p: Annotated[float | None, typer.Option("--top-p")] = None,
    top_k: Annotated[int | None, typer.Option("--top-k")] = None,
    max_tokens: MaxTokensOption = None,
    max_retries: Annotated[int | None, typer.Option("--max-retries", help="Of a request.")] = None,
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
    from darebench.report.html import write_page
    from darebench.report.terminal import print_run

    options = {"temperature": temperature, "top_p": top_p, "max_tokens": max_tokens}
    options |= {"max_retries": max_retries}
    generation: dict[str, Any] = {k: v for k, v in options.items() if v is not None}
    if top_k is not None:  # OpenAI-compatible servers only get it in the body
        is_compatible = model.startswith(("openai-api/", "vllm/", "sglang/"))
        generation |= {"extra_body": {"top_k": top_k}} if is_compatible else {"top_k": top_k}
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
        model_args=dict(_pair(item) for item in model_args or []),
        generation=generation,
        token_limit=token_limit,
        time_limit=time_limit,
    )
    with show_progress(quiet or as_json) as report:
        run = run_evaluation(config, out=out, fresh=fresh, slots=jobs, progress=report)
    page = write_page(run.folder)
    if as_json:
        print_json(summary_json(run))
    else:
        print_run(run.folder)
        print(f"run: {run.folder}\npage: {page}")
    if run.unscored or run.missing:
        raise typer.Exit(1)


def _pair(text: str) -> tuple[str, Any]:
    name, found, value = text.partition("=")
    if not found:
        raise ConfigError(f"-M takes NAME=VALUE, got {text!r}")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def report(
    runs: Annotated[list[Path], typer.Argument(help="Run folders.")],
    form: Annotated[
        str, typer.Option("--format", help="terminal, html, md, tex or csv.")
    ] = "terminal",
    out: Annotated[Path | None, typer.Option("--out", help="Write to this file.")] = None,
) -> None:
    """Render runs as tables or a page. Example: darebench report runs/a runs/b --format md"""
    from darebench.report.render import render

    text = render(runs, form)
    if out is None:
        print(text, end="")
    else:
        out.write_text(text, encoding="utf-8")
