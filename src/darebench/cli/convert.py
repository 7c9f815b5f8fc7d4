"""`darebench convert`: runs and stores in other people's formats."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from darebench.cli.command import command
from darebench.cli.output import Output, print_fields, print_json
from darebench.cli.progress import show_progress
from darebench.errors import ConfigError

if TYPE_CHECKING:
    from darebench.convert.attempt_files import Converted

app = typer.Typer(no_args_is_help=True, help="Convert runs and stores to other people's formats.")

Run = Annotated[Path, typer.Argument(metavar="RUN", help="Run folder, or file of attempts.")]
Folder = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder to write to.")]


@command(app, "atif")
def atif(
    run: Annotated[
        Path,
        typer.Argument(
            metavar="RUN",
            help="Run folder or file of attempts; or a trajectory (.json) or a folder of them.",
        ),
    ],
    *,
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            metavar="DIR",
            help="Folder for trajectories; or, where trajectories are given, a .jsonl file of "
            "attempts.",
        ),
    ],
    output: Output,
) -> None:
    """Write attempts as Harbor's trajectories (ATIF 1.8), or read such trajectories.

    Example: darebench convert atif runs/a --out trajectories
    """
    from darebench.convert.atif import read_documents, write_documents

    if out.suffix == ".jsonl":
        if not run.exists():
            raise ConfigError(f"{run} is missing; give a trajectory or a folder of them")
        number = read_documents(run, out)
        print_fields({"out": str(out), "attempts": number}, as_json=output.as_json)
        return
    _print(write_documents(run, out), out, output)


@command(app, "notebook")
def notebook(run: Run, *, out: Folder, output: Output) -> None:
    """Write each attempt as a notebook that can be run again.

    Example: darebench convert notebook runs/a --out notebooks
    """
    from darebench.convert.notebook import write_notebooks

    _print(write_notebooks(run, out), out, output)


@command(app, "every-eval-ever")
def every_eval_ever(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Run folder.")],
    *,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="JSON file to write.")],
    organization: Annotated[
        str,
        typer.Option(
            "--organization",
            metavar="NAME",
            help="Organization that made the run, as the record names it.",
        ),
    ] = "unknown",
    output: Output,
) -> None:
    """Write a run's results as a record of Every Eval Ever.

    Example: darebench convert every-eval-ever runs/a --out record.json
    """
    from darebench.convert.every_eval_ever import write_record

    number = write_record(run, out, organization)
    print_fields({"out": str(out), "results": number}, as_json=output.as_json)


@command(app, "verl")
def verl(
    store: Annotated[
        str,
        typer.Argument(
            metavar="STORE", help="Store of tasks: a folder, an archive or hf://owner/name."
        ),
    ],
    *,
    out: Folder,
    output: Output,
) -> None:
    """Write a store as data and configuration of verl's GRPO.

    Example: darebench convert verl curation/store --out verl
    """
    from darebench.convert.verl import write_verl

    made = write_verl(store, out)
    fields = {"out": str(out), "train": made.train, "val": made.val}
    print_fields(fields, as_json=output.as_json)


@command(app, "harbor")
def harbor(
    store: Annotated[
        str | None,
        typer.Argument(
            metavar="STORE",
            show_default="the starter store",
            help="Store of the tasks: a folder, an archive or hf://owner/name.",
        ),
    ] = None,
    *,
    out: Folder,
    output: Output,
) -> None:
    """Write each task of a store as a task folder of Harbor, which grades itself.

    Example: darebench convert harbor STORE --out tasks
    """
    from darebench.convert.harbor.tasks import write_tasks
    from darebench.store.read import open_store

    with show_progress(output.quiet) as progress:
        made = write_tasks(open_store(store), out, progress)
    if output.as_json:
        print_json({"tasks": list(made.tasks), "skipped": list(made.skipped)})
        return
    print_fields({"out": str(out), "tasks": len(made.tasks)}, as_json=False)
    for skipped in made.skipped:
        output.note(f"{skipped['task']}: {skipped['reason']}")


def _print(made: Converted, out: Path, output: Output) -> None:
    if output.as_json:
        print_json({"files": list(made.files), "skipped": list(made.skipped)})
        return
    print_fields({"out": str(out), "files": len(made.files)}, as_json=False)
    for skipped in made.skipped:
        output.note(f"{skipped['task']}: {skipped['reason']}")
