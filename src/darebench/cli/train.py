"""`darebench train sft | grpo | demo` and `darebench reward serve`."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from darebench.cli.options import (
    JsonOption,
    QuietOption,
    StoreOption,
    note,
    print_json,
    show_progress,
)

app = typer.Typer(no_args_is_help=True, help="Train models on attempts; needs the extra `train`.")
ConfigArgument = Annotated[Path, typer.Argument(help="A TOML file; configs/ has some.")]
SetOption = Annotated[list[str] | None, typer.Option("--set", help="KEY=VALUE over the file's.")]


@app.command()
def sft(
    config: ConfigArgument,
    settings: SetOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Fine-tune on exported attempts. Example: darebench train sft configs/sft-qwen3-32b.toml"""
    _train("sft", config, settings, as_json=as_json, quiet=quiet)


@app.command()
def grpo(
    config: ConfigArgument,
    settings: SetOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Train by reinforcement on tasks. Example: darebench train grpo configs/grpo-qwen3-4b.toml"""
    _train("grpo", config, settings, as_json=as_json, quiet=quiet)


@app.command()
def demo(
    out: Annotated[Path, typer.Option("--out", help="Folder; the same command goes on in it.")],
    scale: Annotated[
        float, typer.Option("--scale", min=0.01, help="Of the steps, tables and attempts.")
    ] = 1.0,
    seed: Annotated[int, typer.Option("--seed", min=0)] = 0,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Show learning from nothing on a CPU. Example: darebench train demo --out runs/learning"""
    from darebench.train.requirements import need_libraries

    need_libraries()
    from darebench.train.demo.recipe import run_recipe
    from darebench.train.demo.results import render
    from darebench.train.demo.stages import Recipe

    with show_progress(quiet) as report:
        made = run_recipe(Recipe(out=out, scale=scale, seed=seed, progress=report))
    if not made.stages:
        note(f"nothing was left to do: the demonstration in {out} had ended", quiet=quiet)
    if as_json:
        print_json({"out": str(out), "results": [asdict(r) for r in made.results]})
    else:
        print(render(made.results), end="")


reward_app = typer.Typer(no_args_is_help=True, help="Rewards for other people's trainers.")


@reward_app.command()
def serve(
    tasks: Annotated[
        list[str] | None, typer.Argument(help="Ids, names or globs; else all.")
    ] = None,
    store: StoreOption = None,
    host: Annotated[str, typer.Option("--host")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0: a free one.")] = 8090,
    token: Annotated[
        str | None,
        typer.Option("--token", envvar="DAREBENCH_REWARD_TOKEN", help="Needed off this machine."),
    ] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Serve rewards over HTTP. Example: darebench reward serve --store curation/store"""
    from darebench.train.reward_server import serve as run

    def ready(url: str, n_tasks: int) -> None:
        if as_json:
            print_json({"url": url, "tasks": n_tasks})
            sys.stdout.flush()
        elif not quiet:
            print(f"{url}: rewards of {n_tasks} tasks", flush=True)

    run(store, tasks or (), host=host, port=port, token=token, ready=ready)


def _train(
    name: str, path: Path, settings: list[str] | None, *, as_json: bool, quiet: bool
) -> None:
    from darebench.train.trainers import train

    with show_progress(quiet) as report:
        trained = train(name, path, settings or (), progress=report)
    if not trained.steps:
        note(f"nothing was left to do: the training of {trained.model} had ended", quiet=quiet)
    if as_json:
        print_json({"model": str(trained.model)})
    else:
        print(f"model: {trained.model}")
