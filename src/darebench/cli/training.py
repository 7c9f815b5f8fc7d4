"""`darebench rollouts`, `select` and `export`."""

from __future__ import annotations

from dataclasses import asdict
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


def rollouts(
    patterns: TasksArgument = None,
    store: StoreOption = None,
    model: ModelOption = "baseline",
    family: FamilyOption = None,
    variant: VariantOption = None,
    limit: LimitOption = None,
    seed: SeedOption = None,
    attempts: Annotated[int, typer.Option("--attempts", min=1, help="At each task.")] = 8,
    turns: TurnsOption = 5,
    seconds: SecondsOption = 200.0,
    sandbox: SandboxOption = None,
    base_url: BaseUrlOption = None,
    model_args: ModelArgsOption = None,
    temperature: Annotated[float | None, typer.Option("--temperature", help="Else 1.0.")] = None,
    top_p: Annotated[float | None, typer.Option("--top-p", help="Else 0.95.")] = None,
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
    """Make several attempts at each task. Example: darebench rollouts --model openai/gpt-5"""
    from darebench.evals.run import EvalConfig
    from darebench.evals.summary import as_json as summary_json
    from darebench.rollouts.sample import collect

    config = EvalConfig(
        store=store,
        model=model,
        tasks=tuple(patterns or ()),
        family=family,
        variant=variant,
        limit=limit,
        seed=seed,
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
        run = collect(config, attempts=attempts, out=out, fresh=fresh, slots=jobs, progress=report)
    if as_json:
        print_json(summary_json(run))
    else:
        print(f"run: {run.folder}\nattempts: {len(run.trajectories)}, unscored: {run.unscored}")
    if run.unscored or run.missing:
        raise typer.Exit(1)


def select(
    run: Annotated[Path | None, typer.Argument(help="A run folder or trajectories.")] = None,
    strategy: Annotated[str, typer.Option("--strategy", help="fv, av, bv or dv.")] = "fv",
    given: Annotated[
        Path | None, typer.Option("--in", help="A file of trajectories or a run folder.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="The chosen lines.")] = Path("selected.jsonl"),
    class_mm: Annotated[float, typer.Option("--class-mm", help="Least valid score.")] = 0.8,
    reg_mm: Annotated[float, typer.Option("--reg-mm")] = 0.7,
    xf: Annotated[float, typer.Option("--xf")] = 0.6,
    cf: Annotated[float, typer.Option("--cf")] = 0.3,
    variance_mm: Annotated[float, typer.Option("--variance-mm", help="Of a diverse task.")] = 0.15,
    variance_xf: Annotated[float, typer.Option("--variance-xf")] = 0.15,
    variance_cf: Annotated[float, typer.Option("--variance-cf")] = 0.1,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Choose attempts to train on. Example: darebench select runs/a --strategy dv --out dv.jsonl"""
    from darebench.rollouts.select import Strategy, Thresholds
    from darebench.rollouts.select_files import select_file

    source = given or run
    if source is None or (given is not None and run is not None):
        raise ConfigError("give one run folder or file of trajectories, as RUN or with --in")
    if strategy not in set(Strategy):
        raise ConfigError(f"no strategy {strategy!r}; there are: {', '.join(Strategy)}")
    thresholds = Thresholds(
        class_mm=class_mm,
        reg_mm=reg_mm,
        xf=xf,
        cf=cf,
        variance_mm=variance_mm,
        variance_xf=variance_xf,
        variance_cf=variance_cf,
    )
    result = asdict(select_file(source, out, Strategy(strategy), thresholds))
    if not result["selected"]:
        note("no attempt was chosen: none is good enough for the thresholds", quiet=quiet)
    _print({"out": str(out), "strategy": strategy, **result}, as_json=as_json)


def export(
    sources: Annotated[list[Path], typer.Argument(help="Run folders or files of trajectories.")],
    out: Annotated[Path | None, typer.Option("--out", help="A .jsonl or .parquet file.")] = None,
    form: Annotated[str, typer.Option("--format", help="chat or openai.")] = "chat",
    turns: Annotated[int | None, typer.Option("--turns", min=1, help="Of the attempts.")] = None,
    seconds: Annotated[float | None, typer.Option("--seconds", min=1, help="Of each call.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Check an export instead.")] = False,
    tokenizer: Annotated[
        str | None, typer.Option("--tokenizer", help="With --check: the model to be trained.")
    ] = None,
    template: Annotated[str, typer.Option("--template", help="qwen3, or model's own.")] = "qwen3",
    max_length: Annotated[int | None, typer.Option("--max-length", help="In tokens.")] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Write attempts as training data. Example: darebench export dv.jsonl --out train.parquet"""
    if check:
        _check(sources, tokenizer, template, max_length, as_json=as_json)
        return
    from darebench.agents.protocol import Budget
    from darebench.rollouts.export import Format, knows_budget
    from darebench.rollouts.export import export as write

    if out is None:
        raise ConfigError("give --out FILE, or --check to check what was exported")
    if form not in set(Format):
        raise ConfigError(f"no form {form!r}; there are: {', '.join(Format)}")
    budget = None
    if turns is not None or seconds is not None:
        given = {"turns": turns, "seconds_per_call": seconds}
        budget = Budget(**{name: value for name, value in given.items() if value is not None})
    unknown = [source for source in sources if budget is None and not knows_budget(source)]
    for source in unknown:
        note(
            f"{source}: the limits of its run are not beside it; if they were others than "
            "5 turns and 200 s, give --turns and --seconds",
            quiet=quiet,
        )
    result = asdict(write(sources, out, Format(form), budget=budget))
    if not result["rows"]:
        note(f"there is no attempt to train on in what was given; {out} is empty", quiet=quiet)
    _print({"out": str(out), "format": form, **result}, as_json=as_json)


def _check(
    paths: list[Path],
    tokenizer: str | None,
    template: str,
    max_length: int | None,
    *,
    as_json: bool,
) -> None:
    from darebench.rollouts.validate import check_export

    loaded = None
    if tokenizer is not None:
        from darebench.train.requirements import need_libraries

        need_libraries()
        from darebench.train.pretrained import load_tokenizer

        loaded = load_tokenizer(tokenizer, template)
    elif max_length is not None:
        raise ConfigError("--max-length counts tokens: give --tokenizer too")
    reports = {str(p): asdict(check_export(p, loaded, max_length=max_length)) for p in paths}
    if as_json:
        print_json({"files": reports})
    else:
        for path, report in reports.items():
            print(f"{path}: {report['rows']} rows, {sum(report['counts'].values())} problems")
            for problem in report["problems"]:
                print(f"  row {problem['row']}, {problem['check']}: {problem['message']}")
            if report["tokens"]:
                print("  tokens: " + ", ".join(f"{k} {v:.4g}" for k, v in report["tokens"].items()))
    if any(report["counts"] for report in reports.values()):
        raise typer.Exit(1)


def _print(result: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        print_json(result)
        return
    for name, value in result.items():
        print(f"{name}: {value}")
