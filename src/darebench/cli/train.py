"""`darebench train`: sft, grpo and demo."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from darebench.cli.command import command
from darebench.cli.output import Output, print_json
from darebench.cli.progress import show_progress

app = typer.Typer(
    no_args_is_help=True, help="Train models on attempts; the extra `train` is needed."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingOptions:
    """What a training is told."""

    config: Annotated[
        Path,
        typer.Argument(metavar="FILE.toml", help="File of settings; configs/ has examples."),
    ]
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            show_default="none",
            help="Setting that wins over the file's; it can be given several times.",
        ),
    ] = None


@command(app, "sft")
def sft(*, options: TrainingOptions, output: Output) -> None:
    """Fine-tune a model on exported attempts.

    Example: darebench train sft configs/sft-qwen3-32b.toml
    """
    from darebench.train.config import SftConfig, load_config
    from darebench.train.setup import need_libraries

    loaded = load_config(SftConfig, options.config, options.settings or ())
    need_libraries()
    from darebench.train.sft import train_sft

    with show_progress(output.quiet) as progress:
        model = train_sft(loaded, progress=progress)
    _print_model(model, as_json=output.as_json)


@command(app, "grpo")
def grpo(*, options: TrainingOptions, output: Output) -> None:
    """Train a model by reinforcement on the tasks of a store.

    Example: darebench train grpo configs/grpo-qwen3-4b.toml
    """
    from darebench.train.config import GrpoConfig, load_config
    from darebench.train.setup import need_libraries

    loaded = load_config(GrpoConfig, options.config, options.settings or ())
    need_libraries()
    from darebench.train.grpo import train_grpo

    with show_progress(output.quiet) as progress:
        model = train_grpo(loaded, progress=progress)
    _print_model(model, as_json=output.as_json)


@command(app, "demo")
def demo(
    *,
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            metavar="FOLDER",
            help="Folder of the demonstration; if it holds an unfinished one, that is continued.",
        ),
    ],
    scale: Annotated[
        float,
        typer.Option(
            "--scale",
            min=0.01,
            metavar="FACTOR",
            help="Factor on the numbers of steps, tables and attempts.",
        ),
    ] = 1.0,
    seed: Annotated[
        int,
        typer.Option("--seed", min=0, metavar="N", help="Random seed of data, weights and runs."),
    ] = 0,
    output: Output,
) -> None:
    """Show learning from nothing on a CPU, with a model of some million weights.

    Example: darebench train demo --out runs/learning
    """
    from darebench.train.setup import need_libraries

    need_libraries()
    from darebench.train.demo.recipe import Recipe, run_recipe
    from darebench.train.demo.table import render

    with show_progress(output.quiet) as progress:
        results = run_recipe(Recipe(out=out, scale=scale, seed=seed, progress=progress))
    if output.as_json:
        print_json({"out": str(out), "results": [asdict(r) for r in results]})
    else:
        print(render(results), end="")


def _print_model(folder: Path, *, as_json: bool) -> None:
    if as_json:
        print_json({"model": str(folder)})
    else:
        print(f"model: {folder}")
