"""`darebench reward`: serve."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from darebench.cli.command import command, server_missing
from darebench.cli.options import HostOption, PortOption, StoreOption, TasksArgument
from darebench.cli.output import Output, print_json

if TYPE_CHECKING:
    from darebench.train.grading import Grader

app = typer.Typer(no_args_is_help=True, help="Give rewards to other people's trainers.")


@app.callback()
def _group() -> None:
    """Give rewards to other people's trainers."""


@command(app, "serve")
def serve(
    tasks: TasksArgument = None,
    *,
    store: StoreOption = None,
    host: HostOption = "127.0.0.1",
    port: PortOption = 8090,
    token: Annotated[
        str | None,
        typer.Option(
            "--token",
            envvar="DAREBENCH_REWARD_TOKEN",
            metavar="TOKEN",
            show_default="none, on this machine only",
            help="Token that clients must send.",
        ),
    ] = None,
    output: Output,
) -> None:
    """Serve rewards over HTTP.

    Example: darebench reward serve --store curation/store
    """
    try:
        from darebench.train.reward_listen import serve as serve_rewards
    except ModuleNotFoundError as error:
        raise server_missing(error) from None

    def ready(url: str, grader: Grader) -> None:
        for problem in grader.problems:
            output.note(f"left out: {problem.dataset}: {problem.message}")
        if output.as_json:
            errors = [asdict(problem) for problem in grader.problems]
            print_json({"url": url, "tasks": len(grader.truths), "errors": errors})
            sys.stdout.flush()
        elif not output.quiet:
            print(f"{url}: rewards of {len(grader.truths)} tasks", flush=True)

    serve_rewards(store, tasks or (), host=host, port=port, token=token, ready=ready)
