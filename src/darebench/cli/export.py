"""`darebench export`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from darebench.cli.output import Output, print_fields, print_json
from darebench.errors import ConfigError

if TYPE_CHECKING:
    from darebench.agents.protocol import Budget

FormatName = Literal["trl", "openai", "sharegpt", "verl-sft", "atif"]
TemplateName = Literal["qwen3", "model"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnOptions:
    """The limits that attempts had, where they are not known."""

    turns: Annotated[
        int | None,
        typer.Option(
            "--turns",
            min=1,
            metavar="N",
            show_default="the run's own",
            help="Turns that the attempts could have, for the description of the tool.",
        ),
    ] = None
    seconds: Annotated[
        float | None,
        typer.Option(
            "--seconds",
            min=1,
            metavar="SECONDS",
            show_default="the run's own",
            help="Limit of each call in seconds, for the description of the tool.",
        ),
    ] = None

    def budget(self) -> Budget | None:
        """Return the limits; None if neither was given."""
        from darebench.agents.protocol import Budget

        if self.turns is None and self.seconds is None:
            return None
        usual = Budget()
        return Budget(
            turns=usual.turns if self.turns is None else self.turns,
            seconds_per_call=usual.seconds_per_call if self.seconds is None else self.seconds,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOptions:
    """How exports are checked."""

    check: Annotated[
        bool, typer.Option("--check", help="Check exports instead of writing one.")
    ] = False
    tokenizer: Annotated[
        str | None,
        typer.Option(
            "--tokenizer",
            metavar="MODEL",
            show_default="none: rows are checked, tokens are not",
            help="Model to be trained, whose tokenizer --check uses.",
        ),
    ] = None
    template: Annotated[
        TemplateName,
        typer.Option(
            "--template",
            help="Chat template that --check renders rows with: qwen3, darebench's own for "
            "training; model, the tokenizer's.",
        ),
    ] = "qwen3"
    max_length: Annotated[
        int | None,
        typer.Option(
            "--max-length",
            metavar="TOKENS",
            show_default="no limit",
            help="Length from which --check reports a row as too long, in tokens.",
        ),
    ] = None


def export(
    sources: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUNS", help="Run folders or files of attempts; with --check, exports."
        ),
    ],
    *,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FILE",
            show_default="needed but with --check",
            help="File to write, whose name ends in .jsonl or .parquet.",
        ),
    ] = None,
    form: Annotated[
        FormatName,
        typer.Option(
            "--format",
            help="Form of the rows: trl, for TRL and its like; openai, for OpenAI's fine-tuning; "
            "sharegpt, for LLaMA-Factory; verl-sft, for verl's fine-tuning; atif, Harbor's "
            "trajectories.",
        ),
    ] = "trl",
    limits: TurnOptions,
    checking: CheckOptions,
    output: Output,
) -> None:
    """Write attempts as training data, or check what was written.

    Example: darebench export dv.jsonl --out train.parquet
    """
    if checking.check:
        _check(sources, checking, as_json=output.as_json)
        return
    from darebench.rollouts.export import Format
    from darebench.rollouts.export import export as write
    from darebench.rollouts.sources import open_source

    if out is None:
        raise ConfigError("give --out FILE, or --check to check what was exported")
    budget = limits.budget()
    for source in [] if budget is not None else sources:
        if open_source(source).record is None:
            output.note(
                f"{source}: the limits of its run are not beside it; if they were others than "
                "5 turns and 200 s, give --turns and --seconds"
            )
    result = asdict(write(sources, out, Format(form), budget=budget))
    if not result["rows"]:
        output.note(f"none of these attempts can be trained on; {out} is empty")
    print_fields({"out": str(out), "format": form, **result}, as_json=output.as_json)


def _check(paths: list[Path], options: CheckOptions, *, as_json: bool) -> None:
    from darebench.rollouts.check_export import check_export

    loaded = None
    if options.tokenizer is not None:
        from darebench.train.requirements import need_libraries

        need_libraries()
        from darebench.train.pretrained import load_tokenizer

        loaded = load_tokenizer(options.tokenizer, options.template)
    elif options.max_length is not None:
        raise ConfigError("--max-length counts tokens: give --tokenizer too")
    most = options.max_length
    reports = {str(p): asdict(check_export(p, loaded, max_length=most)) for p in paths}
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
