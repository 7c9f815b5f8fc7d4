"""`darebench train`: a command for each trainer, and the demonstration."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from darebench.cli.command import add_command, command
from darebench.cli.output import Output, print_json
from darebench.cli.progress import show_progress
from darebench.train.trainers import TRAINERS, Trainer, train

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


def quieten(output: Output) -> None:
    """With --quiet, keep the trainers' libraries from printing; they look when they are imported.

    Errors are still printed, and so are warnings where -v asks for a log.
    """
    if not output.quiet:
        return
    no_bars = ("TQDM_DISABLE", "HF_HUB_DISABLE_PROGRESS_BARS", "HF_DATASETS_DISABLE_PROGRESS_BARS")
    os.environ.update(dict.fromkeys(no_bars, "1"))
    if not output.verbose:
        os.environ["TRANSFORMERS_VERBOSITY"] = "error"
        warnings.simplefilter("ignore")
        logging.disable(logging.WARNING)


def add_trainers(to: typer.Typer) -> None:
    """Add a command for each trainer of the registry."""
    for name, trainer in TRAINERS.items():
        add_command(to, name, _trains(name, trainer))


def _trains(name: str, trainer: Trainer) -> Callable[..., None]:
    def run(*, options: TrainingOptions, output: Output) -> None:
        quieten(output)
        with show_progress(output.quiet) as progress:
            trained = train(name, options.config, options.settings or (), progress=progress)
        if not trained.steps:
            output.note(f"nothing was left to do: the training of {trained.model} had ended")
        if output.as_json:
            print_json({"model": str(trained.model)})
        else:
            print(f"model: {trained.model}")

    example = f"Example: darebench train {name} {trainer.example}"
    run.__doc__ = f"{trainer.summary}\n\n{example}"
    return run


add_trainers(app)


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
    from darebench.train.requirements import need_libraries

    quieten(output)
    need_libraries()
    from darebench.train.demo.demo_folder import Recipe
    from darebench.train.demo.recipe import run_recipe
    from darebench.train.demo.results import render

    with show_progress(output.quiet) as progress:
        made = run_recipe(Recipe(out=out, scale=scale, seed=seed, progress=progress))
    if not made.stages:
        output.note(f"nothing was left to do: the demonstration in {out} had ended")
    if output.as_json:
        print_json({"out": str(out), "results": [asdict(r) for r in made.results]})
    else:
        print(render(made.results), end="")
